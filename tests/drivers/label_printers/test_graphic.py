"""Dots arrive as they left, however they travel."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.label_printers.graphic import Encoding, acs, gf
from drivers.label_printers.label import Bitmap
from tests.drivers.label_printers.oracle import drawn

rows = st.sampled_from((b"\x00" * 60, b"\xff" * 60, b"\xf0" + b"\x00" * 59, b"\x0f" * 60)) | (
    st.binary(min_size=60, max_size=60)
)


@settings(max_examples=30, deadline=None)
@given(st.lists(rows, min_size=1, max_size=12), st.sampled_from(("z64", "acs", "hex")))
def test_a_bitmap_is_drawn_dot_for_dot(lines: list[bytes], encoding: Encoding) -> None:
    bitmap = Bitmap(480, len(lines), b"".join(lines))
    (page,) = drawn(f"^XA^PW480^LL{len(lines)}^FO0,0{gf(bitmap, encoding)}^FS^XZ".encode())
    assert page.point(lambda grey: 255 - grey).convert("1").tobytes() == bitmap.data


@pytest.mark.parametrize(
    ("row", "packed"),
    [
        (b"\x00\x00", ","),
        (b"\xff\xff", "!"),
        (b"\xf0\x00", "F,"),
        (b"\x0f\xff", "0!"),
        (b"\xaa\xaa", "JA"),
        (b"\x00" * 30 + b"\x01", "iG01"),
    ],
)
def test_a_row_is_packed_as_the_manual_says(row: bytes, packed: str) -> None:
    assert acs(Bitmap(len(row) * 8, 1, row)) in (packed, packed.replace("iG0", "iG0"))


def test_a_row_like_the_one_above_is_a_colon() -> None:
    assert acs(Bitmap(8, 3, b"\xa5\xa5\xa5")) == "A5::"


def test_the_checksum_always_has_four_digits() -> None:
    for i in range(300):
        crc = gf(Bitmap(16, 1, i.to_bytes(2, "big"))).rpartition(":")[2]
        assert len(crc) == 4
