"""A label from outside comes out as its own parcel's, dot for dot, or not at all."""

from __future__ import annotations

import re
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from drivers.label_printers import (
    language,
    outside,
    preview,
    readback,
    sheet,
    sheet_rule,
    zpl,
    zpl_text,
)
from drivers.label_printers.foreign import pictures_here
from drivers.label_printers.head import Head
from drivers.label_printers.label import Box, Label, QrCode
from drivers.label_printers.outside import Origin
from drivers.label_printers.sheet_rule import Rule
from drivers.label_printers.unusable import Unusable, Why
from tests.drivers.label_printers import outsider
from tests.drivers.label_printers.oracle import drawn
from tests.drivers.label_printers.outsider import (
    OTHERS,
    OURS,
    a_label,
    a_note,
    a_pdf,
    a_sheet,
    is_ours,
    shown,
)

ZPL = Head()
TSPL = Head(language="tspl", stock=(100, 150))


def prepared(data: bytes, head: Head = ZPL, origin: Origin | None = None) -> bytes:
    return outside.prepare(data, head, origin or Origin(), is_ours, pictures_here)


def printed(job: bytes, head: Head = ZPL) -> Image.Image:
    """What an independent program, or the manual's own words, make of the job."""
    if head.language == "tspl":
        return outsider.tspl_page(job)
    (page,) = drawn(job, head.dots_per_mm)
    return page


def why_not(data: bytes, head: Head = ZPL, origin: Origin | None = None) -> Why:
    with pytest.raises(Unusable) as refused:
        prepared(data, head, origin)
    assert str(refused.value).endswith((".", "?")) or len(str(refused.value).split()) > 3
    return refused.value.why


def printable(data: bytes) -> bool:
    """Whether it comes out; else it is refused as such and nothing else is raised."""
    try:
        prepared(data)
    except Unusable:
        return False
    return True


# -- PDF


@pytest.mark.parametrize("dots_per_mm", [6, 8, 12, 24])
def test_a_pdf_label_scans_from_every_head_we_drive(dots_per_mm: int) -> None:
    head = Head(dots_per_mm=dots_per_mm)
    page = printed(prepared(outsider.a_drawn_pdf(), head), head)
    assert OURS in outsider.texts(page)


@pytest.mark.parametrize("head", [ZPL, TSPL], ids=["zpl", "tspl"])
def test_a_pdf_label_is_the_same_label_in_every_language(head: Head) -> None:
    page = printed(prepared(a_pdf(shown(a_label())), head), head)
    assert set(outsider.texts(page)) == {OURS, "routing"}
    assert page.size == head.dots if head.language == "tspl" else True


