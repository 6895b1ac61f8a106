from __future__ import annotations

import hashlib
import os
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import msgspec
import pytest
from sqlalchemy import text

from station.session import Session, saved
from station.store import journal, pages
from station.store import schema as t
from station.store.engine import sqlite
from station.store.keep import StoreKeep
from station.store.ledger import StoreLedger
from station.store.opening import finish_exchange, ready
from station.store.rescue import rescue
from station.store.store import Damaged, Store, StoreError
from sync.orders import Entry, Order, apply, facts
from sync.protocol import chain
from sync.protocol.cursor import START, Cursor
from sync.protocol.messages import (
    Acked,
    Change,
    Enrolled,
    Heartbeat,
    Item,
    Numbered,
    Packer,
    Page,
    Rejoin,
)
from tests.builders import MUG, NOON, a_line, an_order, up_to_close

ORDERS, UNSENT, ACKED = 5_000, 500, 120
SEEDS = 12
ENROLLED = Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON)
LABEL = b"^XA^FDlabel^FS^XZ" * 400
ANNA = Packer(badge="ANNA", name="Anna")
_ENTRY = re.compile("NTTBTT[IF]ITI")


def orders(count: int) -> list[Order]:
    made = (an_order(f"202-{n:07d}-1", lines=(a_line(quantity=12),)) for n in range(count))
    return [apply(order, up_to_close(order)[0]) for order in made]


def feed(keep: StoreKeep, queue: list[Order], epoch: int = 1) -> None:
    for at in range(0, len(queue), 500):
        some = queue[at : at + 500]
        page = Page(
            after=str(Cursor(epoch, at)),
            next=str(Cursor(epoch, at + len(some))),
            head=str(Cursor(epoch, len(queue))),
            changes=tuple(
                Change(seq=at + n, shipment=order.shipments[0].id, order=order, through=0)
                for n, order in enumerate(some, 1)
            ),
            items=(Item(sku="MUG-BL", gtins=(MUG,), name="Blue mug"),),
            packers=(ANNA,),
            server_time=NOON,
        )
        keep.take(page)


