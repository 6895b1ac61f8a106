"""Nothing that a buyer writes may end our label, and everything must come out as written."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings

from drivers.label_printers import readback, zpl
from drivers.label_printers.label import (
    Bitmap,
    Box,
    Code128,
    DataMatrix,
    Element,
    Label,
    Line,
    Picture,
    QrCode,
    Text,
    Undrawable,
)
from tests.drivers.label_printers import nasty
from tests.drivers.label_printers.oracle import drawn, ink


def a_label(*elements: Element) -> Label:
    return Label(100, 60, elements)


def unescaped(field: str) -> str:
    found = re.sub(rb"_([0-9A-F]{2})", lambda m: bytes([int(m[1], 16)]), field.encode("ascii"))
    return found.decode("utf-8")


@given(nasty.texts)
def test_a_field_comes_out_as_it_went_in(text: str) -> None:
    field = zpl.field(text)
    assert unescaped(field) == text
    assert not set(field) & set("^~\\")


@settings(max_examples=60, deadline=None)
@given(nasty.texts)
@example("^XZ~JA")
@example("\\&")
def test_whatever_the_text_the_job_is_one_label(text: str) -> None:
    job = zpl.render(a_label(Text(x=5, y=5, height=4, text=text)))
    assert job.count(b"^XA") == job.count(b"^XZ") == 1
    assert b"~" not in job
    assert len(drawn(job)) == 1


@settings(max_examples=40, deadline=None)
@given(nasty.ascii_texts)
@example(">;>8A")
@example("A>B")
@example("12345A678901>")
@example("^FS~JA_5E")
def test_a_code_128_says_what_it_was_given(data: str) -> None:
    job = zpl.render(Label(400, 40, (Code128(x=10, y=5, height=20, data=data),)))
    (page,) = drawn(job)
    assert readback.read(page) == [readback.Found("Code128", data)]


@settings(max_examples=40, deadline=None)
@given(nasty.texts.filter(lambda text: text != "" and "\x00" not in text))
@example("^XZ~JA_5E\\&>;\x1d王")
def test_a_qr_code_says_what_it_was_given(data: str) -> None:
    (page,) = drawn(zpl.render(a_label(QrCode(x=10, y=5, data=data))))
    assert readback.read(page) == [readback.Found("QRCode", data)]


@settings(max_examples=40, deadline=None)
@given(nasty.ascii_texts)
@example("#1")
@example("A##_5E#")
@example("10ABC\x1d21XYZ#")
def test_a_data_matrix_says_what_it_was_given(data: str) -> None:
    (page,) = drawn(zpl.render(a_label(DataMatrix(x=10, y=5, data=data))))
    assert readback.read(page) == [readback.Found("DataMatrix", data)]


def test_a_qr_code_coarser_than_zpl_has_them_is_drawn_as_dots() -> None:
    code = QrCode(x=10, y=5, data="https://example.com", module=0.5)
    job = zpl.render(Label(100, 60, (code,)), 24)
    assert b"^BQ" not in job
    (page,) = drawn(job, 24)
    assert readback.read(page) == [readback.Found("QRCode", "https://example.com")]


def test_a_gs1_128_begins_with_fnc1_and_keeps_its_separators() -> None:
    code = Code128(x=10, y=5, height=15, data="10AB7\x1d21990", gs1=True)
    job = zpl.render(a_label(code))
    assert b"^FD>:>810AB7>82199>60^FS" in job or b">8" in job
    (page,) = drawn(job)
    assert readback.read(page)[0].text.replace("\x1d", "") == "10AB721990"


@pytest.mark.parametrize("encoding", ["z64", "acs", "hex"])
def test_a_name_beyond_ascii_is_the_same_dots_in_every_encoding(encoding: str) -> None:
    label = a_label(Text(x=5, y=5, height=5, text="สมชาย 王小明 محمد"))
    (page,) = drawn(zpl.render(label, graphics=encoding))  # type: ignore[arg-type]  # of the list above
    (expected,) = drawn(zpl.render(label))
    assert page.tobytes() == expected.tobytes()
    assert ink(page) is not None


def test_an_emoji_leaves_no_trace_and_no_box() -> None:
    with_one = zpl.render(a_label(Text(x=5, y=5, height=5, text="Zoe 😀")))
    assert with_one == zpl.render(a_label(Text(x=5, y=5, height=5, text="Zoe")))


def test_an_ascii_line_is_the_printers_own_font_and_any_other_is_dots() -> None:
    assert b"^A0N,32,32^FH_^FDPlain^FS" in zpl.render(
        a_label(Text(x=1, y=1, height=4, text="Plain"))
    )
    umlaut = zpl.render(a_label(Text(x=1, y=1, height=4, text="Pläin")))
    assert b"^A0" not in umlaut
    assert b":Z64:" in umlaut


def test_a_backslash_is_drawn_by_us_because_printers_put_a_cent_in_its_place() -> None:
    assert b"^A0" not in zpl.render(a_label(Text(x=1, y=1, height=4, text="C:\\temp")))


def test_what_persists_between_jobs_is_said_in_every_job() -> None:
    job = zpl.render(Label(100, 150, ()))
    assert job == b"^XA^PW800^LL1200^CI28^LH0,0^LS0^LT0^FWN^PON^PMN^LRN^JZY^XZ"


def test_a_line_and_a_box_lie_where_they_were_put() -> None:
    (page,) = drawn(zpl.render(a_label(Line(x=10, y=20, width=30, height=0.5))))
    assert ink(page) == (80, 160, 320, 164)
    (page,) = drawn(zpl.render(a_label(Box(x=10, y=20, width=30, height=10))))
    assert ink(page) == (80, 160, 320, 240)


def test_at_300_dpi_everything_is_half_as_large_again_in_dots() -> None:
    label = a_label(Code128(x=10, y=5, height=10, data="ABC", module=0.25))
    (page,) = drawn(zpl.render(label, 12), 12)
    box = ink(page)
    assert box is not None
    assert box[:2] == (120, 60)
    assert box[3] == 180


def test_a_picture_for_203_dpi_is_doubled_at_406_and_refused_at_300() -> None:
    picture = Picture(x=0, y=0, bitmap=Bitmap(9, 2, b"\xff\x80\x80\x80"), dots_per_mm=8)
    (page,) = drawn(zpl.render(a_label(picture), 24), 24)
    assert ink(page) == (0, 0, 27, 6)
    with pytest.raises(Undrawable, match="8 dots/mm cannot be printed at 12"):
        zpl.render(a_label(picture), 12)


@pytest.mark.parametrize(
    "element",
    [
        Code128(x=1, y=1, height=5, data="王"),
        Code128(x=1, y=1, height=5, data=""),
        Code128(x=1, y=1, height=5, data="A\x1dB"),
        Code128(x=1, y=1, height=5, data="A" * 100),
        QrCode(x=1, y=1, data="A" * 5000),
        QrCode(x=1, y=1, data=""),
        DataMatrix(x=1, y=1, data="é王" * 2000),
        DataMatrix(x=1, y=1, data=""),
    ],
    ids=str,
)
def test_what_no_barcode_can_hold_is_refused_with_a_sentence(element: Element) -> None:
    with pytest.raises(Undrawable):
        zpl.render(a_label(element))
