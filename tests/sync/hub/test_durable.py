"""Durable work is begun once, by a free hand, and outlives whoever was at it."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sync.hub import setup
from sync.hub.durable import AT_ONCE, LANE_AT_ONCE, Durable, Piece
from sync.hub.engine import Store, open_store
from sync.hub.hands import ELSEWHERE_SECONDS, HURRY_SECONDS, Hands, due
from sync.hub.schema import orders, parcel, process

PATIENCE_SECONDS = 60.0


def until(so: Callable[[], object]) -> None:
    """Wait for what another thread does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not so():
        assert time.monotonic() < deadline, "it did not happen"
        threading.Event().wait(0.01)


class Desk:
    """Books with parcels that are due, and hands that do nothing but note what they were given."""

    def __init__(self, folder: Path, url: str = "", name: str = "hub-1") -> None:
        self.store: Store = open_store(url or f"sqlite:///{folder / 'hub.db'}")
        setup.make(self.store)
        self.durable = Durable(self.store, name, self._do)
        self.at = 100.0
        self.hands = Hands(self.store, self.durable, tick=lambda: self.at)
        self.done: Counter[str] = Counter()
        self.begun: Counter[str] = Counter()
        self.open = threading.Event()
        self.open.set()
        """Closed, whoever begins does not come to an end."""

    def _do(self, kind: str, id: str) -> None:
        self.hands.began(kind, id)
        self.begun[id] += 1
        try:
            self.open.wait()
            if self.begun[id] > self.done[id]:
                self.done[id] += 1
        finally:
            self.hands.landed(kind, id)

    def owe(self, number: int, lane: str = "uk") -> list[str]:
        """Let so many labels of a channel be due."""
        ids = [f"{lane}:{n:03d}" for n in range(number)]
        with self.store.write() as connection:
            for id in ids:
                row = {"id": id, "channel": lane, "channel_order_id": id, "version": 1, "doc": b""}
                row |= {"summary": "", "payment": "", "service": "", "received_at": 0.0}
                connection.execute(orders.insert().values(**row, called_off=False))
                row = {"id": id, "order_id": id, "label_work": True, "confirm_work": False}
                row |= {"tracking": "", "tries": 0, "due_at": 0.0}
                connection.execute(parcel.insert().values(**row))
        return ids

    def piece(self, id: str, ticket: str) -> Piece:
        return Piece(kind="label", parcel=id, lane="uk", ticket=ticket)

    def close(self) -> None:
        self.open.set()
        assert self.hands.rest(PATIENCE_SECONDS)
        self.durable.end()
        self.store.close()


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path)
    made.durable.begin()
    yield made
    made.close()


def test_a_piece_is_begun_once_however_often_it_is_asked_for(desk: Desk) -> None:
    for _ in range(3):
        desk.durable.start(desk.piece("a", "label:a:1"))
    desk.durable.enqueue(desk.piece("a", "label:a:1"))
    desk.durable.start(desk.piece("b", "label:b:1"))
    until(lambda: desk.done["b"])
    until(lambda: desk.durable.begun(["label:a:1"]) == {"label:a:1": False})
    assert desk.done == {"a": 1, "b": 1}
    assert desk.durable.begun(["label:c:1"]) == {}


def test_a_channel_with_much_to_do_keeps_no_other_one_waiting(desk: Desk) -> None:
    desk.open.clear()
    desk.owe(150, "big")
    assert desk.hands.give("label") == LANE_AT_ONCE
    assert desk.hands.give("label") == 0
    (other,) = desk.owe(1, "small")
    assert desk.hands.give("label") == 1
    until(lambda: desk.begun[other])
    assert desk.begun.total() <= LANE_AT_ONCE + 1


def test_all_channels_together_have_so_many_hands(desk: Desk) -> None:
    desk.open.clear()
    for lane in "abcdefg":
        desk.owe(5, lane)
    assert desk.hands.give("label") == AT_ONCE


