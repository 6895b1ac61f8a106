from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from station.session import Session, saved
from station.store import compaction, journal
from station.store import schema as t
from station.store.compaction import KEPT_DAYS, KEPT_LINKS, Compaction
from station.store.keep import StoreKeep
from station.store.store import Store
from station.store.upkeep import Upkeep
from sync.orders import Entry, Order, apply, facts
from sync.protocol import chain
from sync.protocol.cursor import Cursor
from sync.protocol.messages import Acked, Change, Enrolled, Heartbeat, Page
from tests.builders import MUG, NOON, a_label, a_line, an_order, up_to_close

FIRST = date(2026, 1, 5)
SCANS = 40
"""A day; enough to see whether something grows."""
SESSION = saved(Session(bench="b1", flow="pack", quantity=3))


class Days:
    """A bench that works day after day, tidied every evening."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)
        self.keep = StoreKeep(self.store, lambda: Heartbeat(bench="b1"))
        self.keep.enrol(Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON))
        self.compaction = Compaction(self.store)
        self.day, self.seq, self.pieces = FIRST, 0, 0

    def feed(self, *changes: tuple[str, Order | None]) -> None:
        """What the hub says."""
        at, self.seq = self.seq, self.seq + len(changes)
        self.keep.take(
            Page(
                after=str(Cursor(1 if at else 0, at)),
                next=str(Cursor(1, self.seq)),
                head=str(Cursor(1, self.seq)),
                changes=tuple(
                    Change(seq=at + n, shipment=shipment, order=order, through=0)
                    for n, (shipment, order) in enumerate(changes, 1)
                ),
                server_time=NOON,
            )
        )

    def work(self, order: Order, scans: int = SCANS) -> None:
        """A day's scans: the same piece goes in and out again."""
        parcel = f"{order.shipments[0].id}/1"
        with self.store.turn() as turn:
            last = journal.last_link(turn)[0]
            happened = [
                (facts.ItemUnpacked if (self.pieces + n) % 2 else facts.ItemPacked)(
                    parcel=parcel, line="L1"
                )
                for n in range(scans)
            ]
            self.pieces += scans
            entries = [
                Entry(id=f"e{last + n}", order=order.id, at=NOON, bench="b1", fact=fact)
                for n, fact in enumerate(happened, 1)
            ]
            journal.write_entries(turn, entries)
            for _ in range(scans):
                journal.write_scan(turn, NOON, MUG, "wedge", SESSION)

    def evening(self, *, acked: bool = True) -> None:
        """The hub has everything; the file is tidied; the night goes by."""
        if acked:
            with self.store.turn() as turn:
                last = journal.last_link(turn)[0]
            self.keep.acked(Acked(acked=last, verdicts=(), server_time=NOON))
        for _ in self.compaction.run(self.day):
            pass
        self.day += timedelta(days=1)

    def count(self, table: str) -> int:
        with self.store.turn() as turn:
            return int(turn.sql.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


@pytest.fixture
def days(tmp_path: Path) -> Iterator[Days]:
    days = Days(tmp_path / "bench.db")
    yield days
    days.store.close()


def opened() -> Order:
    order = an_order(lines=(a_line(quantity=5),))
    return apply(order, up_to_close(order)[0])


def begin(days: Days) -> Order:
    """An order that stays open at the bench."""
    order = opened()
    days.feed((order.shipments[0].id, order))
    with days.store.turn() as turn:
        begun = [
            Entry(id=f"b{n}", order=order.id, at=NOON, bench="b1", fact=fact)
            for n, fact in enumerate(up_to_close(order)[1:4])
        ]
        journal.write_entries(turn, begun)
    return order


def log_frames(store: Store, order: Order) -> int:
    """How many pages forty scans, each a transaction, write."""
    store.shorten_log()
    parcel = f"{order.shipments[0].id}/1"
    for n in range(SCANS):
        kind = facts.ItemPacked if n % 2 == 0 else facts.ItemUnpacked
        with store.turn() as turn:
            last = journal.last_link(turn)[0]
            fact = kind(parcel=parcel, line="L1")
            entry = Entry(id=f"x{last}", order=order.id, at=NOON, bench="b1", fact=fact)
            journal.write_entries(turn, [entry])
            journal.write_scan(turn, NOON, MUG, "wedge", SESSION)
    return Path(f"{store.path}-wal").stat().st_size // 4096


@pytest.mark.parametrize(
    ("nights", "scans"), [(150, 6), pytest.param(3 * 365, SCANS, marks=pytest.mark.slow)]
)
def test_in_its_third_year_a_bench_is_what_it_was_after_two_months(
    days: Days, tmp_path: Path, nights: int, scans: int
) -> None:
    order = begin(days)
    sizes = []
    for _ in range(nights):
        days.work(order, scans)
        days.evening()
        if (days.day - FIRST).days in (60, nights):
            days.store.shorten_log()
            sizes.append((tmp_path / "bench.db").stat().st_size)
    kept = (KEPT_DAYS + 1) * scans
    assert days.count("entries") <= kept + KEPT_LINKS
    assert days.count("scans") <= kept + 1
    assert sizes[1] <= sizes[0] * 1.2
    with closing(Store(tmp_path / "fresh.db")) as store:
        fresh = Days.__new__(Days)
        fresh.store, fresh.seq = store, 0
        fresh.keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        other = begin(fresh)
        assert log_frames(days.store, order) <= log_frames(store, other) * 1.2


def test_what_is_not_acknowledged_stays_however_old(days: Days) -> None:
    order = begin(days)
    for _ in range(KEPT_DAYS + 20):
        days.work(order, 2)
        days.evening(acked=False)
    assert days.count("entries") == 3 + 2 * (KEPT_DAYS + 20)


def test_the_chain_goes_on_where_old_links_have_gone(days: Days) -> None:
    order = begin(days)
    for _ in range(KEPT_DAYS + 20):
        days.work(order, 2)
        days.evening()
    with days.store.turn() as turn:
        base, link = journal.base(turn)
    assert base > 0
    days.keep.rewind(base + 1)
    batch = days.keep.batch(500)
    assert batch is not None
    assert (batch.previous, batch.entries[0].seq) == (link, base + 1)
    for numbered in batch.entries:
        link = chain.link(link, numbered.seq, numbered.entry)
        assert link == numbered.hash


def test_a_hub_that_asks_for_more_than_is_kept_gets_what_is_kept(days: Days) -> None:
    order = begin(days)
    for _ in range(KEPT_DAYS + 20):
        days.work(order, 2)
        days.evening()
    with days.store.turn() as turn:
        base, _ = journal.base(turn)
    days.keep.rewind(1)
    batch = days.keep.batch(500)
    assert batch is not None
    assert batch.entries[0].seq == base + 1, "the hub asks again: this bench must enrol anew"


def test_a_bench_on_holiday_keeps_the_link_that_the_next_entry_joins(days: Days) -> None:
    order = begin(days)
    days.work(order, 4)
    for _ in range(KEPT_DAYS + 20):
        days.evening()
    assert days.count("entries") == KEPT_LINKS
    assert days.count("scans") == 1
    days.work(order, 1)
    batch = days.keep.batch(500)
    assert batch is not None
    assert chain.link(batch.previous, 8, batch.entries[0].entry) == batch.entries[0].hash
    days.keep.reset(2)
    again = days.keep.batch(500)
    assert again is not None
    assert again.previous != chain.START, "the hub must see that it is the same journal"


def test_a_clock_that_jumps_a_year_forgets_nothing(days: Days) -> None:
    order = begin(days)
    days.work(order)
    days.evening()
    days.day = FIRST + timedelta(days=365)
    days.evening()
    days.day = FIRST - timedelta(days=9_000)
    days.evening()
    assert days.count("entries") == 3 + SCANS


def test_nothing_goes_while_the_feed_is_being_read_anew(days: Days) -> None:
    order = begin(days)
    for _ in range(KEPT_DAYS + 20):
        days.work(order, 2)
    days.keep.reset(2)
    before = days.count("entries")
    for _ in range(KEPT_DAYS + 20):
        days.evening()
    assert days.count("entries") == before


def label_of(number: int) -> bytes:
    return f"^XA^FD{number}^FS^XZ".encode() * 500


def labelled(number: int) -> Order:
    order = an_order(f"202-{number:07d}-1")
    order = apply(order, up_to_close(order)[0])
    parcel = f"{order.shipments[0].id}/1"
    sha256 = hashlib.sha256(label_of(number)).hexdigest()
    bought = msgspec.structs.replace(a_label(order, f"RR{number:09d}GB"), sha256=sha256)
    for fact in (
        facts.ParcelPlanned(parcel=parcel),
        facts.LabelRequested(parcel=parcel, key="k", grams=400, address=order.address_digest),
        facts.LabelBought(parcel=parcel, label=bought),
    ):
        order = apply(order, fact)
    return order


def job(days: Days, order: Order, number: int, state: str) -> None:
    sha256 = hashlib.sha256(label_of(number)).hexdigest()
    with days.store.turn() as turn:
        turn.sql.execute(
            t.jobs.insert().values(
                id=f"job-{number}",
                seq=number,
                printer="zebra",
                kind="label",
                order_id=order.id,
                parcel_id="p",
                sha256=sha256,
                state=state,
            )
        )


def test_label_bytes_go_when_nothing_names_them_and_no_job_needs_them(days: Days) -> None:
    here, gone, printing = labelled(1), labelled(2), labelled(3)
    days.feed(*((order.shipments[0].id, order) for order in (here, gone, printing)))
    for number in (1, 2, 3):
        days.keep.put_blob(hashlib.sha256(label_of(number)).hexdigest(), label_of(number))
        made = {"sha256": hashlib.sha256(label_of(number)).hexdigest(), "head": "zpl/8"}
        with days.store.turn() as turn:
            row = {**made, "tracking": str(number), "data": b"address", "why": ""}
            turn.sql.execute(t.prepared.insert().values(**row))
    job(days, gone, 2, "printed")
    job(days, printing, 3, "sending")
    days.feed((gone.shipments[0].id, None), (printing.shipments[0].id, None))
    days.evening()
    with days.store.turn() as turn:
        for table in ("blobs", "prepared", "labels"):
            kept = set(turn.sql.execute(text(f"SELECT sha256 FROM {table}")).scalars())
            assert kept == {hashlib.sha256(label_of(number)).hexdigest() for number in (1, 3)}
    assert days.count("jobs") == 2, "a printed job is remembered for a while"
    for _ in range(KEPT_DAYS + 2):
        days.evening()
    assert days.count("jobs") == 1


def test_bytes_that_an_order_names_just_now_stay(days: Days) -> None:
    order = labelled(1)
    shipment = order.shipments[0].id
    days.feed((shipment, order))
    sha256 = hashlib.sha256(label_of(1)).hexdigest()
    days.keep.put_blob(sha256, label_of(1))
    days.feed((shipment, None))
    steps = days.compaction.run(days.day)
    for _ in range(2):
        next(steps)  # the orders have been looked through, and none names it
    days.feed((shipment, order))
    for _ in steps:
        pass
    assert days.count("blobs") == 1


def test_room_that_became_free_goes_back_to_the_disk(days: Days, tmp_path: Path) -> None:
    orders = [labelled(number) for number in range(1, 60)]
    days.feed(*((order.shipments[0].id, order) for order in orders))
    for number in range(1, 60):
        days.keep.put_blob(hashlib.sha256(label_of(number)).hexdigest(), label_of(number))
    days.store.shorten_log()
    before = (tmp_path / "bench.db").stat().st_size
    days.feed(*((order.shipments[0].id, None) for order in orders))
    days.evening()
    days.store.shorten_log()
    assert (tmp_path / "bench.db").stat().st_size < before / 2


def test_upkeep_waits_until_nobody_packs_and_does_it_once_a_day(days: Days) -> None:
    order = begin(days)
    for _ in range(KEPT_DAYS + 5):
        days.work(order)
        days.evening()
    idle, today = False, days.day
    upkeep = Upkeep(days.store, lambda: idle, lambda: today)
    upkeep.look()
    with days.store.turn() as turn:
        assert str(today) not in turn.get("marks")
    idle = True
    upkeep.look()
    with days.store.turn() as turn:
        assert str(today) in turn.get("marks")
    assert Path(f"{days.store.path}-wal").stat().st_size == 0
    days.work(order)
    upkeep.look()
    assert Path(f"{days.store.path}-wal").stat().st_size > 0, "tomorrow again"


def test_upkeep_brings_a_long_log_into_the_file_while_people_pack(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.store.upkeep.LOG_BYTES", 4096)
    order = begin(days)
    days.work(order)
    before = days.store.path.stat().st_size
    Upkeep(days.store, lambda: False).look()
    assert days.store.path.stat().st_size > before


def test_scans_go_on_while_the_file_is_tidied(days: Days) -> None:
    order = begin(days)
    for _ in range(KEPT_DAYS + 20):
        days.work(order, 20)
        days.day += timedelta(days=1)
        with days.store.turn(feed=True) as turn:
            compaction._marked(turn, days.day)
    last = days.count("entries")
    days.keep.acked(Acked(acked=last, verdicts=(), server_time=NOON))
    turns = 0
    for _ in days.compaction.run(days.day):
        days.work(order, 1)
        turns += 1
    assert turns > 3, "many short ones, not a long one"
    assert days.count("entries") < last
    with days.store.turn() as turn:
        assert journal.last_link(turn)[0] == last + turns
