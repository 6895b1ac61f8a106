r"""What does a TSPL printer say about itself? One byte.

TSC, TSPL/TSPL2 Programming Manual, and Gprinter GP-2120 Programming Manual p. 34, `<ESC>!?`: works
in trouble too. One exchange, no paper and the head open:

    1B 21 3F            05

There is no counter and no word of a single label: ready again after printing is all there is.
"""

from __future__ import annotations

from drivers.label_printers.zpl_status import Status

ASK_STATUS = b"\x1b!?"
CANCEL_ALL = b"\x1b!."
"""Forget every label in the printer."""

_HEAD, _JAM, _PAPER, _RIBBON, _PAUSE, _PRINTING, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x80
_KNOWN = _HEAD | _JAM | _PAPER | _RIBBON | _PAUSE | _PRINTING | _OTHER


class Reader:
    """Bytes in, answers out; each byte is one."""

    def receive(self, data: bytes) -> list[Status]:
        """Return the answers in `data`, oldest first; a byte with an unknown bit is noise."""
        return [_status(byte) for byte in data if not byte & ~_KNOWN]


def _status(byte: int) -> Status:
    return Status(
        paper_out=bool(byte & _PAPER),
        # "Other errors" are for a person to look at, as a pressed pause key is.
        paused=bool(byte & (_PAUSE | _OTHER)),
        head_open=bool(byte & _HEAD),
        ribbon_out=bool(byte & _RIBBON),
        buffer_full=False,
        formats_waiting=0,
        partial_format=False,
        labels_remaining=int(bool(byte & _PRINTING)),
        label_waiting=False,
        too_hot=False,
        length_dots=0,
        jammed=bool(byte & _JAM),
    )
