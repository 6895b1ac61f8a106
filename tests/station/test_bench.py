"""The whole bench without its screen, driven with whatever can happen at one."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from station import codes, flows
from station.bench import Bench, Printers
from station.flows.flow import (
    Commanded,
    Input,
    NotZeroed,
    PrinterTrouble,
    Weighed,
)
from station.session import Session
from station.store import journal
from station.store import schema as t
from station.store.keep import StoreKeep
from station.store.ledger import StoreLedger
from station.store.store import Store
from sync.client.boot import boot
from sync.client.replica import now
from sync.orders import (
    Claim,
    HoldKind,
    Impossible,
    Label,
    LabelState,
    Order,
    apply,
    facts,
)
from sync.protocol.messages import Change, Enrolled, Heartbeat, Packer, Page
from tests.builders import MUG, NOON, SPOON, a_label, a_line, an_order

ANNA = Packer(badge="ANNA", name="Anna M.")
BOSS = Packer(badge="BOSS", name="Ben", role="supervisor")


class World:
    """A hub that says what the test wants, a printer that prints what it is given, one bench."""

    def __init__(self, home: Path) -> None:
        self.store = Store(home / "bench.db")
        self.keep = StoreKeep(
            self.store,
            lambda: Heartbeat(bench="b1"),
            record=lambda order, fact: self.bench.record(order, fact),
        )
        enrolled = Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON)
        self.keep.enrol(enrolled)
        self.orders: dict[str, Order] = {}
        self.through = 0
        self.seq = 0
        self.out: Counter[str] = Counter()
        self.ids = count(1)
        self.bench = self.open()
        self.ledger = StoreLedger(
            self.store, lambda order, fact: self.bench.record(order, fact), lambda name, needs: None
        )

    def open(self) -> Bench:
        """Start the bench, as after a crash."""
        fresh = Session(bench="b1")
        bench = Bench(
            self.store,
            fresh,
            Printers("zebra", "zebra"),
            clock=lambda: NOON,
            ids=lambda: f"e{next(self.ids)}",
        )
        return bench

    def hub(self, *orders: Order) -> None:
        """A page of the feed with these orders, and everything of ours that the hub has."""
        batch = self.keep.batch(500)
        for numbered in batch.entries if batch else ():
            if numbered.seq <= self.through:
                continue
            self.through = numbered.seq
            order = self.orders[numbered.entry.order]
            self.orders[order.id] = now(order, [numbered.entry]).order
        for order in orders:
            self.orders[order.id] = order
        changed = [self.orders[order.id] for order in orders] or list(self.orders.values())
        after = self.seq
        self.seq += len(changed)
        changes = tuple(
            Change(seq=after + n, shipment=order.shipments[0].id, order=order, through=self.through)
            for n, order in enumerate(changed, 1)
        )
        at = f"1.{after}" if after else "0.0"
        page = Page(
            after=at,
            next=f"1.{self.seq}",
            head=f"1.{self.seq}",
            changes=changes,
            packers=(ANNA, BOSS),
            server_time=NOON,
        )
        self.keep.take(page)

    def says(self, order_id: str, *happened: facts.Fact) -> None:
        """The hub puts facts of its own on an order; those that cannot happen it does not."""
        self.hub()
        order = self.orders[order_id]
        for fact in happened:
            try:
                order = apply(order, fact)
            except Impossible:
                continue
        self.hub(order)
        self.bench.refresh()

    def store_order(self, n: int) -> Order:
        """The nth order as it is now at the bench."""
        with self.store.turn() as turn:
            order = turn.order(f"amazon-uk:202-{n:07d}-0000001")
        assert order is not None
        return order

    def prints(self, how: str) -> None:
        """The spool deals with one job."""
        job = self.ledger.next_job("zebra")
        if job is None:
            return
        if job.state.value == "queued":
            if not self.ledger.starting(job.id, self.out.total()):
                return
            if how == "not":
                self.ledger.not_printed(job.id, "counter")
                return
            self.ledger.sent(job.id)
            self.out[job.id] += 1
        if how == "uncertain":
            self.ledger.uncertain(job.id, "wire cut")
        elif how == "printed":
            self.ledger.printed(job.id, "odometer")
        self.bench.refresh()


def claimed(n: int, **lines: int) -> Order:
    made = tuple(
        a_line(f"L{k}", sku=sku, gtin={"MUG": MUG, "SPOON": SPOON}[sku], quantity=quantity)
        for k, (sku, quantity) in enumerate(lines.items(), 1)
    )
    order = an_order(f"202-{n:07d}-0000001", lines=made)
    shipment = order.shipments[0].id
    return apply(
        order,
        facts.ShipmentAllocated(shipment=shipment, warehouse="w", bench="b1", claim=Claim(1, n)),
    )


def labelled(order: Order, tracking: str, grams: int) -> Order:
    """The order with a label bought ahead."""
    parcel = f"{order.shipments[0].id}/1"
    digest = order.address_digest
    label = replace_label(order, tracking, grams)
    for fact in (
        facts.ParcelPlanned(parcel=parcel),
        facts.LabelRequested(parcel=parcel, key=f"k{tracking}", grams=grams, address=digest),
        facts.LabelBought(parcel=parcel, label=label),
    ):
        order = apply(order, fact)
    return order


def replace_label(order: Order, tracking: str, grams: int) -> Label:
    label = a_label(order, tracking, grams=grams)
    return msgspec.structs.replace(label, sha256=hashlib.sha256(tracking.encode()).hexdigest())


@contextmanager
def a_world() -> Iterator[World]:
    with TemporaryDirectory() as home:
        world = World(Path(home))
        world.hub(
            labelled(claimed(1, MUG=1), "RR000000005GB", 430),
            claimed(2, MUG=2, SPOON=1),
            labelled(claimed(3, SPOON=2), "RR000000014GB", 760),
        )
        for tracking in ("RR000000005GB", "RR000000014GB"):
            data = tracking.encode()
            world.keep.put_blob(hashlib.sha256(data).hexdigest(), data)
        yield world
        world.store.close()


def seen(bench: Bench) -> object:
    """What is on the screen."""
    return flows.verdict(bench.session), flows.prompt(bench.session)


def check(world: World) -> None:
    """The promises, whatever has happened."""
    again = world.open()
    assert seen(again) == seen(world.bench), "what is on screen follows from the journal"
    with world.store.turn() as turn:
        orders = [turn.order(id) for id in world.orders]
        jobs = turn.sql.execute(select(t.jobs.c.id)).scalars().all()
    assert len(jobs) == len(set(jobs))
    assert all(times == 1 for times in world.out.values()), "no job came out twice"
    trackings: Counter[str] = Counter()
    for order in orders:
        assert order is not None
        for parcel in order.shipments[0].parcels:
            if parcel.label is not None:
                trackings[parcel.label.tracking] += 1
                assert parcel.label.tracking not in parcel.spoiled
            if parcel.closed:
                assert parcel.label_state is LabelState.BOUGHT
    assert all(times == 1 for times in trackings.values()), "no label on two parcels"


TEXTS = st.one_of(
    st.sampled_from(
        [
            MUG, SPOON, "4006381333931", "ANNA", "PKUSRANNA", "PKUSRBOSS", "PKORD20200000010000001",
            "202-0000002-0000001", "202-0000003-0000001", "RR000000005GB", "RR000000014GB",
            "RR999999991GB", "PKCMDUNDO", "PKCMDSHORT", "PKCMDHOLD", "PKCMDDONE", "PKCMDNEXTBOX",
            "PKCMDACK", "PKCMDREPRINT", "PKCMDVOID", "PKCMDCANCEL", "PKCMDQTY2", "PKCMDBOX1",
            "PKCMDBOX2", "PKCMDHELP", "PKCMDLANGUAGE", "PKCMDLOGOUT", "PKTOT1", "PKBOXM",
            "", "\x1d", "\ud800", "]C10104006381333931", "A" * 4000, "M\ufffdller", "^XZ~JA", "📦",
        ]
    ),
    st.text(max_size=40),
)  # fmt: skip
INPUTS: st.SearchStrategy[Input] = st.one_of(
    st.builds(Weighed, st.sampled_from([1, 430, 760, 1200, 1440, 5000])),
    st.builds(NotZeroed, st.just(400)),
    st.builds(PrinterTrouble, st.just("zebra"), st.sampled_from(["paper", ""])),
    st.builds(Commanded, st.sampled_from(["ACK", "UNDO", "DONE", "HELP", "REPRINT", "HOLD"])),
)
SHIPMENTS = [f"amazon-uk:202-{n:07d}-0000001#1" for n in (1, 2, 3)]
NEWS = st.sampled_from(
    [
        fact
        for s in SHIPMENTS
        for fact in (
            facts.OrderCancelled(shipment=s),
            facts.CancelRequested(shipment=s),
            facts.OrderHeld(shipment=s, hold=HoldKind.ADDRESS),
            facts.HoldReleased(shipment=s, hold=HoldKind.ADDRESS),
            facts.AddressChanged(digest="elsewhere"),
            facts.LabelVoided(parcel=f"{s}/1"),
            facts.LabelFailed(parcel=f"{s}/1", why="no such postcode"),
            facts.LabelUncertain(parcel=f"{s}/1"),
        )
    ]
)
MOVES = st.one_of(
    st.tuples(st.just("scan"), TEXTS),
    st.tuples(st.just("scan"), TEXTS),
    st.tuples(st.just("scan"), TEXTS),
    st.tuples(st.just("put"), INPUTS),
    st.tuples(st.just("news"), st.tuples(st.sampled_from([1, 2, 3]), NEWS)),
    st.tuples(st.just("buy"), st.just(None)),
    st.tuples(st.just("feed"), st.just(None)),
    st.tuples(st.just("print"), st.sampled_from(["printed", "not", "uncertain", "silent"])),
    st.tuples(st.just("late"), st.lists(TEXTS, max_size=4)),
    st.tuples(st.just("crash"), st.just(None)),
)


def move(world: World, what: str, how: object) -> None:
    match what, how:
        case "scan", str(text):
            world.bench.scan(text, "wedge")
        case "put", input:
            world.bench.put(input)  # type: ignore[arg-type]  # the strategy gives inputs
        case "news", (int(n), fact):
            world.says(f"amazon-uk:202-{n:07d}-0000001", fact)  # type: ignore[arg-type]  # likewise
        case "late", [*texts]:
            world.bench.late([str(text) for text in texts], "hand")
        case "buy", _:
            buy(world)
        case "feed", _:
            world.hub()
            world.bench.refresh()
        case "print", str(outcome):
            world.prints(outcome)
        case _:
            world.bench = world.open()


def buy(world: World) -> None:
    """The carrier sells every label that was asked for."""
    world.hub()
    for order in list(world.orders.values()):
        for parcel in order.shipments[0].parcels:
            if parcel.label_state in (LabelState.REQUESTED, LabelState.UNCERTAIN):
                tracking = f"CP{next(world.ids):09d}GB"
                label = replace_label(order, tracking, parcel.grams)
                world.says(order.id, facts.LabelBought(parcel=parcel.id, label=label))
                world.keep.put_blob(label.sha256, tracking.encode())


@given(st.lists(MOVES, max_size=40))
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_happens_at_a_bench_it_never_raises_and_keeps_its_promises(
    story: list[tuple[str, object]],
) -> None:
    with a_world() as world:
        world.bench.scan("PKUSRANNA", "wedge")
        for what, how in story:
            move(world, what, how)
            check(world)


def test_a_parcel_goes_from_the_first_piece_to_the_closing_scan() -> None:
    with a_world() as world:
        bench = world.bench
        bench.scan("PKUSRANNA", "wedge")
        bench.scan(MUG, "wedge")
        assert bench.session.order is not None
        assert bench.session.order.channel_order_id == "202-0000001-0000001"
        bench.put(Weighed(430))
        world.prints("printed")
        bench.scan("RR000000005GB", "wedge")
        order = world.store_order(1)
        assert order.shipments[0].parcels[0].closed
        assert world.out == Counter({"RR000000005GB:1": 1})
        assert bench.session.done == 1
        check(world)


def test_the_label_of_another_parcel_does_not_close_this_one() -> None:
    with a_world() as world:
        bench = world.bench
        for text in ("PKUSRANNA", MUG):
            bench.scan(text, "wedge")
        bench.put(Weighed(430))
        world.prints("printed")
        bench.scan("RR000000014GB", "wedge")
        assert not world.store_order(1).shipments[0].parcels[0].closed
        assert bench.session.latched
        bench.scan("PKCMDACK", "wedge")
        bench.scan("RR000000005GB", "wedge")
        assert world.store_order(1).shipments[0].parcels[0].closed


def test_every_scan_is_on_disk_with_what_it_led_to() -> None:
    with a_world() as world:
        texts = ["PKUSRANNA", MUG, "nonsense", "\x11\x10quit", "A" * 4096]
        for text in texts:
            world.bench.scan(text, "wedge")
        with world.store.turn() as turn:
            kept = turn.sql.execute(select(t.scans.c.text).order_by(t.scans.c.seq)).scalars().all()
            last = journal.last_session(turn)
        assert kept == texts
        assert last is not None
        assert codes.read(MUG) is not None


def test_a_trigger_held_down_on_a_label_is_one_scan_and_four_pieces_are_four() -> None:
    with a_world() as world:
        bench = world.bench
        bench.scan("PKUSRANNA", "hand", 1.0)
        bench.scan("PKORD20200000030000001", "hand", 2.0)
        bench.scan("PKORD20200000030000001", "hand", 2.4)
        assert not bench.session.latched, "the same order, read twice"
        bench.scan(SPOON, "hand", 3.0)
        bench.scan(SPOON, "hand", 3.2)
        assert world.store_order(3).shipments[0].packed("L1") == 2
        with world.store.turn() as turn:
            assert turn.sql.execute(select(t.scans.c.seq)).scalars().all() == [1, 2, 3, 4, 5]


def counted(world: World) -> dict[int, int]:
    return {
        n: sum(p.quantity for p in world.store_order(n).shipments[0].parcels[0].packed)
        if world.store_order(n).shipments[0].parcels
        else 0
        for n in (1, 2, 3)
    }


def test_a_scanner_that_comes_back_into_range_packs_nothing_by_itself() -> None:
    with a_world() as world:
        bench = world.bench
        bench.scan("PKUSRANNA", "hand")
        bench.scan("PKORD20200000030000001", "hand")
        bench.late([SPOON, SPOON, MUG], "hand")
        assert seen(bench) == seen(world.open())
        question = bench.session.question
        assert question is not None
        assert question.about == {"n": "3", "first": SPOON}
        assert counted(world) == {1: 0, 2: 0, 3: 0}
        bench.scan(SPOON, "hand")
        assert bench.session.question == question, "it waits for its answer"
        bench.scan("PKCMDUNDO", "hand")
        assert bench.session.question is None
        assert counted(world) == {1: 0, 2: 0, 3: 0}
        with world.store.turn() as turn:
            kept = turn.sql.execute(select(t.scans.c.text)).scalars().all()
        assert kept[2:5] == [SPOON, SPOON, MUG], "on record all the same"


def test_old_scans_are_taken_one_by_one_when_the_packer_says_so() -> None:
    with a_world() as world:
        bench = world.bench
        bench.scan("PKUSRANNA", "hand")
        bench.scan("PKORD20200000030000001", "hand")
        bench.late([SPOON, SPOON], "hand")
        bench.scan("PKCMDDONE", "hand")
        assert bench.session.question is None
        assert counted(world)[3] == 2
        check(world)


def test_old_scans_after_a_wrong_one_wait_until_it_is_settled() -> None:
    with a_world() as world:
        bench = world.bench
        bench.scan("PKUSRANNA", "hand")
        bench.scan("PKORD20200000030000001", "hand")
        bench.late(["4012345678901", SPOON, SPOON], "hand")
        bench.scan("PKCMDDONE", "hand")
        assert bench.session.latched
        bench.scan("PKCMDACK", "hand")
        assert bench.session.question is not None
        assert bench.session.question.about == {"n": "2", "first": SPOON}
        bench.scan("PKCMDDONE", "hand")
        assert counted(world)[3] == 2


def test_old_scans_wait_while_the_bench_is_red_and_two_batches_are_two_questions() -> None:
    with a_world() as world:
        bench = world.bench
        bench.scan("PKUSRANNA", "hand")
        bench.scan("PKORD20200000030000001", "hand")
        bench.scan("4012345678901", "hand")
        assert bench.session.latched
        bench.late([SPOON], "hand")
        bench.late([MUG], "table")
        assert bench.session.question is None
        bench.scan("PKCMDACK", "hand")
        for first in (SPOON, MUG):
            assert bench.session.question is not None
            assert bench.session.question.about["first"] == first
            bench.scan("PKCMDUNDO", "hand")
        assert bench.session.question is None


def test_a_scan_with_half_a_character_in_it_is_answered_and_kept() -> None:
    with a_world() as world:
        world.bench.scan("PKUSR\ud800", "wedge")
        world.bench.garbled("MUG\udfff", "wedge")
        with world.store.turn() as turn:
            kept = turn.sql.execute(select(t.scans.c.text)).scalars().all()
        assert kept == ["PKUSR\ufffd", "MUG\ufffd"]


def test_an_entry_says_when_it_happened_by_a_clock_that_nobody_sets() -> None:
    with a_world() as world:
        order = claimed(1)
        world.hub(order)
        bench = Bench(
            world.store,
            Session(bench="b1"),
            Printers("zebra"),
            stamps=lambda: journal.Stamp("this start", 812.5),
        )
        assert bench.record(order.id, facts.PackStarted(shipment=order.shipments[0].id))
        batch = world.keep.batch(10)
    assert batch is not None
    assert [(n.boot, n.boottime) for n in batch.entries] == [("this start", 812.5)]
    assert batch.boot == boot()
