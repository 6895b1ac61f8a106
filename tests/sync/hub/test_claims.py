"""No claim is given out twice, whatever is taken back, taken over, forgotten or restored."""

from __future__ import annotations

import time
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from sync.hub import allot, setup, takeover
from sync.hub.engine import open_store
from sync.hub.schema import bench as table
from sync.orders import Claim, facts
from sync.protocol.messages import Verdict
from tests.builders import an_order
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import Bench


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("claims")


class Floor:
    """A hub that may be restored, two benches, one order, and every claim that was ever given."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / uuid4().hex
        self.folder.mkdir()
        self.hub = Hub(self.folder)
        self.order = an_order()
        self.hub.add(self.order)
        self.shipment = self.order.shipments[0].id
        self.benches = {name: self.hub.bench(name) for name in ("b1", "b2")}
        self.copies: list[Path] = []
        self.epoch = 1
        self.given: list[tuple[Claim, str]] = []

    def holder(self) -> tuple[Claim | None, str]:
        (one,) = self.hub.order(self.order.id).shipments
        return one.claim, one.bench

    def noted(self, before: tuple[Claim | None, str]) -> None:
        """Note a claim that the hub gave out; it must beat every one before."""
        claim, bench = self.holder()
        if claim is None or claim == before[0]:
            return
        assert all(claim > old for old, _ in self.given)
        self.given.append((claim, bench))

    def allot(self) -> None:
        before = self.holder()
        allot.allot(self.hub.store, self.hub.book, time.time())
        self.noted(before)

    def take_over(self, name: str) -> None:
        before = self.holder()
        with self.hub.store.write() as connection:
            order = self.hub.book.get(connection, self.order.id, lock=True)
            assert order is not None
            try:
                done = takeover.facts_of(connection, order, name)
            except takeover.Refused:
                return
            takeover.take_over(connection, self.hub.book, order, done, time.time(), why="", by="")
        self.noted(before)

    def withdraw(self) -> None:
        with self.hub.store.write() as connection:
            for name in self.benches:
                allot.take_back(connection, self.hub.book, name, time.time())

    def tell(self, claim: Claim, name: str) -> None:
        """Let a bench report under a claim that it was given once."""
        bench: Bench = self.benches[name]
        held = self.holder()
        started = facts.PackStarted(shipment=self.shipment)
        (verdict,) = bench.say(self.order, started, claim=claim)
        now, by = self.holder()
        if now != held[0]:  # adopted
            assert (now, by) == (claim, name)
            assert held[0] is None or claim > held[0]
            assert claim.epoch < self.epoch
            assert all(old <= claim or old.epoch < self.epoch for old, _ in self.given)
        assert verdict is not Verdict.OK or now == claim
        if any(one.epoch == self.epoch for one, _ in self.given):
            assert now == held[0]  # given out since the restore: what was before is over

    def copy(self) -> None:
        path = self.folder / f"copy-{len(self.copies)}"
        with self.hub.store.engine.connect() as connection:
            connection.exec_driver_sql("VACUUM INTO ?", (str(path),))
        self.copies.append(path)

    def restore(self, copy: Path) -> None:
        self.hub.store.close()
        self.epoch += 1
        fresh = self.folder / f"hub-{self.epoch}.db"
        fresh.write_bytes(copy.read_bytes())
        self.hub.store = open_store(f"sqlite:///{fresh}")
        with self.hub.store.write() as connection:
            # So long ago that benches had time to tell what they know.
            setup.restored(connection, self.epoch, time.time() - 3600.0)
        for bench in self.benches.values():
            bench.store = self.hub.store
            self._joined(bench)

    def _joined(self, bench: Bench) -> None:
        """Begin the bench's journal where the restored hub has it."""
        with self.hub.store.read() as connection:
            row = connection.execute(select(table).where(table.c.name == bench.name)).one()
        bench.seq, bench.hash, bench.incarnation = row.last_seq, row.last_hash, row.incarnation

    def run(self, script: str) -> None:
        """Do what the letters say, one after the other."""
        for step in script:
            match step:
                case "a":
                    self.allot()
                case "w":
                    self.withdraw()
                case "t" if self.given:
                    self.tell(*self.given[-1])
                case "T" if self.given:
                    self.tell(*self.given[0])
                case "1" | "2":
                    self.take_over(f"b{step}")
                case "c":
                    self.copy()
                case "r" if self.copies:
                    self.restore(self.copies[-1])
                case "R" if self.copies:
                    self.restore(self.copies[0])
                case _:
                    pass
        self.hub.store.close()


@pytest.mark.parametrize(
    "script",
    ["cara", "cawara", "cart", "ca2rtT", "ca2rTt", "carat", "carwat", "carawT", "ac1w2rRatT12a"],
)
def test_a_claim_that_was_forgotten_is_not_given_out_again(folder: Path, script: str) -> None:
    Floor(folder).run(script)


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(script=st.text("awtT12crR", min_size=6, max_size=20))
def test_no_claim_is_given_out_twice(folder: Path, script: str) -> None:
    Floor(folder).run(script)
