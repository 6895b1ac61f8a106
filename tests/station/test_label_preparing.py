"""A label from outside is looked at when it arrives, and only its own parcel's comes out."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import select

from drivers.label_printers import readback, zpl
from drivers.label_printers.head import Head
from drivers.label_printers.sheet_rule import BadRules
from drivers.label_printers.unusable import Why
from drivers.simulate import tspl
from drivers.simulate import zpl as simulated_zpl
from drivers.simulate.label_printer import VirtualPrinter
from station import config
from station.floor import open_floor
from station.flows.flow import Weighed
from station.label_preparing import LabelPreparer, Outlet
from station.label_process import LabelProcess
from station.label_worker import Answer, Asked
from station.spool import Printer, Spool
from station.store import schema as t
from station.store.ledger import StoreLedger
from station.wording import render
from sync.orders import Parcel, PrintState, apply, facts
from tests.builders import MUG, a_label
from tests.drivers.label_printers import outsider
from tests.drivers.label_printers.oracle import drawn
from tests.station.spool.shelf import PATIENCE_SECONDS
from tests.station.spool.test_spool import HURRY
from tests.station.test_bench import World, claimed

TRACKING = "RR000000005GB"
OTHERS = "RR000000014GB"
ZPL = Head()
TSPL = Head(language="tspl", stock=(100, 150))


@dataclass
class Counting:
    """The real process, and what it was asked."""

    process: LabelProcess = field(default_factory=LabelProcess)
    asked: list[str] = field(default_factory=list)

    def ask(self, asked: Asked) -> Answer:
        self.asked.append(asked.tracking)
        return self.process.ask(asked)

    def stop(self) -> None:
        self.process.stop()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.store.close()


def pdf(tracking: str = TRACKING) -> bytes:
    return outsider.a_pdf(outsider.shown(outsider.a_label(tracking)))


def bought(world: World, data: bytes, n: int = 1, tracking: str = TRACKING) -> None:
    """The hub tells of a label; its bytes come after, by their hash."""
    order = claimed(n, MUG=1)
    parcel = f"{order.shipments[0].id}/1"
    sha256 = hashlib.sha256(data).hexdigest()
    label = msgspec.structs.replace(a_label(order, tracking, grams=430), sha256=sha256)
    for fact in (
        facts.ParcelPlanned(parcel=parcel),
        facts.LabelRequested(parcel=parcel, key=f"k{n}", grams=430, address=order.address_digest),
        facts.LabelBought(parcel=parcel, label=label),
    ):
        order = apply(order, fact)
    world.hub(order)


def arrive(world: World, data: bytes) -> None:
    world.keep.put_blob(hashlib.sha256(data).hexdigest(), data)


def pack(world: World) -> None:
    world.bench.scan("PKUSRANNA", "hand")
    world.bench.scan(MUG, "hand")
    world.bench.put(Weighed(430))


def parcel(world: World, n: int = 1) -> Parcel:
    return world.store_order(n).shipments[0].parcels[0]


def held(world: World, n: int = 1) -> str:
    holds = world.store_order(n).shipments[0].holds
    return holds[0].why if holds else ""


@contextmanager
def preparing(world: World, head: Head = ZPL, spool: Spool | None = None) -> Iterator[Counting]:
    counting = Counting()
    preparer = LabelPreparer(
        world.store,
        world.bench.record,
        Outlet("zebra", head),
        counting,  # type: ignore[arg-type]  # it asks the real one
        ready=spool.wake if spool else lambda: None,
    )

    def wake() -> None:
        preparer.wake()
        if spool:
            spool.wake()

    world.bench.on_commit = wake
    world.keep._arrived = preparer.wake
    preparer.start()
    try:
        yield counting
    finally:
        preparer.stop()


def ledger(world: World, head: Head) -> StoreLedger:
    return StoreLedger(
        world.store,
        lambda order, fact: world.bench.record(order, fact),
        lambda name, needs: None,
        heads={"zebra": head.mark},
    )


def wait_for(world: World, so: Callable[[], bool]) -> None:
    """Wait for the file to change until it is so."""
    waited = threading.Event()
    for _ in range(int(PATIENCE_SECONDS / 0.02)):
        if so():
            return
        waited.wait(0.02)
    raise AssertionError("it never came to that")


def verdicts(world: World) -> dict[str, str]:
    with world.store.turn() as turn:
        rows = turn.sql.execute(select(t.prepared.c.tracking, t.prepared.c.why)).all()
    return {row.tracking: row.why for row in rows}


@pytest.mark.parametrize("head", [ZPL, TSPL], ids=["zpl", "tspl"])
@pytest.mark.parametrize("format", ["pdf", "zpl", "png", "zip"])
def test_a_label_of_any_kind_comes_out_of_any_printer_and_scans(
    world: World, head: Head, format: str
) -> None:
    label = outsider.a_label(TRACKING)
    data = {
        "pdf": pdf(),
        "zpl": zpl.render(label),
        "png": outsider.a_png(outsider.shown(label, 8), 203),
        "zip": outsider.a_zip(("label.pdf", pdf())),
    }[format]
    bought(world, data)
    personality = tspl.personality() if head is TSPL else simulated_zpl.personality()
    with VirtualPrinter(personality, ms_per_label=2) as printer:
        asked = head is ZPL
        one = Printer(name="zebra", url=printer.url, asked=asked, counter=asked)
        spool = Spool([one], ledger(world, head), patience=HURRY)
        with preparing(world, head, spool) as counting:
            arrive(world, data)
            wait_for(world, lambda: verdicts(world) == {TRACKING: ""})
            spool.start()
            pack(world)
            (out,) = printer.wait_printed(1)
            spool.stop()
            assert counting.asked == [TRACKING]  # ahead, and once
    page = outsider.tspl_page(out.data) if head is TSPL else drawn(out.data)[0]
    assert {found.text for found in readback.read(page)} == {TRACKING, "routing"}


def test_another_parcels_label_holds_the_order_before_anybody_packs_it(world: World) -> None:
    data = pdf(OTHERS)
    bought(world, data)
    with preparing(world):
        arrive(world, data)
        wait_for(world, lambda: bool(held(world)))
    assert held(world) == Why.OTHER_PARCEL.reason
    assert parcel(world).print_state is PrintState.NONE
    world.bench.scan("PKUSRANNA", "hand")
    session = world.bench.scan("202-0000001-0000001", "hand")
    assert session.said is not None
    said = [render(session.said.what, language) for language in ("en", "zh")]
    assert "another parcel" in said[0]
    assert "别的包裹" in said[1]


def test_a_label_that_is_none_is_taken_back_from_the_printer_and_the_packer_is_told(
    world: World,
) -> None:
    bought(world, outsider.WEB_PAGE)
    pack(world)
    with VirtualPrinter(ms_per_label=2) as printer:
        one = Printer(name="zebra", url=printer.url)
        spool = Spool([one], ledger(world, ZPL), patience=HURRY)
        spool.start()
        with preparing(world, ZPL, spool):
            arrive(world, outsider.WEB_PAGE)
            wait_for(world, lambda: bool(held(world)))
        spool.stop()
        assert printer.printed == []
    assert parcel(world).print_state is PrintState.NONE
    session = world.bench.refresh()
    assert session.said is not None
    assert "web page" in render(session.said.what, "en")


def test_a_hold_that_is_released_prints_no_wrong_label(world: World) -> None:
    data = pdf(OTHERS)
    bought(world, data)
    arrive(world, data)
    with preparing(world):
        wait_for(world, lambda: bool(held(world)))
        order = world.store_order(1)
        hold = order.shipments[0].holds[0]
        released = facts.HoldReleased(shipment=order.shipments[0].id, hold=hold.kind)
        assert world.bench.record(order.id, released)
        pack(world)
        wait_for(world, lambda: bool(held(world)))
        assert ledger(world, ZPL).next_job("zebra") is None
        assert parcel(world).print_state is PrintState.NONE


def test_one_carriers_answer_for_two_parcels_is_one_parcels_label(world: World) -> None:
    data = pdf()
    bought(world, data, 1, TRACKING)
    bought(world, data, 2, OTHERS)
    with preparing(world):
        arrive(world, data)
        wait_for(world, lambda: verdicts(world).get(TRACKING) == "")
        for code in ("PKUSRANNA", "202-0000002-0000001", MUG):
            world.bench.scan(code, "hand")
        world.bench.put(Weighed(430))
        wait_for(world, lambda: verdicts(world).get(OTHERS) == "OTHER_PARCEL")
    assert held(world, 2) == Why.OTHER_PARCEL.reason


def test_a_reprint_is_the_same_bytes_and_is_drawn_once(world: World) -> None:
    data = pdf()
    bought(world, data)
    with preparing(world) as counting:
        arrive(world, data)
        wait_for(world, lambda: verdicts(world) == {TRACKING: ""})
        pack(world)
        jobs = ledger(world, ZPL)
        first = jobs.next_job("zebra")
        assert first is not None
        assert jobs.starting(first.id, None)
        jobs.sent(first.id)
        jobs.printed(first.id, "counter")
        again = facts.print_job(TRACKING, 2)
        queued = facts.PrintQueued(parcel=parcel(world).id, job=again, copy=2, reason="smeared")
        assert world.bench.record(world.store_order(1).id, queued)
        with world.store.turn() as turn:
            row = turn.sql.execute(select(t.jobs).where(t.jobs.c.id == first.id)).one()._asdict()
            copy = {**row, "id": again, "seq": 99, "state": "queued", "attempts": 0}
            turn.sql.execute(t.jobs.insert().values(**copy))
        second = jobs.next_job("zebra")
        assert second is not None
        assert second.data == first.data
        assert counting.asked == [TRACKING]


def test_what_another_printer_could_print_holds_nobody_until_it_is_wanted(world: World) -> None:
    data = zpl.render(outsider.a_label(TRACKING))  # for 203 dpi
    bought(world, data)
    arrive(world, data)
    head = Head(dots_per_mm=12)
    with preparing(world, head):
        wait_for(world, lambda: verdicts(world) == {TRACKING: "OTHER_DOTS"})
        assert held(world) == ""
        pack(world)
        wait_for(world, lambda: held(world) == Why.OTHER_DOTS.reason)


def test_for_another_printer_a_label_is_got_ready_anew(world: World) -> None:
    data = pdf()
    bought(world, data)
    arrive(world, data)
    for head in (ZPL, TSPL):
        with preparing(world, head) as counting:
            wait_for(world, lambda: head.mark in _heads(world))  # noqa: B023  # called at once
            assert counting.asked == [TRACKING]
    with preparing(world, TSPL) as counting:
        assert not threading.Event().wait(0.2)
        assert counting.asked == []


def _heads(world: World) -> set[str]:
    with world.store.turn() as turn:
        return set(turn.sql.execute(select(t.prepared.c.head)).scalars())


def test_a_kill_between_arriving_and_printing_loses_no_check(world: World) -> None:
    data = pdf(OTHERS)
    bought(world, data)
    arrive(world, data)
    pack(world)
    world.bench = world.open()
    assert ledger(world, ZPL).next_job("zebra") is None
    with preparing(world):
        wait_for(world, lambda: bool(held(world)))
    assert parcel(world).print_state is PrintState.NONE


def test_a_bench_whose_sheets_cannot_be_read_says_where_and_does_not_start(tmp_path: Path) -> None:
    (tmp_path / "sheets.toml").write_text("[[sheet]]\npage = [210]\n")
    printer = config.Printer(url="tcp://127.0.0.1:9")
    with pytest.raises(BadRules, match=r"sheets\.toml: .*Mend that line"):
        open_floor(tmp_path, config.Config(printers={"zebra": printer}))
