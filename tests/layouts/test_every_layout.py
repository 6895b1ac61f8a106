"""Every layout that we ship is drawn from its sample, in every language, and looks as it did.

A golden is a PNG to be looked at and a ZPL to be compared; `PACKBENCH_GOLDEN=write` writes them
anew, and then a person looks at the PNGs. Graphics in golden ZPL are ACS, whose bytes are ours:
those of Z64 depend on the version of zlib.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import biip
import pytest
from msgspec.structs import replace
from PIL import Image, ImageChops

import layouts
from drivers.label_printers import lint, preview, readback, symbol, typeset, zpl
from drivers.label_printers.label import Code128, DataMatrix, Element, Label, Symbol, Text
from station.codes.code import BinCode, CommandCode, ToteCode
from station.codes.own import read
from tests.drivers.label_printers.oracle import drawn, ink
from tests.layouts.printed import SPOKEN, codes, printed

GOLDEN = Path(__file__).parent.parent / "golden" / "labels"
BUILTIN = layouts.load_builtin()
PAGES = [
    pytest.param(page, id=f"{name}-{i + 1}")
    for name, layout in BUILTIN.items()
    for i, page in enumerate(layouts.draw_pages(layout, layout.sample))
]
WANTED = {
    "bin",
    "cn22",
    "cn23",
    "command_sheet",
    "gift_note",
    "item",
    "lane",
    "packing_slip",
    "pallet",
    "pick_list",
    "receipt_slip",
    "return_label",
    "shipping",
    "shipping_4x6",
    "shipping_a6",
    "tote",
    "wave",
}
_NEAR_DOTS = 2


def test_every_paper_of_a_warehouse_is_there() -> None:
    assert BUILTIN.keys() >= WANTED


@pytest.mark.parametrize("page", PAGES)
def test_the_picture_and_the_job_are_the_golden_ones(
    page: Label, request: pytest.FixtureRequest
) -> None:
    name = re.search(r"\[(.+)\]", request.node.name)
    assert name is not None
    png, job = GOLDEN / f"{name[1]}.png", GOLDEN / f"{name[1]}.zpl"
    picture, printed_ = preview.picture(page), zpl.render(page, graphics="acs")
    if os.environ.get("PACKBENCH_GOLDEN") == "write":
        GOLDEN.mkdir(exist_ok=True)
        picture.save(png)
        job.write_bytes(printed_.replace(b"^FS", b"^FS\n"))
    assert (
        ImageChops.difference(Image.open(png).convert("L"), picture.convert("L")).getbbox() is None
    )
    assert job.read_bytes().replace(b"\n", b"") == printed_


@pytest.mark.parametrize("dots_per_mm", typeset.HEADS)
@pytest.mark.parametrize("page", PAGES)
def test_every_barcode_reads_back_at_every_resolution(page: Label, dots_per_mm: int) -> None:
    (sheet,) = drawn(zpl.render(page, dots_per_mm), dots_per_mm)
    assert sorted(found.text for found in readback.read(sheet)) == codes(page)
    shown = preview.picture(page, dots_per_mm)
    assert sorted(found.text for found in readback.read(shown)) == codes(page)


@pytest.mark.parametrize("spoken", SPOKEN)
@pytest.mark.parametrize("page", PAGES)
def test_every_barcode_reads_back_in_every_language(page: Label, spoken: str) -> None:
    (sheet,) = printed(page, spoken)
    assert sorted(found.text for found in readback.read(sheet)) == codes(page)


@pytest.mark.slow
@pytest.mark.parametrize("dots_per_mm", typeset.HEADS)
@pytest.mark.parametrize("page", PAGES)
def test_preview_and_print_have_their_ink_in_the_same_places(page: Label, dots_per_mm: int) -> None:
    for element in page.elements:
        alone = Label(page.width, page.height, (_plain(element),))
        (sheet,) = drawn(zpl.render(alone, dots_per_mm), dots_per_mm)
        there, here = ink(sheet), ink(preview.picture(alone, dots_per_mm))
        assert there is not None, element
        assert here is not None, element
        apart = max(abs(a - b) for a, b in zip(there, here, strict=True))
        assert apart <= (_NEAR_DOTS if isinstance(element, Text) else 0), (element, there, here)


def _plain(element: Element) -> Element:
    """White on white has no ink of its own: it is looked at in black."""
    return replace(element, inverse=False) if isinstance(element, Text) else element


@pytest.mark.parametrize("dots_per_mm", typeset.HEADS)
@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_off_the_paper_or_too_thin_to_scan(page: Label, dots_per_mm: int) -> None:
    assert lint.findings(page, dots_per_mm) == ()
    assert typeset.missing_in([page]) == ""
    for element in page.elements:
        if isinstance(element, Symbol):
            least = 3 if isinstance(element, Code128) else 4
            assert symbol.module_dots(element, 8) >= least
            assert not isinstance(element, DataMatrix) or element.module >= 0.5


@pytest.mark.parametrize("page", PAGES)
def test_no_two_texts_are_printed_over_one_another(page: Label) -> None:
    texts = [e for e in page.elements if isinstance(e, Text)]
    areas = [(_ink_area(e), e.text) for e in texts]
    for i, (one, said) in enumerate(areas):
        for other, too in areas[i + 1 :]:
            assert not one.meets(other), (said, too)


def _ink_area(text: Text) -> lint.Area:
    """Where its capitals and descenders are, without the empty row below."""
    area = lint.extent(text, 8)
    return lint.Area(area.left, area.top, area.right, area.top + round(text.height * 8 * 0.75))


@pytest.mark.parametrize("layout", BUILTIN.values(), ids=BUILTIN.keys())
def test_a_layout_says_what_it_was_drawn_with(layout: layouts.Layout) -> None:
    again = layouts.load_file(layouts.FOLDER / f"{layout.name}.toml")
    assert again.version == layout.version
    assert re.fullmatch(r"[0-9a-f]{12}", layout.version)


@pytest.mark.parametrize(
    ("name", "kind"), [("bin", BinCode), ("tote", ToteCode), ("command_sheet", CommandCode)]
)
def test_our_own_barcodes_mean_at_the_bench_what_the_sample_says(
    name: str, kind: type[object]
) -> None:
    for page in layouts.draw_pages(BUILTIN[name], BUILTIN[name].sample):
        for said in codes(page):
            assert isinstance(read(said, ""), kind)


def test_a_pallets_number_is_read_as_an_sscc() -> None:
    page = layouts.draw(BUILTIN["pallet"], BUILTIN["pallet"].sample)
    (found,) = [biip.parse(said).sscc for said in codes(page) if said.startswith("00")]
    assert found is not None
    assert found.value == BUILTIN["pallet"].sample["sscc"]
