"""What we send to a receipt printer is read back as a scanner would."""

from __future__ import annotations

import pytest

from drivers.label_printers import readback
from drivers.label_printers.label import Code128, Label, Undrawable
from drivers.receipt_printers import escpos
from drivers.receipt_printers import readback as receipts


def test_a_job_of_pictures_is_read_back_up_to_each_cut() -> None:
    label = Label(72, 40, (Code128(x=5, y=5, height=15, data="RMA-1"),))
    sheets = receipts.pictures(escpos.render(label) * 2)
    assert [readback.read(sheet) for sheet in sheets] == [[readback.Found("Code128", "RMA-1")]] * 2


@pytest.mark.parametrize(
    "job", [b"\x1b@Hello", b"\x1b@\x1dv0\x00\x48\x00\x09\x00half", b"\x1b@\x1dv0\x00", b"\x1b@\x10"]
)
def test_a_job_of_anything_else_is_refused_with_a_sentence(job: bytes) -> None:
    with pytest.raises(Undrawable, match="this ESC/POS"):
        receipts.pictures(job)
