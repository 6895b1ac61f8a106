"""What becomes of a paper that was asked for."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from sqlalchemy import insert, select

from drivers.simulate import escpos
from drivers.simulate.label_printer import VirtualPrinter
from layouts import Layout
from station.layout_reload import LayoutShelf
from station.papers import Paper, PaperDrawer
from station.spool import Printer, Spool
from station.store import schema as t
from station.store.ledger import StoreLedger
from tests.station.test_bench import World, claimed

PATIENCE_SECONDS = 60.0
"""The first slip loads the fonts."""


def asked_for(world: World, *papers: str) -> None:
    with world.store.turn() as turn:
        for seq, paper in enumerate(papers, 1):
            row = {"id": paper, "seq": seq, "printer": "zebra", "kind": "paper", "sha256": ""}
            order = {"order_id": "amazon-uk:202-0000001-0000001", "parcel_id": ""}
            how = {"state": "queued", "note": "packing_slip"}
            turn.sql.execute(insert(t.jobs).values(**row, **order, **how))


def test_a_slip_that_cannot_be_drawn_does_not_keep_the_next_from_coming(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.hub(claimed(1, MUG=1))
    asked_for(world, "first", "second")
    good = LayoutShelf(None, lambda name: None)
    asked, drawn = [], threading.Event()

    def shelf() -> Mapping[str, Layout]:
        asked.append(1)
        if len(asked) == 1:
            raise ValueError("a layout that nobody tried")
        return good.layouts

    def look() -> None:
        if len(asked) == 2:
            drawn.set()

    drawer = PaperDrawer(world.store, Paper(printer="zebra"), shelf, look)
    drawer.start()
    assert drawn.wait(PATIENCE_SECONDS)
    drawer.stop()
    with world.store.turn() as turn:
        told = turn.sql.execute(select(t.jobs.c.id, t.jobs.c.note)).all()
        states = turn.sql.execute(select(t.jobs.c.id, t.jobs.c.state)).all()
    version = good.layouts["packing_slip"].version
    assert {row.id: row.note for row in told}["second"] == f"packing_slip@{version}"
    assert {row.id: row.state for row in states} == {"first": "dropped", "second": "queued"}
    world.store.close()


def test_a_receipt_printer_prints_the_packing_slip(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.hub(claimed(1, MUG=1))
    asked_for(world, "slip")
    shelf, drawn = LayoutShelf(None, lambda name: None), threading.Event()
    with VirtualPrinter(escpos.personality(), ms_per_label=1) as printer:
        ledger = StoreLedger(world.store, world.bench.record, lambda name, needs: None)
        one = Printer(name="zebra", url=printer.url, asked=False, counter=False)
        spool = Spool([one], ledger, lambda name, state, why: None)
        paper = Paper(printer="zebra", language="escpos", head_dots=384)
        drawer = PaperDrawer(world.store, paper, lambda: shelf.layouts, drawn.set)
        drawer.start()
        assert drawn.wait(PATIENCE_SECONDS)
        spool.start()
        (receipt,) = printer.wait_printed(1, PATIENCE_SECONDS)
        spool.stop()
        drawer.stop()
    assert receipt.data.startswith(b"\x1b@\x1dv0\x00")
    assert int.from_bytes(receipt.data[6:8], "little") * 8 <= 384
    world.store.close()
