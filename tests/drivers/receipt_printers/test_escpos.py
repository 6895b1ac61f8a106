"""A label on a receipt roll is the preview in bands."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile

import pytest

from drivers.label_printers import preview, readback
from drivers.label_printers.label import Code128, Label, Text, Undrawable
from drivers.receipt_printers import escpos


def bands(job: bytes) -> tuple[int, bytes]:
    """Return bytes a row and all rows of the job's raster images."""
    at, row_bytes, data = 2, 0, b""
    assert job.startswith(b"\x1b@")
    while job[at : at + 4] == b"\x1dv0\x00":
        row_bytes = int.from_bytes(job[at + 4 : at + 6], "little")
        rows = int.from_bytes(job[at + 6 : at + 8], "little")
        data += job[at + 8 : at + 8 + row_bytes * rows]
        at += 8 + row_bytes * rows
    assert job[at:] == b"\x1bd\x06\x1dV\x00"
    return row_bytes, data


def test_a_label_that_fits_is_sent_dot_for_dot() -> None:
    label = Label(72, 40, (Code128(x=5, y=5, height=15, data="RMA-1"),))
    assert bands(escpos.render(label)) == (72, preview.bitmap(label, 8).data)


def test_a_wider_label_is_drawn_with_fewer_dots_and_still_reads() -> None:
    label = Label(100, 40, (Code128(x=5, y=5, height=15, data="RMA-1"),))
    assert bands(escpos.render(label))[1] == preview.bitmap(label, 5).data
    assert readback.read(preview.picture(label, 5)) == [readback.Found("Code128", "RMA-1")]


def test_a_label_as_wide_as_a_door_is_refused() -> None:
    with pytest.raises(Undrawable, match="700 mm wide"):
        escpos.render(Label(700, 40, ()))


def test_chinese_and_thai_come_out_as_the_dots_of_the_preview() -> None:
    label = Label(72, 12, (Text(x=1, y=1, height=5, text="王小明 ชาเขียว Zoë"),))
    assert bands(escpos.render(label))[1] == preview.bitmap(label, 8).data


def test_what_builds_the_bytes_leaves_nothing_behind() -> None:
    script = (
        "import logging, os, sys, tempfile\n"
        "from drivers.receipt_printers import escpos\n"
        "from drivers.label_printers.label import Label\n"
        "assert 'escpos' not in sys.modules\n"
        "escpos.render(Label(10, 10, ()))\n"
        "assert not logging.root.handlers, logging.root.handlers\n"
        "assert not os.listdir(tempfile.gettempdir()), os.listdir(tempfile.gettempdir())\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        environ = {**os.environ, "TMPDIR": folder}
        subprocess.run([sys.executable, "-c", script], env=environ, check=True)