def test_what_finds_no_hand_for_a_while_goes_on_the_queue_and_is_done_by_it(desk: Desk) -> None:
    desk.open.clear()
    ids = desk.owe(6)
    assert desk.hands.give("label") == LANE_AT_ONCE
    desk.at += HURRY_SECONDS + 1
    assert desk.hands.give("label") == 0  # there is nobody else
    with desk.store.write() as connection:
        for name in ("hub-1", "hub-2"):
            row = {"name": name, "boot": name, "beat_at": time.time(), "address": ""}
            connection.execute(process.insert().values(**row))
    assert desk.hands.give("label") == 2
    until(lambda: len(desk.begun) == len(ids))
    desk.open.set()
    until(lambda: len(desk.done) == len(ids))


def test_a_piece_that_is_due_again_after_its_end_is_begun_again(desk: Desk) -> None:
    """Its columns say that there is something to do, and they are right."""
    (id,) = desk.owe(1)
    assert desk.hands.give("label") == 1
    until(lambda: desk.done[id] == 1)
    with desk.store.read() as connection:
        (piece,) = due(connection, "label", time.time())
    until(lambda: desk.durable.begun([piece.ticket]) == {piece.ticket: False})
    assert desk.hands.give("label") == 1
    until(lambda: desk.done[id] == 2)


def test_a_piece_that_another_hub_is_at_is_left_to_it_and_looked_after_later(desk: Desk) -> None:
    (id,) = desk.owe(1)
    with desk.store.read() as connection:
        (piece,) = due(connection, "label", time.time())
    desk.open.clear()
    desk.durable.start(piece)
    until(lambda: desk.begun[id])
    assert desk.hands.give("label") == 1
    assert desk.begun[id] == 1
    desk.at += ELSEWHERE_SECONDS + 1
    desk.hands.give("label")
    assert desk.begun[id] == 1


def test_what_was_done_long_ago_is_forgotten(desk: Desk) -> None:
    desk.durable.start(desk.piece("a", "label:a:1"))
    until(lambda: desk.durable.begun(["label:a:1"]) == {"label:a:1": False})
    assert desk.durable.forget(time.time()) == 0
    assert desk.durable.forget(time.time() + 4_000) == 1
    assert desk.durable.begun(["label:a:1"]) == {}


def taken_over(folder: Path, url: str) -> None:
    """Let a process end in the middle of a piece, and another one go on with it."""
    first = Desk(folder, url, "hub-1")
    first.durable.begin()
    first.open.clear()
    first.durable.start(first.piece("a", "label:a:1"))
    until(lambda: first.begun["a"])
    first.durable.end()
    second = Desk(folder, url, "hub-2")
    second.durable.begin()
    assert second.durable.take_over(["hub-1"]) == 0  # it lives, as far as anybody knows
    assert second.durable.take_over([]) == 1
    until(lambda: second.done["a"])
    second.close()
    first.open.set()
    first.store.close()


def test_what_a_dead_process_was_at_is_gone_on_with(tmp_path: Path) -> None:
    taken_over(tmp_path, "")


@pytest.mark.slow
def test_what_a_dead_process_was_at_is_gone_on_with_on_postgresql(
    tmp_path: Path, postgresql: str
) -> None:
    taken_over(tmp_path, postgresql)


def test_no_other_command_pays_for_the_durable_work(tmp_path: Path) -> None:
    code = "import sys, sync.hub.rounds, sync.hub.cli.order; print('dbos' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert said.stdout == b"False\n"


@pytest.mark.parametrize(
    "left", [b"", b"no database" * 1_000, b"SQLite format 3\0" + b"\xff" * 9_000]
)
def test_a_hub_whose_records_of_work_are_damaged_works_on(tmp_path: Path, left: bytes) -> None:
    records = tmp_path / "hub.work.db"
    records.write_bytes(left)
    made = Desk(tmp_path)
    (id,) = made.owe(1)
    made.durable.begin()
    assert made.hands.give("label") == 1
    until(lambda: made.done[id])
    made.close()
    assert records.with_name("hub.work.db.damaged").exists() is bool(left)
