from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text

from station.codes.code import Gtin, OrderCode, Sscc, Tracking, Unknown
from station.session import Session, saved
from station.store import desk, engine, journal, queue
from station.store.keep import StoreKeep
from station.store.store import Damaged, Full, Newer, Store, StoreError
from sync.orders import Claim, Entry, Fact, Impossible, Order, apply, facts, fold
from sync.protocol import chain
from sync.protocol.cursor import Cursor
from sync.protocol.messages import (
    Acked,
    Change,
    Enrolled,
    Heartbeat,
    Item,
    Judged,
    Packer,
    Page,
    Verdict,
)
from tests.builders import MUG, NOON, SPOON, a_label, a_line, an_order, up_to_close


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = Store(tmp_path / "bench.db")
    yield store
    store.close()


@pytest.fixture
def keep(store: Store) -> StoreKeep:
    keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
    keep.enrol(Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON))
    return keep


def claimed(number: str = "202-0000001-0000001", *, pieces: int = 2) -> Order:
    order = an_order(number, lines=(a_line(quantity=pieces),))
    return apply(order, up_to_close(order)[0])


def page(*orders: Order, after: str = "0.0", through: int = 0, head: str = "") -> Page:
    seq = int(after.partition(".")[2])
    changes = tuple(
        Change(seq=seq + n, shipment=order.shipments[0].id, order=order, through=through)
        for n, order in enumerate(orders, 1)
    )
    following = f"1.{seq + len(orders)}"
    return Page(
        after=after,
        next=following,
        head=head or following,
        changes=changes,
        items=(Item(sku="MUG-BL", gtins=(MUG,), name="Blue mug"),),
        packers=(Packer(badge="ANNA", name="Anna"),),
        server_time=NOON,
    )


def write(store: Store, order: Order, *happened: Fact) -> None:
    with store.turn() as turn:
        start = journal.last_link(turn)[0]
        entries = [
            Entry(id=f"e{start + n}", order=order.id, at=NOON, bench="b1", fact=fact)
            for n, fact in enumerate(happened, 1)
        ]
        journal.write_entries(turn, entries)


def now(store: Store, id: str) -> Order | None:
    with store.turn() as turn:
        return turn.order(id)


def test_a_page_is_taken_at_the_cursor_that_it_was_read_from_and_no_other(
    store: Store, keep: StoreKeep
) -> None:
    order = claimed()
    keep.take(page(order))
    assert keep.cursor() == Cursor(1, 1)
    keep.take(page(claimed("202-0000002-0000001")))
    keep.take(page(claimed("202-0000002-0000001"), after="1.5"))
    assert now(store, order.id) == order
    assert now(store, "amazon-uk:202-0000002-0000001") is None


def test_what_was_packed_here_survives_the_hubs_next_word(store: Store, keep: StoreKeep) -> None:
    order = claimed()
    keep.take(page(order))
    started = up_to_close(order)[1:5]
    write(store, order, *started)
    changed = apply(order, facts.AddressChanged(digest="elsewhere"))
    keep.take(page(changed, after="1.1"))
    after = now(store, order.id)
    assert after == fold(changed, started)
    keep.take(page(fold(changed, started), after="1.2", through=4))
    assert now(store, order.id) == after, "the same pieces, counted once"


def test_an_order_is_found_by_all_of_its_codes(store: Store, keep: StoreKeep) -> None:
    urgent = claimed("202-0000002-0000001")
    packed = fold(claimed(), up_to_close(claimed())[1:])
    keep.take(page(urgent, packed))
    with store.turn() as turn:
        by_number = desk.look_up(turn, OrderCode("202-0000002-0000001"))
        assert by_number.order == urgent
        assert desk.look_up(turn, Unknown("2020000002 0000001")).order == urgent
        by_label = desk.look_up(turn, Tracking("", "rr123456785gb"))
        assert (by_label.order, by_label.parcel_id) == (packed, packed.shipments[0].parcels[0].id)
        piece = desk.look_up(turn, Gtin(MUG))
        assert piece.needing == urgent, "the packed one needs no more"
        assert piece.item is not None
        nothing = desk.look_up(turn, Gtin(SPOON))
        assert (nothing.needing, nothing.item) == (None, None)


@pytest.mark.parametrize("printed", ["340123450000000018", "00340123450000000018"])
def test_a_label_whose_number_is_an_sscc_is_found_however_it_prints_it(
    store: Store, keep: StoreKeep, printed: str
) -> None:
    order = claimed()
    parcel = f"{order.shipments[0].id}/1"
    label = a_label(order, printed)
    bought = fold(
        order,
        [
            facts.ParcelPlanned(parcel=parcel),
            facts.LabelRequested(parcel=parcel, key="k", grams=400, address=order.address_digest),
            facts.LabelBought(parcel=parcel, label=label),
        ],
    )
    keep.take(page(bought))
    with store.turn() as turn:
        assert desk.look_up(turn, Sscc("340123450000000018")).order == bought