def test_every_bar_of_a_drawn_pdf_is_as_wide_as_the_others_of_its_kind() -> None:
    """No dither and no fit to the page: three dots are three dots everywhere."""
    page = printed(prepared(outsider.a_drawn_pdf()))
    row = page.crop((0, page.height * 7 // 12, page.width, page.height * 7 // 12 + 1))
    bars = re.findall("1+", "".join("1" if grey < 128 else "0" for grey in row.tobytes()))
    widths = {len(bar) for bar in bars[1:-1]}  # the frame is the first and the last
    assert widths <= {3, 6, 9, 12}


@pytest.mark.parametrize("encoding", ["z64", "acs", "hex"])
def test_a_printer_that_prints_nothing_from_z64_gets_what_it_understands(encoding: str) -> None:
    head = Head(graphics=encoding)  # type: ignore[arg-type]  # a parameter is a plain str
    job = prepared(a_pdf(shown(a_label())), head)
    assert (b":Z64:" in job) == (encoding == "z64")
    assert OURS in outsider.texts(printed(job))


def test_a_label_in_a_corner_of_a4_comes_out_alone_and_in_full_size() -> None:
    label = shown(a_label(), 8)
    page = a_sheet((shown(a_label()), 8, 5), (a_note(), 118, 20), (a_note(), 20, 230))
    out = printed(prepared(a_pdf(page)))
    box, own = outsider.black_box(out), outsider.black_box(label)
    assert box is not None
    assert own is not None
    assert abs((box[2] - box[0]) - (own[2] - own[0])) <= 2
    assert abs((box[3] - box[1]) - (own[3] - own[1])) <= 2
    assert set(outsider.texts(out)) == {OURS, "routing"}


def test_a_label_that_lies_on_its_sheet_is_turned_to_stand() -> None:
    lying = shown(a_label()).transpose(Image.Transpose.ROTATE_90)
    for page in (lying, a_sheet((lying, 20, 15), (a_note(), 60, 200))):
        out = printed(prepared(a_pdf(page)))
        box = outsider.black_box(out)
        assert box is not None
        assert box[3] - box[1] > box[2] - box[0]
        assert OURS in outsider.texts(out)


def test_a6_is_printed_on_4_by_6_inches_without_being_shrunk() -> None:
    out = printed(prepared(a_pdf(shown(a_label(width=105, height=148)).crop((24, 12, 1236, 1764)))))
    assert OURS in outsider.texts(out)


def test_a_frameless_label_is_printed_whole_and_never_as_its_barcode_alone() -> None:
    loose = shown(a_label(framed=False))
    assert why_not(a_pdf(a_sheet((loose, 20, 20), (a_note(), 20, 200)))) is Why.NO_PLACE
    middle = preview.picture(Label(90, 36, (Box(x=0, y=0, width=90, height=36),)), 12)
    close = a_sheet((loose, 20, 20), (middle, 25, 64), (middle.crop((0, 0, 1080, 200)), 25, 134))
    box = outsider.black_box(printed(prepared(a_pdf(close))))
    assert box is not None
    assert (box[3] - box[1]) / 8 > 120  # from the first line to the last


def test_a_label_that_touches_its_neighbour_is_printed_by_its_rule_and_not_without() -> None:
    page = a_sheet((shown(a_label()), 5, 5), (shown(a_label(OTHERS)), 105, 5))
    data = a_pdf(page)
    assert why_not(data) is Why.NO_PLACE
    rule = Rule(carrier="SimPost", page=(210, 297), label=(5, 5, 100, 150))
    out = printed(prepared(data, origin=Origin(carrier="simpost", rules=(rule,))))
    assert set(outsider.texts(out)) == {OURS, "routing"}
    assert why_not(data, origin=Origin(carrier="dhl", rules=(rule,))) is Why.NO_PLACE


def test_a_rule_says_which_page_even_where_another_has_the_barcode_too() -> None:
    receipt = a_sheet((shown(a_label()), 20, 20))
    real = a_sheet((shown(a_label()), 100, 140), (a_note(), 20, 20))
    rule = Rule(page=(210, 297), label=(100, 140, 100, 150), number=2)
    origin = Origin(rules=(rule,))
    assert OURS in outsider.texts(printed(prepared(a_pdf(receipt, real), origin=origin)))
    assert why_not(a_pdf(receipt, a_sheet()), origin=origin) is Why.NO_CODE


def test_of_two_pages_the_one_of_this_parcel_comes_out_wherever_it_is() -> None:
    other, own = shown(a_label(OTHERS)), shown(a_label())
    blank = Image.new("1", own.size, 255)
    for pages in ((other, own), (own, other), (blank, own)):
        assert set(outsider.texts(printed(prepared(a_pdf(*pages))))) == {OURS, "routing"}


def test_another_parcels_label_never_comes_out() -> None:
    other = shown(a_label(OTHERS))
    assert why_not(a_pdf(other)) is Why.OTHER_PARCEL
    assert why_not(a_pdf(a_sheet((other, 5, 5)))) is Why.OTHER_PARCEL
    assert why_not(outsider.a_png(shown(a_label(OTHERS), 8), 203)) is Why.OTHER_PARCEL
    assert why_not(zpl.render(a_label(OTHERS))) is Why.OTHER_PARCEL


def test_a_blank_page_never_comes_out() -> None:
    blank = Image.new("1", (1200, 1800), 255)
    assert why_not(a_pdf(blank)) is Why.NO_CODE
    assert why_not(outsider.a_png(Image.new("1", (812, 1218), 255))) is Why.NO_CODE
    assert why_not(b"^XA^PW812^LL1218^FO20,20^GB700,9,9^FS^XZ") is Why.NO_CODE


def test_a_label_larger_than_the_roll_is_refused_and_not_shrunk() -> None:
    assert why_not(a_pdf(shown(a_label())), Head(stock=(50, 30))) is Why.NO_PLACE
    assert why_not(zpl.render(a_label()), Head(stock=(50, 30))) is Why.DOES_NOT_FIT


# -- ZPL


def test_a_carriers_zpl_goes_through_as_it_came_but_once() -> None:
    data = zpl.render(a_label())
    assert prepared(data) == data
    assert prepared(data.replace(b"^XZ", b"^PQ2,0,0,N^XZ")) == data


def test_a_carriers_zpl_comes_out_of_a_printer_that_knows_no_zpl() -> None:
    page = printed(prepared(zpl.render(a_label()), TSPL), TSPL)
    assert set(outsider.texts(page)) == {OURS, "routing"}


def test_zpl_of_a_coarser_head_is_printed_in_whole_dots_and_in_its_own_size() -> None:
    fine = Head(dots_per_mm=24)
    page = printed(prepared(zpl.render(a_label()), fine), fine)
    box, own = outsider.black_box(page), outsider.black_box(shown(a_label(), 24))
    assert box is not None
    assert own is not None
    assert abs((box[2] - box[0]) - (own[2] - own[0])) <= 6
    assert OURS in outsider.texts(page)


@pytest.mark.parametrize(("made_for", "printer"), [(12, 8), (8, 12), (24, 8), (8, 6), (12, 6)])
def test_a_label_is_never_printed_at_a_fraction_of_its_size(made_for: int, printer: int) -> None:
    head = Head(dots_per_mm=printer)
    plain = Label(100, 150, tuple(e for e in a_label().elements if not isinstance(e, QrCode)))
    assert why_not(zpl.render(plain, made_for), head) is Why.OTHER_DOTS
    picture = outsider.a_png(shown(a_label(), made_for))
    assert why_not(picture, head) is Why.OTHER_DOTS


def test_what_the_carrier_declares_counts_more_than_what_the_label_seems() -> None:
    data = zpl.render(a_label())
    assert why_not(data, origin=Origin(format="ZPL_300")) is Why.OTHER_DOTS
    bare = re.sub(rb"\^(PW|LL)\d+", b"", data)
    assert why_not(bare) is Why.DOTS_UNKNOWN
    assert prepared(bare, origin=Origin(format="zpl203")) == bare


def test_of_several_labels_in_one_zpl_the_parcels_own_comes_out() -> None:
    job = prepared(zpl.render(a_label(OTHERS)) + zpl.render(a_label()))
    assert set(outsider.texts(printed(job))) == {OURS, "routing"}


def _no_renderer(zpl: bytes, dots_per_mm: int) -> list[Image.Image]:
    raise Unusable(Why.NO_RENDERER, "drawing ZPL needs zplkit, which is not installed")


def test_without_the_renderer_zpl_is_known_by_what_it_says_or_not_printed() -> None:
    def without(data: bytes, head: Head = ZPL) -> bytes:
        return outside.prepare(data, head, Origin(), is_ours, _no_renderer)

    assert without(zpl.render(a_label())) == zpl.render(a_label())
    for data, head, why in (
        (zpl.render(a_label(OTHERS)), ZPL, Why.OTHER_PARCEL),
        (zpl.render(a_label()), TSPL, Why.NO_RENDERER),
        (zpl.render(a_label()) + zpl.render(a_label(OTHERS)), ZPL, Why.OTHER_PARCEL),
        (b"^XA^PW812^LL1218^FO0,0^GFA,4,4,2,FF00FF00^FS^XZ", ZPL, Why.NO_RENDERER),
    ):
        if data.count(b"^XA") > 1:
            continue
        with pytest.raises(Unusable) as refused:
            without(data, head)
        assert refused.value.why is why


# -- PNG


def test_a_png_at_the_heads_dots_is_printed_dot_for_dot() -> None:
    label = shown(a_label(), 8)
    out = printed(prepared(outsider.a_png(label, 203)))
    box = outsider.black_box(out)
    assert box is not None
    own = outsider.black_box(label)
    assert own is not None
    assert out.crop(box).convert("1").tobytes() == label.crop(own).tobytes()


def test_what_can_be_seen_through_is_paper() -> None:
    label = shown(a_label(), 8).convert("L")
    clear = Image.new("RGBA", label.size, (0, 0, 0, 0))
    clear.putalpha(label.point([255 - grey for grey in range(256)]))
    assert OURS in outsider.texts(printed(prepared(outsider.a_png(clear))))


# -- what is no label


def good() -> bytes:
    return outsider.a_drawn_pdf()


BAD_INPUT: dict[str, Callable[[], tuple[bytes, Why]]] = {
    "a 0-byte label": lambda: (b"", Why.EMPTY),
    "nothing but zeros": lambda: (b"\0" * 500, Why.EMPTY),
    "a 40 MB PDF": lambda: (outsider.a_huge_pdf(), Why.TOO_LARGE),
    "a locked PDF": lambda: (outsider.a_locked_pdf(), Why.LOCKED),
    "half a PDF": lambda: (good()[: len(good()) // 3], Why.BROKEN),
    "HTML from Shopee Taiwan": lambda: (outsider.WEB_PAGE, Why.WEB_PAGE),
    "a JSON error": lambda: (outsider.MESSAGE, Why.MESSAGE),
    "a ZIP with two labels": lambda: (
        outsider.a_zip(("a.pdf", good()), ("b.pdf", good())),
        Why.SEVERAL,
    ),
    "a ZIP without a label": lambda: (outsider.a_zip(("readme.txt", b"hello")), Why.NOTHING_INSIDE),
    "an empty ZIP": lambda: (outsider.a_zip(), Why.NOTHING_INSIDE),
    "a ZIP bomb": lambda: (outsider.a_zip_bomb(), Why.TOO_LARGE),
    "half a ZIP": lambda: (outsider.a_zip(("a.pdf", good()))[:400], Why.BROKEN),
    "half a PNG": lambda: (outsider.a_png(shown(a_label(), 8))[:300], Why.BROKEN),
    "a word": lambda: (b"hello", Why.UNKNOWN),
    "a photo": lambda: (b"\xff\xd8\xff\xe0" + b"\0\x10JFIF" * 20, Why.UNKNOWN),
    "a wall poster": lambda: (outsider.written_pdf("0 g", 9000, 9000), Why.TOO_LARGE),
    "a PDF of 51 pages": lambda: (a_pdf(*[Image.new("1", (9, 9), 1)] * 51), Why.TOO_LARGE),
    "ZPL of nothing": lambda: (b"^XA^PW812^LL1218^ZZ9^XZ", Why.CANNOT_DRAW),
}


@pytest.mark.parametrize("what", BAD_INPUT)
def test_what_is_no_label_is_answered_with_a_sentence(what: str) -> None:
    data, why = BAD_INPUT[what]()
    tracemalloc.start()
    try:
        assert why_not(data) is why
        assert tracemalloc.get_traced_memory()[1] < len(data) + 60_000_000
    finally:
        tracemalloc.stop()


def test_a_zip_from_shopee_with_one_pdf_in_it_is_a_label() -> None:
    data = outsider.a_zip(("__MACOSX/._l", b"\0\5"), ("l.dat", a_pdf(shown(a_label()))))
    assert OURS in outsider.texts(printed(prepared(data)))


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from((b"", b"%PDF-1.4\n", b"PK\x03\x04", b"\x89PNG\r\n\x1a\n", b"^XA^PW812^LL1218")),
    st.binary(max_size=400),
)
def test_any_bytes_are_a_label_or_a_sentence(start: bytes, rest: bytes) -> None:
    assert printable(start + rest) in (True, False)


_GOOD = [
    outsider.a_drawn_pdf(),
    outsider.a_zip(("label.pdf", outsider.a_drawn_pdf())),
    outsider.a_png(shown(a_label(), 8)),
    zpl.render(a_label()),
]


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(_GOOD),
    st.integers(0, 1 << 20),
    st.binary(min_size=1, max_size=12),
)
def test_a_damaged_label_is_a_label_of_this_parcel_or_a_sentence(
    good: bytes, at: int, scrap: bytes
) -> None:
    at %= len(good)
    data = good[:at] + scrap + good[at + len(scrap) :]
    if not printable(data):
        return
    job = prepared(data)
    # ZPL that cannot be drawn goes by what it says of its barcodes.
    says = zpl_text.barcodes(data) if job == data else outsider.texts(printed(job))
    assert OURS in says


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(x=st.floats(0, 105), y=st.floats(0, 140), turned=st.booleans(), note=st.floats(0, 120))
def test_a_label_anywhere_on_a_sheet_is_found_whole_or_not_printed(
    x: float, y: float, turned: bool, note: float
) -> None:
    label = shown(a_label(), 8)
    if turned:
        label = label.transpose(Image.Transpose.ROTATE_90)
        x = min(x, 55.0)
    page = a_sheet((a_note().resize((640, 192)), note, 270), (label, x, y), dots_per_mm=8)
    data = a_pdf(page, dots_per_mm=8)
    if not printable(data):
        assert why_not(data) is Why.NO_PLACE
        return
    out = printed(prepared(data))
    box, own = outsider.black_box(out), outsider.black_box(shown(a_label(), 8))
    assert box is not None
    assert own is not None
    assert abs((box[2] - box[0]) - (own[2] - own[0])) <= 2
    assert abs((box[3] - box[1]) - (own[3] - own[1])) <= 2


# -- rules


def test_a_rule_that_lies_off_its_page_is_refused_with_the_file(tmp_path: Path) -> None:
    file = tmp_path / "sheets.toml"
    file.write_text("[[sheet]]\npage = [210, 297]\nlabel = [150, 0, 100, 150]\n")
    with pytest.raises(sheet_rule.BadRules, match=r"sheets\.toml.*does not lie on"):
        sheet_rule.read_rules(file)
    file.write_text("[[sheet]]\npage = [210, 297]\nlable = [0, 0, 100, 150]\n")
    with pytest.raises(sheet_rule.BadRules, match=r"lable"):
        sheet_rule.read_rules(file)
    assert sheet_rule.read_rules(tmp_path / "none.toml") == ()


def test_the_rules_that_come_with_the_program_are_readable() -> None:
    assert isinstance(sheet.builtin(), tuple)


def test_every_language_can_be_prepared_for() -> None:
    for name in ("zpl", "tspl"):
        assert language(name).render(a_label())
        assert prepared(preview.to_pdf(a_label()), Head(language=name))


def test_a_label_check_reads_a_zip(tmp_path: Path) -> None:
    data = outsider.a_zip(("l.pdf", a_pdf(shown(a_label()))))
    assert readback.Found("Code128", OURS) in readback.codes_in(data)
