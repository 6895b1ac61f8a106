"""What we show is what the printer prints: compared with an independent renderer of our ZPL."""

from __future__ import annotations

import pytest
from PIL import ImageChops

from drivers.label_printers import LANGUAGES, language, pdf, preview, readback, tspl, zpl
from drivers.label_printers.label import (
    Box,
    Code128,
    DataMatrix,
    Element,
    Label,
    Line,
    QrCode,
    Text,
    Undrawable,
)
from tests.drivers.label_printers.oracle import drawn, ink

FULL = Label(
    100,
    100,
    (
        Text(x=5, y=5, height=6, text="Plain text, 12.50", bold=True),
        Text(x=5, y=13, height=5, text="Müller 王小明 ที่อยู่"),
        Text(x=5, y=20, height=4, text="centred", width=90, align="center"),
        Text(x=5, y=26, height=4, text="right", width=90, align="right"),
        Code128(x=5, y=32, height=15, data="SP0040063813GB", width=90, align="center"),
        QrCode(x=10, y=55, data="https://example.com/t/SP0040063813GB"),
        DataMatrix(x=60, y=55, data="0104006381333931"),
        Box(x=2, y=2, width=96, height=96),
        Line(x=2, y=30, width=96, height=0.5),
    ),
)
CODES = [
    readback.Found("Code128", "SP0040063813GB"),
    readback.Found("QRCode", "https://example.com/t/SP0040063813GB"),
    readback.Found("DataMatrix", "0104006381333931"),
]


def test_preview_and_print_hold_the_same_barcodes() -> None:
    (printed,) = drawn(zpl.render(FULL))
    shown = preview.picture(FULL)
    assert sorted(readback.read(printed), key=str) == sorted(CODES, key=str)
    assert sorted(readback.read(shown), key=str) == sorted(CODES, key=str)


@pytest.mark.parametrize(
    "element",
    [e for e in FULL.elements if not isinstance(e, Text | QrCode)],
    ids=lambda e: type(e).__name__,
)
def test_bars_and_lines_are_the_same_dots_in_preview_and_print(element: Element) -> None:
    label = Label(100, 100, (element,))
    (printed,) = drawn(zpl.render(label))
    shown = preview.picture(label).convert("L")
    if isinstance(element, DataMatrix):  # another encoder may choose other codewords
        assert ink(printed) == ink(shown)
    else:
        assert ImageChops.difference(printed, shown).getbbox() is None


@pytest.mark.parametrize(
    "element", [e for e in FULL.elements if isinstance(e, Text | QrCode)], ids=str
)
def test_text_and_qr_codes_cover_the_same_ground(element: Element) -> None:
    label = Label(100, 100, (element,))
    printed, shown = ink(drawn(zpl.render(label))[0]), ink(preview.picture(label))
    assert printed is not None
    assert shown is not None
    assert all(abs(a - b) <= 5 for a, b in zip(printed, shown, strict=True)), (printed, shown)


@pytest.mark.parametrize("text", ["GO 42", "Zoë 王小明"])
def test_inverse_text_is_white_on_black_in_preview_and_print(text: str) -> None:
    bar = Line(x=2, y=2, width=56, height=12)
    words = Text(x=5, y=4, height=7, text=text, bold=True, inverse=True)
    label, blank = Label(60, 20, (bar, words)), Label(60, 20, (bar,))
    (printed,) = drawn(zpl.render(label))
    for page, full in (
        (printed, drawn(zpl.render(blank))[0]),
        (preview.picture(label).convert("L"), preview.picture(blank).convert("L")),
    ):
        white = ImageChops.difference(page, full).getbbox()
        assert white is not None
        assert 38 <= white[0] <= 44
        assert white[1] >= 24
        assert white[3] <= 92


def test_rastered_text_is_the_same_dots_in_preview_and_print() -> None:
    label = Label(60, 20, (Text(x=5, y=5, height=5, text="Zoë 王小明 ที่อยู่ محمد", bold=True),))
    (printed,) = drawn(zpl.render(label))
    assert ImageChops.difference(printed, preview.picture(label).convert("L")).getbbox() is None


def test_a_pdf_comes_back_dot_for_dot() -> None:
    (page,) = pdf.labels(preview.to_pdf(FULL))
    (printed,) = drawn(zpl.render(page))
    assert sorted(readback.read(printed), key=str) == sorted(CODES, key=str)
    assert ImageChops.difference(printed, preview.picture(FULL).convert("L")).getbbox() is None


def test_equal_labels_make_equal_pdfs() -> None:
    assert preview.to_pdf(FULL) == preview.to_pdf(FULL)


def test_a_pdf_has_a_page_for_every_label() -> None:
    pages = pdf.labels(preview.to_pdf_pages((FULL, Label(50, 25, ()))))
    assert [(round(p.width), round(p.height)) for p in pages] == [(100, 100), (50, 25)]


@pytest.mark.parametrize("junk", [b"", b"%PDF-1.7 nothing", b"GIF89a"])
def test_what_is_no_pdf_is_refused_with_a_sentence(junk: bytes) -> None:
    with pytest.raises(Undrawable, match="no PDF"):
        pdf.labels(junk)


@pytest.mark.parametrize("name", LANGUAGES)
def test_every_language_draws_the_full_label(name: str) -> None:
    assert language(name).render(FULL, 8)
    assert language(name).render(FULL, 12)


def test_an_unknown_language_is_refused_by_name() -> None:
    with pytest.raises(KeyError, match="epl"):
        language("epl")


def test_tspl_carries_the_preview_with_white_as_one() -> None:
    job = tspl.render(FULL)
    head, _, rest = job.partition(b"BITMAP 0,0,100,800,0,")
    assert head.startswith(b"SIZE 100 mm,100 mm\r\n")
    assert rest.endswith(b"\r\nPRINT 1,1\r\n")
    dots = rest[: 100 * 800]
    assert dots == preview.picture(FULL).tobytes()
