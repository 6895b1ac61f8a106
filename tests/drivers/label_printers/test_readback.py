"""Labels are read back from whatever file they come in."""

from __future__ import annotations

import pytest
import zxingcpp
from PIL import Image

from drivers.label_printers import foreign, language, preview, readback, zpl
from drivers.label_printers.label import Code128, Label, Undrawable

LABEL = Label(
    100,
    50,
    (
        Code128(x=8, y=5, height=12, data="FIRST-1"),
        Code128(x=8, y=25, height=12, data="SECOND-2"),
    ),
)
EXPECTED = [readback.Found("Code128", "FIRST-1"), readback.Found("Code128", "SECOND-2")]


def test_zpl_is_read_through_a_process_of_its_own() -> None:
    settings = b"~SD20^XA^MNY^PR4^MMT^PQ2^XZ"
    assert readback.codes_in(zpl.render(LABEL)) == EXPECTED
    assert [f for f in readback.codes_in(settings + zpl.render(LABEL))] == EXPECTED


def test_a_carriers_zpl_comes_out_of_a_printer_that_knows_no_zpl() -> None:
    (page,) = foreign.labels(zpl.render(LABEL))
    assert readback.codes_in(preview.render(page)) == EXPECTED
    assert len(language("tspl").render(page)) > 100 * 400


def test_png_and_pdf_are_read() -> None:
    assert readback.codes_in(preview.render(LABEL)) == EXPECTED
    assert readback.codes_in(preview.to_pdf(LABEL)) == EXPECTED


def test_tspl_is_read_where_it_is_bitmaps() -> None:
    assert readback.codes_in(language("tspl").render(LABEL)) == EXPECTED
    (page,) = readback.pictures(language("tspl").render(LABEL, 12), 12)
    assert page.size == (1200, 600)


@pytest.mark.parametrize(
    "job",
    [
        b"SIZE 40 mm,30 mm\r\nCLS\r\nTEXT 1,1,PRINT\r\n",
        b"SIZE 40 mm,30 mm\r\nCLS\r\nBITMAP 0,0,9,9,0,half PRINT",
        b"SIZE 40 mm,30 mm\r\nBITMAP 0,0,1,1,0,x\r\nPRINT 1,1\r\n",
    ],
)
def test_tspl_of_anything_else_is_refused_with_a_sentence(job: bytes) -> None:
    with pytest.raises(Undrawable, match="this TSPL"):
        readback.codes_in(job)


@pytest.mark.parametrize(("rows", "found"), [(2, 0), (40, 1)])
def test_bars_of_two_rows_are_no_barcode(rows: int, found: int) -> None:
    # Words and frames make an EAN-13 of one or two rows now and then.
    bars = zxingcpp.create_barcode("400638133393", zxingcpp.EAN13).to_image(scale=3)
    whole = Image.fromarray(bars)
    page = Image.new("L", (500, 200), "white")
    page.paste(whole.crop((0, 40, whole.width, 40 + rows)), (50, 80))
    assert len(readback.read(page)) == found


@pytest.mark.parametrize(
    "junk",
    [b"", b"hello", b"%PDF-nothing", b"\x89PNG\r\n\x1a\nnothing", b"^XA^FO1,1^BCN", b"^XA^ZZ9^XZ"],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(junk: bytes) -> None:
    with pytest.raises(Undrawable, match=r"this|ZPL"):
        readback.codes_in(junk)
