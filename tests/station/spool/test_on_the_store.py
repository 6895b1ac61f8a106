"""The spool on a bench's real file: what comes out, and what the order says of it."""

import hashlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from drivers.simulate.label_printer import VirtualPrinter
from station.flows.flow import Weighed
from station.spool import Printer, Spool
from sync.orders import HoldKind, Order, Parcel, PrintState, apply, facts
from tests.builders import MUG, a_label
from tests.station.spool.shelf import PATIENCE_SECONDS, label
from tests.station.spool.test_spool import HURRY
from tests.station.test_bench import World, claimed

TRACKING = "RR000000005GB"
LABEL = label(TRACKING)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    world.hub(_labelled(claimed(1, MUG=1)))
    world.keep.put_blob(hashlib.sha256(LABEL).hexdigest(), LABEL)
    yield world
    world.store.close()


def _labelled(order: Order) -> Order:
    parcel = f"{order.shipments[0].id}/1"
    bought = msgspec.structs.replace(
        a_label(order, TRACKING, grams=430), sha256=hashlib.sha256(LABEL).hexdigest()
    )
    for fact in (
        facts.ParcelPlanned(parcel=parcel),
        facts.LabelRequested(parcel=parcel, key="k", grams=430, address=order.address_digest),
        facts.LabelBought(parcel=parcel, label=bought),
    ):
        order = apply(order, fact)
    return order


def pack(world: World) -> None:
    """Everything up to the label, which is queued by the last of it."""
    world.bench.scan("PKUSRANNA", "hand")
    world.bench.scan(MUG, "hand")
    world.bench.put(Weighed(430))
    assert parcel(world).print_state is not PrintState.NONE


def parcel(world: World) -> Parcel:
    return world.store_order(1).shipments[0].parcels[0]


@contextmanager
def spooling(world: World, printer: VirtualPrinter) -> Iterator[Spool]:
    spool = Spool([Printer(name="zebra", url=printer.url)], world.ledger, patience=HURRY)
    world.bench.on_commit = spool.wake
    spool.start()
    try:
        yield spool
    finally:
        spool.stop()


def wait_until(world: World, so: Callable[[Parcel], bool]) -> None:
    """Wait for the order to change until its parcel is `so`."""
    changed = threading.Event()
    world.store.listen(lambda ids: changed.set())
    while not so(parcel(world)):
        changed.clear()
        if so(parcel(world)):
            return
        assert changed.wait(PATIENCE_SECONDS), parcel(world)


def test_the_last_piece_brings_the_label_out_and_the_order_says_so(world: World) -> None:
    with VirtualPrinter(ms_per_label=2) as printer, spooling(world, printer):
        pack(world)
        wait_until(world, lambda parcel: parcel.print_state is PrintState.PRINTED)
        assert [one.data for one in printer.printed] == [LABEL]
    world.bench.refresh()
    world.bench.scan(TRACKING, "hand")
    assert parcel(world).closed


def test_a_hold_that_came_before_the_first_byte_holds(world: World) -> None:
    pack(world)
    # The hub has our facts before it says anything of its own.
    world.hub()
    order = world.store_order(1)
    shipment = order.shipments[0].id
    world.says(order.id, facts.OrderHeld(shipment=shipment, hold=HoldKind.FRAUD))
    with VirtualPrinter(ms_per_label=2) as printer, spooling(world, printer) as spool:
        # Long enough for a spool that does not look.
        assert not threading.Event().wait(4 * HURRY.idle)
        assert printer.printed == []
        world.says(order.id, facts.HoldReleased(shipment=shipment, hold=HoldKind.FRAUD))
        spool.wake()
        wait_until(world, lambda parcel: parcel.print_state is PrintState.PRINTED)
        assert [one.data for one in printer.printed] == [LABEL]


def test_a_bench_that_died_in_a_label_knows_afterwards_that_it_came_out(world: World) -> None:
    with VirtualPrinter(ms_per_label=2) as printer:
        printer.fault("paper-out-after=0")
        with spooling(world, printer):
            pack(world)
            wait_until(world, lambda parcel: parcel.print_state is PrintState.SENT)
            printer.wait_until_it_waits()
        world.bench = world.open()
        printer.load(5)
        with spooling(world, printer):
            wait_until(world, lambda parcel: parcel.print_state is PrintState.PRINTED)
        assert [one.data for one in printer.printed] == [LABEL]


def test_without_a_counter_the_closing_scan_is_the_evidence(world: World) -> None:
    with VirtualPrinter(ms_per_label=2) as printer:
        spool = Spool(
            [Printer(name="zebra", url=printer.url, counter=False)], world.ledger, patience=HURRY
        )
        world.bench.on_commit = spool.wake
        spool.start()
        pack(world)
        printer.wait_printed(1)
        wait_until(world, lambda parcel: parcel.print_state is PrintState.SENT)
        world.bench.refresh()
        world.bench.scan(TRACKING, "hand")
        assert parcel(world).print_state is PrintState.PRINTED
        assert parcel(world).closed
        assert world.ledger.next_job("zebra") is None
        spool.stop()
        assert len(printer.printed) == 1


def test_who_the_printer_is_is_known_on_the_next_day(world: World) -> None:
    with VirtualPrinter(ms_per_label=2) as printer, spooling(world, printer):
        pack(world)
        wait_until(world, lambda parcel: parcel.print_state is PrintState.PRINTED)
    known = world.ledger.capability("zebra")
    assert known is not None
    assert (known.serial, known.url, known.odometer) == ("PACKBENCH1", printer.url, True)
    assert world.ledger.capability("another") is None
    with world.store.turn() as turn:
        turn.set("printer.zebra", "{")
    assert world.ledger.capability("zebra") is None