def test_a_piece_opens_a_one_piece_order_before_a_more_urgent_large_one(
    store: Store, keep: StoreKeep
) -> None:
    large, single = claimed(pieces=2), claimed("202-0000002-0000001", pieces=1)
    keep.take(page(large, single))
    with store.turn() as turn:
        assert desk.look_up(turn, Gtin(MUG)).needing == single


def test_a_piece_never_begins_an_order_twice(store: Store, keep: StoreKeep) -> None:
    first, second = claimed(pieces=2), claimed("202-0000002-0000001", pieces=3)
    keep.take(page(first, second))
    write(store, first, *up_to_close(first)[1:5])
    with store.turn() as turn:
        assert desk.look_up(turn, Gtin(MUG)).needing == second, "the first is begun"
    assert [order.id for order in queue.waiting(store, 2)] == [first.id, second.id]


def test_a_label_that_was_bought_here_is_found_by_its_number(store: Store, keep: StoreKeep) -> None:
    order = claimed()
    keep.take(page(order))
    happened = up_to_close(order)[1:]
    write(store, order, *happened[:2])
    write(store, order, *happened[2:10])
    with store.turn() as turn:
        known = desk.look_up(turn, Tracking("", "RR123456785GB"))
        assert known.order == turn.order(order.id) == fold(order, happened[:10])


def test_what_left_in_a_turn_is_gone_in_that_turn(store: Store, keep: StoreKeep) -> None:
    order = claimed()
    keep.take(page(order))
    gone = Change(seq=2, shipment=order.shipments[0].id, order=None, through=0)
    with store.turn(feed=True) as turn:
        assert turn.order(order.id) == order
        keep.take(Page(after="1.1", next="1.2", head="1.2", changes=(gone,), server_time=NOON))
        assert turn.order(order.id) is None
    assert now(store, order.id) is None


def test_entries_are_dense_chained_and_sent_from_the_last_acknowledged_on(
    store: Store, keep: StoreKeep
) -> None:
    order = claimed()
    keep.take(page(order))
    write(store, order, *up_to_close(order)[1:4])
    batch = keep.batch(500)
    assert batch is not None
    assert [n.seq for n in batch.entries] == [1, 2, 3]
    previous = chain.START
    for numbered in batch.entries:
        previous = chain.link(previous, numbered.seq, numbered.entry)
        assert numbered.hash == previous
    bad = Judged(seq=2, verdict=Verdict.FENCED)
    keep.acked(Acked(acked=2, verdicts=(bad,), server_time=NOON))
    rest = keep.batch(500)
    assert rest is not None
    assert ([n.seq for n in rest.entries], rest.previous) == ([3], batch.entries[1].hash)
    assert [verdict for verdict, _ in keep.overruled()] == [Verdict.FENCED]
    keep.rewind(1)
    assert keep.batch(500) == batch, "a hub that lost them gets them again"


def test_a_fact_that_cannot_happen_leaves_no_trace(store: Store, keep: StoreKeep) -> None:
    order = claimed()
    keep.take(page(order))
    started, *_ = up_to_close(order)[1:]
    with pytest.raises(Impossible):
        write(store, order, started, started)
    assert now(store, order.id) == order
    assert keep.batch(500) is None


def test_a_full_disk_refuses_the_whole_turn_and_the_next_one_works(
    store: Store, keep: StoreKeep
) -> None:
    order = claimed()
    keep.take(page(order))
    with store.turn() as turn:
        pages = turn.sql.execute(text("PRAGMA page_count")).scalar_one()
        turn.sql.execute(text(f"PRAGMA max_page_count={pages + 1}"))
    session = saved(Session(bench="b1"))

    def fill() -> None:
        with store.turn() as turn:
            for _ in range(2000):
                journal.write_scan(turn, datetime.now(UTC), "x" * 4000, "wedge", session)

    with pytest.raises(Full, match="Make room"):
        fill()
    with store.turn() as turn:
        turn.sql.execute(text("PRAGMA max_page_count=1000000"))
        assert turn.sql.execute(text("SELECT count(*) FROM scans")).scalar() == 0
    write(store, order, facts.OrderHeld(shipment=order.shipments[0].id, hold="operator"))  # type: ignore[arg-type]  # a StrEnum's value


def test_the_bench_stands_where_the_last_scan_left_it(tmp_path: Path) -> None:
    store = Store(tmp_path / "bench.db")
    session = Session(bench="b1", flow="pack", shipment_id="s", quantity=3)
    with store.turn() as turn:
        journal.write_scan(turn, NOON, "4006381333931", "wedge", saved(session))
    store.close()
    again = Store(tmp_path / "bench.db")
    with again.turn() as turn:
        assert journal.last_session(turn) == saved(session)
    again.close()