def work(store: Store, queue: list[Order], count: int) -> None:
    """So many entries, ten an order."""
    happened = [
        (order, fact) for order in queue[: count // 10 + 1] for fact in up_to_close(order)[1:11]
    ]
    for at in range(0, count, 10):
        with store.turn() as turn:
            entries = [
                Entry(
                    id=hashlib.sha256(f"{at + n}".encode()).hexdigest()[:32],
                    order=order.id,
                    at=NOON,
                    bench="b1",
                    by="ANNA",
                    fact=fact,
                )
                for n, (order, fact) in enumerate(happened[at : at + 10])
            ]
            journal.write_entries(turn, entries, at, journal.Stamp("boot", float(at)))
            session = Session(bench="b1", flow="pack", order=happened[at][0], packer=ANNA, done=at)
            journal.write_scan(turn, NOON, MUG, "wedge", saved(session))


def a_job(turn_store: Store, id: str, order: Order, state: str, seq: int) -> None:
    with turn_store.turn() as turn:
        turn.sql.execute(
            t.jobs.insert().values(
                id=id,
                seq=seq,
                printer="zebra",
                kind="label",
                order_id=order.id,
                parcel_id=f"{order.shipments[0].id}/1",
                sha256=hashlib.sha256(LABEL).hexdigest(),
                state=state,
            )
        )


@pytest.fixture(scope="session")
def sound_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sound") / "bench.db"
    queue = orders(ORDERS)
    with closing(Store(path)) as store:
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        keep.enrol(ENROLLED)
        keep.reset(1)
        feed(keep, queue)
        work(store, queue, ACKED + UNSENT)
        keep.acked(Acked(acked=ACKED, verdicts=(), server_time=NOON))
        with store.turn() as turn:
            turn.set("hub", "http://hub.example")
            sha256 = hashlib.sha256(LABEL).hexdigest()
            turn.sql.execute(t.blobs.insert().values(sha256=sha256, data=LABEL))
        for n, state in enumerate(("printed", "sent", "queued"), 1):
            a_job(store, f"job-{n}", queue[ORDERS - n], state, n)
    return path


@pytest.fixture
def file(sound_file: Path, tmp_path: Path) -> Path:
    path = tmp_path / "bench.db"
    shutil.copyfile(sound_file, path)
    return path


def break_page(path: Path, number: int, throw: Random) -> None:
    """Write over a whole page."""
    with path.open("r+b") as opened:
        opened.seek((number - 1) * 4096)
        opened.write(throw.randbytes(4096))


def flip(path: Path, count: int, throw: Random) -> set[int]:
    """Change so many single bytes; give the numbers of the pages that they are on."""
    size, hit = path.stat().st_size, set()
    with path.open("r+b") as opened:
        for _ in range(count):
            at = throw.randrange(size)
            opened.seek(at)
            was = opened.read(1)[0]
            opened.seek(at)
            opened.write(bytes([was ^ (1 << throw.randrange(8))]))
            hit.add(at // 4096 + 1)
    return hit


def entries_by_page(path: Path) -> dict[int, tuple[int, ...]]:
    return {row.rowid: row.pages for row in pages.rows(path, _ENTRY)}


def unsent(store: Store) -> dict[str, Numbered]:
    """What would go up, by id; its chain is looked through."""
    keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
    with store.turn() as turn:
        turn.set(t.REJOIN, "")  # as if the hub had answered
    batch = keep.batch(10_000)
    if batch is None:
        return {}
    link = batch.previous
    for numbered in batch.entries:
        link = chain.link(link, numbered.seq, numbered.entry)
        assert link == numbered.hash
    numbers = [numbered.seq for numbered in batch.entries]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    return {numbered.entry.id: numbered for numbered in batch.entries}


@pytest.mark.parametrize("seed", range(SEEDS))
def test_whatever_bytes_are_flipped_no_readable_entry_is_lost(file: Path, seed: int) -> None:
    throw = Random(seed)
    where = entries_by_page(file)
    with closing(Store(file)) as store:
        before = unsent(store)
    assert len(before) == UNSENT
    with closing(sqlite.connect(str(file))) as opened:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    hit = flip(file, throw.choice((1, 10, 100, 1000)), throw)
    came = rescue(file)
    with closing(Store(file)) as store:
        after = unsent(store)
        with store.turn() as turn:
            assert turn.sql.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    unhurt = {id for id, one in before.items() if not hit & set(where[one.seq])}
    assert unhurt <= after.keys()
    assert all(after[id].entry == before[id].entry for id in after if id in before)
    assert len(after) == came.unsent
    assert came.lost >= len(before.keys() - after.keys()) or not came.certain
    assert came.aside.exists()


def test_a_file_that_only_lost_its_index_goes_on_with_its_journal(file: Path) -> None:
    with closing(Store(file)) as store:
        before = unsent(store)
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'shipments_by_state'"
        with store.turn() as turn:
            page = turn.sql.execute(text(root)).scalar_one()
    break_page(file, page, Random(1))
    came = rescue(file)
    assert (came.lost, came.certain) == (0, True)
    with closing(Store(file)) as store:
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        assert keep.rejoin() is None
        assert keep.enrolled() == ENROLLED
        assert keep.cursor() == START
        after = unsent(store)
        with store.turn() as turn:
            session = journal.last_session(turn)
            assert (turn.get("hub"), turn.get("acked")) == ("http://hub.example", str(ACKED))
    assert after == before, "byte for byte, boot stamps too"
    assert session is not None
    assert (session.packer, session.flow, session.order_id) == (ANNA, "choose", "")


def test_a_journal_with_a_hole_begins_a_new_incarnation_after_what_the_hub_has(file: Path) -> None:
    where = entries_by_page(file)
    with closing(Store(file)) as store:
        before = unsent(store)
        with store.turn() as turn:
            last = journal.hash_of(turn, ACKED)
    page = where[ACKED + 200][0]
    gone = {id for id, one in before.items() if where[one.seq][0] == page}
    break_page(file, page, Random(1))
    came = rescue(file)
    assert (came.lost, came.unsent) == (len(gone), UNSENT - len(gone))
    with closing(Store(file)) as store:
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        assert keep.rejoin() == Rejoin(after=ACKED, hash=last)
        assert keep.batch(500) is None, "the chain would not join"
        keep.rejoined(msgspec.structs.replace(ENROLLED, incarnation=2))
        assert keep.rejoin() is None
        batch = keep.batch(10_000)
        assert batch is not None
        assert (batch.incarnation, batch.previous) == (2, last)
        assert batch.entries[0].seq == ACKED + 1
        assert unsent(store).keys() == before.keys() - gone


def write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def ways_to_break() -> Iterator[tuple[str, Callable[[Path], None]]]:
    yield "emptied", lambda path: os.truncate(path, 0)
    yield "cut in half", lambda path: os.truncate(path, path.stat().st_size // 2 // 4096 * 4096)
    yield "no database", lambda path: break_page(path, 1, Random(3))
    yield "only text", lambda path: write(path, b"not a database, by any measure" * 900)


@pytest.mark.parametrize(("how", "breaks"), list(ways_to_break()))
def test_a_bench_starts_on_whatever_its_file_has_become(
    file: Path, how: str, breaks: Callable[[Path], None]
) -> None:
    breaks(file)
    with pytest.raises(Damaged, match="moves the file aside"):
        Store(file)
    with closing(Store(file, heals=True)) as store:
        assert store.rescued is not None
        assert store.rescued.aside.exists()
        new = orders(ORDERS)[-3:]
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        keep.reset(1)
        feed(keep, new)
        with store.turn() as turn:
            start = facts.PackStarted(shipment=new[0].shipments[0].id)
            entry = Entry(id="new", order=new[0].id, at=NOON, bench="b1", fact=start)
            journal.write_entries(turn, [entry])
        store.check()


def test_what_is_only_in_the_log_is_rescued_too(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    with closing(Store(file)) as store:
        work_more = orders(ORDERS)[100:104]
        with store.turn() as turn:
            start = journal.last_link(turn)[0]
            entries = [
                Entry(id=f"{n:032d}", order=order.id, at=NOON, bench="b1", fact=fact)
                for n, (order, fact) in enumerate((o, up_to_close(o)[1]) for o in work_more)
            ]
            journal.write_entries(turn, entries)
        for tail in ("", "-wal"):
            shutil.copyfile(f"{file}{tail}", f"{other}{tail}")
    assert start == ACKED + UNSENT
    os.truncate(other, 0)
    rescue(other)
    with closing(Store(other)) as store, store.turn() as turn:
        ids = set(turn.sql.execute(text("SELECT id FROM entries WHERE pending")).scalars())
    assert {f"{n:032d}" for n in range(4)} <= ids


def test_a_job_that_cannot_be_read_surely_is_never_queued_again(file: Path) -> None:
    with closing(Store(file)) as store, store.turn() as turn:
        root = "SELECT rootpage FROM sqlite_master WHERE name = 'jobs_open'"
        page = turn.sql.execute(text(root)).scalar_one()
    break_page(file, page, Random(1))
    rescue(file)
    with closing(Store(file)) as store, store.turn() as turn:
        rows = turn.sql.execute(text("SELECT id, state FROM jobs")).all()
        states = {row.id: row.state for row in rows}
    assert states == {"job-1": "printed", "job-2": "sending", "job-3": "sending"}


def test_jobs_wait_until_the_queue_has_come_back(file: Path) -> None:
    break_page(file, 1, Random(1))
    queue = orders(ORDERS)
    with closing(Store(file, heals=True)) as store:
        ledger = StoreLedger(store, lambda order, fact: True, lambda printer, needs: None)
        assert ledger.next_job("zebra") is None
        with store.turn() as turn:
            states = set(turn.sql.execute(text("SELECT state FROM jobs")).scalars())
        assert "dropped" not in states - {"printed"}
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        keep.reset(1)
        feed(keep, queue)
        ledger.next_job("zebra")
        with store.turn() as turn:
            states = set(turn.sql.execute(text("SELECT state FROM jobs")).scalars())
        assert states == {"printed", "dropped"}, "no parcel asks for them"


def test_damage_that_shows_while_packing_refuses_one_scan_and_is_healed(file: Path) -> None:
    store = Store(file, heals=True)
    told: list[str] = []
    store.listen_for_rescue(lambda came: told.append(came.aside.name))
    with closing(store):
        for number in range(2, file.stat().st_size // 4096 + 1):
            break_page(file, number, Random(number))

        def look() -> int:
            with store.turn() as turn:
                return len(turn.sql.execute(text("SELECT now FROM orders")).all())

        with pytest.raises(StoreError, match="damaged"):
            look()
        assert look() == 0, "the queue comes back from the hub"
        assert len(told) == 1
        store.check()


def test_the_look_at_the_whole_file_heals_it(file: Path) -> None:
    store = Store(file, heals=True)
    with closing(store):
        with store.turn() as turn:
            root = "SELECT rootpage FROM sqlite_master WHERE name = 'shipments_by_state'"
            page = turn.sql.execute(text(root)).scalar_one()
        break_page(file, page, Random(2))
        store.check()
        assert store.rescued is not None
        assert store.rescued.lost == 0
        assert len(unsent(store)) == UNSENT
        store.check()


def test_an_exchange_that_the_power_cut_short_is_finished_at_the_next_start(file: Path) -> None:
    break_page(file, 1, Random(1))
    rescue(file)
    new = file.read_bytes()
    file.write_bytes(b"damaged")
    Path(f"{file}-wal").write_bytes(b"an old log")
    ready(file).write_bytes(new)
    # The log had gone, the file had not.
    Path(f"{file}-wal").unlink()
    with closing(Store(file, heals=True)) as store:
        assert store.rescued is None
        assert len(unsent(store)) == UNSENT
    assert finish_exchange(file) is None


def test_nothing_of_a_damaged_file_is_deleted(file: Path) -> None:
    break_page(file, 1, Random(1))
    damaged = file.read_bytes()
    assert rescue(file).aside.read_bytes() == damaged
    break_page(file, 1, Random(1))
    rescue(file)
    assert len(list(file.parent.glob("bench.db.damaged-*"))) == 2


@pytest.mark.slow
def test_the_queue_of_fifty_thousand_is_back_in_seconds(tmp_path: Path) -> None:
    path = tmp_path / "bench.db"
    queue = orders(50_000)
    with closing(Store(path)) as store:
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        keep.enrol(ENROLLED)
        keep.reset(1)
        feed(keep, queue)
        work(store, queue, 500)
    break_page(path, 1, Random(1))
    began = time.monotonic()
    with closing(Store(path, heals=True)) as store:
        rescued = time.monotonic()
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        keep.reset(1)
        feed(keep, queue)
        assert len(unsent(store)) == 500
    back = time.monotonic()
    print(f"rescued in {rescued - began:.1f} s, queue back in {back - rescued:.1f} s")  # noqa: T201
    assert back - began < 60


def test_facts_of_a_label_that_was_begun_keep_it_from_being_printed_again(file: Path) -> None:
    """The job's row may be older than the journal."""
    order = orders(ORDERS)[4_000]
    parcel = f"{order.shipments[0].id}/1"
    happened = up_to_close(order)
    until = next(n for n, fact in enumerate(happened) if isinstance(fact, facts.PrintStarted))
    started = happened[until]
    assert isinstance(started, facts.PrintStarted)
    with closing(Store(file)) as store:
        with store.turn() as turn:
            journal.write_entries(
                turn,
                [
                    Entry(id=f"p{n}", order=order.id, at=NOON, bench="b1", fact=fact)
                    for n, fact in enumerate(happened[1 : until + 1])
                ],
            )
        a_job(store, started.job, order, "queued", 9)
    assert started.parcel == parcel
    break_page(file, 2, Random(1))
    rescue(file)
    with closing(Store(file)) as store, store.turn() as turn:
        state = turn.sql.execute(text("SELECT state FROM jobs WHERE seq = 9")).scalar_one()
    assert state == "sending"
