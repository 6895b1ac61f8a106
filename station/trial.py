"""What is printed to try a printer, and how does it get into the print queue?

A small label that any stock and any roll has room for. Its barcode is the DEVICES card: scanned
back, it shows the devices, and so proves printer and scanner at once. It is a paper among others,
with its bytes on disk before the first one goes out.
"""

from __future__ import annotations

import hashlib
from uuid import uuid4

from sqlalchemy import func, select
from sqlalchemy.dialects.sqlite import insert

from drivers import label_printers
from drivers.label_printers.label import Box, Code128, Label, Text
from station import codes
from station.codes.code import CommandCode
from station.config import Printer
from station.store import schema as t
from station.store.store import Turn

CODE = codes.write(CommandCode("DEVICES", 0))
WIDTH, HEIGHT = 50.0, 30.0
"""Millimetres: the smallest label that is commonly sold for shipping printers is 50 x 30."""
_LONGEST_NAME = 24


def label(title: str, name: str) -> Label:
    """Return the test label of a printer of that name."""
    return Label(
        WIDTH,
        HEIGHT,
        (
            Box(x=0.5, y=0.5, width=WIDTH - 1, height=HEIGHT - 1),
            Text(x=2, y=2.5, height=4, text=title, width=WIDTH - 4, align="center", bold=True),
            Code128(x=3, y=8, height=14, data=CODE, module=0.25, width=WIDTH - 6, align="center"),
            Text(x=2, y=24, height=3, text=name[:_LONGEST_NAME], width=WIDTH - 4, align="center"),
        ),
    )


def job(printer: Printer, title: str, name: str) -> bytes:
    """Return the bytes of the test label in the printer's language. Raises Undrawable."""
    drawn = label(title, name)
    if printer.receipts:
        from drivers.receipt_printers import escpos  # most benches have no such printer

        return escpos.render(drawn, printer.dots_per_mm, head_dots=printer.head_dots)
    return label_printers.language(printer.language).render(drawn, printer.dots_per_mm)


def queue(turn: Turn, printer: str, data: bytes) -> None:
    """Put a test label last in a printer's queue."""
    digest = hashlib.sha256(data).hexdigest()
    turn.sql.execute(insert(t.blobs).values(sha256=digest, data=data).on_conflict_do_nothing())
    last = turn.sql.execute(select(func.max(t.jobs.c.seq))).scalar() or 0
    turn.sql.execute(
        insert(t.jobs).values(
            id=f"trial:{uuid4().hex}",
            seq=last + 1,
            printer=printer,
            kind="paper",
            order_id="",
            parcel_id="",
            sha256=digest,
            state="queued",
            note="trial",
        )
    )