def test_a_reset_keeps_the_queue_until_the_feed_has_been_read_again(
    store: Store, keep: StoreKeep
) -> None:
    first, second = claimed(), claimed("202-0000002-0000001")
    keep.take(page(first, second))
    keep.reset(2)
    assert now(store, second.id) == second, "work goes on"
    again = Page(
        after="2.0",
        next="2.1",
        head="2.1",
        changes=(Change(seq=1, shipment=first.shipments[0].id, order=first, through=0),),
        server_time=NOON,
    )
    keep.take(again)
    assert now(store, first.id) == first
    assert now(store, second.id) is None, "nobody named it again"


def test_every_reading_of_the_feed_is_swept_at_its_end(store: Store, keep: StoreKeep) -> None:
    first, second = claimed(), claimed("202-0000002-0000001")
    keep.take(page(first, second))
    for epoch, named in enumerate(((first, second), (second,)), start=2):
        keep.reset(epoch)
        changes = tuple(
            Change(seq=n, shipment=order.shipments[0].id, order=order, through=0)
            for n, order in enumerate(named, 1)
        )
        end = f"{epoch}.{len(named)}"
        keep.take(Page(after=f"{epoch}.0", next=end, head=end, changes=changes, server_time=NOON))
        assert now(store, second.id) == second
        assert now(store, first.id) == (first if first in named else None)


def test_a_shipment_that_leaves_takes_its_codes_along_but_not_what_is_owed(
    store: Store, keep: StoreKeep
) -> None:
    order = claimed()
    keep.take(page(order))
    write(store, order, *up_to_close(order)[1:4])
    gone = Change(seq=2, shipment=order.shipments[0].id, order=None, through=0)
    keep.take(Page(after="1.1", next="1.2", head="1.2", changes=(gone,), server_time=NOON))
    with store.turn() as turn:
        assert desk.look_up(turn, Gtin(MUG)).needing is None
        assert journal.owed(turn) == 3
    assert queue.waiting(store, 10) == ()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    store = Store(tmp_path / "bench.db")
    with store.turn() as turn:
        turn.set("schema", "999")
    store.close()
    with pytest.raises(Newer, match="newer"):
        Store(tmp_path / "bench.db")


def test_a_file_that_is_no_database_is_named_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "bench.db").write_bytes(b"not a database, by any measure" * 200)
    with pytest.raises(Damaged, match="moves the file aside"):
        Store(tmp_path / "bench.db")


def test_what_follows_a_turn_waits_for_the_one_around_it(store: Store) -> None:
    told = list[str]()
    with store.turn() as outer:
        with store.turn() as inner:
            inner.set("note", "said")
            inner.afterwards.append(lambda: told.append(within(store)))
        outer.set("note", "said again")
        assert told == []
    assert told == ["said again"]


def test_nothing_follows_a_turn_that_came_to_nothing(store: Store) -> None:
    told = list[str]()

    def come_to_nothing() -> None:
        with store.turn():
            with store.turn() as inner:
                inner.afterwards.append(lambda: told.append("told"))
            raise ValueError("it comes to nothing")

    with pytest.raises(ValueError, match="it comes to nothing"):
        come_to_nothing()
    assert told == []


def within(store: Store) -> str:
    with store.turn() as turn:
        return turn.get("note")


def test_many_threads_take_their_turns(store: Store) -> None:
    def count() -> None:
        for _ in range(20):
            with store.turn() as turn:
                turn.set("n", str(int(turn.get("n", "0")) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.turn() as turn:
        assert turn.get("n") == "80"


def test_bytes_are_kept_only_under_their_own_hash(keep: StoreKeep) -> None:
    with pytest.raises(ValueError, match="not the bytes"):
        keep.put_blob("0" * 64, b"^XA^XZ")


def test_a_lost_database_connection_is_one_sentence(store: Store) -> None:
    with pytest.raises(StoreError, match="no such table"), store.turn() as turn:
        turn.sql.execute(text("SELECT * FROM nowhere"))


def test_claims_travel_with_the_order(store: Store, keep: StoreKeep) -> None:
    keep.take(page(claimed()))
    order = now(store, claimed().id)
    assert order is not None
    assert order.shipments[0].claim == Claim(1, 1)


def test_a_file_that_somebody_else_holds_is_not_called_damaged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store(tmp_path / "bench.db").close()
    monkeypatch.setattr(engine, "BUSY_SECONDS", 0.01)
    other = Store(tmp_path / "bench.db")
    with other.turn(), pytest.raises(StoreError, match="locked") as refused:
        Store(tmp_path / "bench.db")
    assert not isinstance(refused.value, Damaged), "it is not to be moved away"
    other.close()


def test_a_bench_starts_although_it_cannot_read_where_another_version_stood(store: Store) -> None:
    with store.turn() as turn:
        journal.write_scan(turn, NOON, "x", "hand", saved(Session(bench="b1")))
        turn.sql.execute(text("UPDATE scans SET session = '{\"flow\": 7}'"))
        assert journal.last_session(turn) is None
