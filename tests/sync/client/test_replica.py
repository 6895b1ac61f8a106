from __future__ import annotations

import contextlib
from dataclasses import dataclass, field
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from sync.client.replica import catch_up, now
from sync.orders import (
    Claim,
    Entry,
    Fact,
    Impossible,
    Order,
    apply,
    facts,
)
from sync.protocol import chain
from sync.protocol.messages import Numbered
from tests.builders import NOON, a_line, an_order

SHIPMENT = "amazon-uk:202-0000001-0000001#1"
PARCEL = f"{SHIPMENT}/1"


def a_claimed_order() -> Order:
    order = an_order(lines=(a_line(quantity=3),))
    return apply(
        order,
        facts.ShipmentAllocated(shipment=SHIPMENT, warehouse="w", bench="b", claim=Claim(1, 1)),
    )


BENCH_FACTS: tuple[Fact, ...] = (
    facts.PackStarted(shipment=SHIPMENT),
    facts.ParcelPlanned(parcel=PARCEL),
    facts.ParcelOpened(parcel=PARCEL),
    facts.ItemPacked(parcel=PARCEL, line="L1"),
    facts.ItemUnpacked(parcel=PARCEL, line="L1"),
    facts.ParcelChecked(parcel=PARCEL),
    facts.LineShort(shipment=SHIPMENT, line="L1", quantity=1),
)
HUB_FACTS: tuple[Fact, ...] = (
    facts.OrderCancelled(shipment=SHIPMENT),
    facts.CancelRequested(shipment=SHIPMENT),
    facts.AddressChanged(digest="elsewhere"),
    facts.QuantityReduced(shipment=SHIPMENT, line="L1", by=1),
)


@dataclass
class Hub:
    """As much of a hub as a replica can see: a document, and how far it has judged entries."""

    order: Order = field(default_factory=a_claimed_order)
    through: int = 0
    stored: list[int] = field(default_factory=list)

    def take(self, batch: list[Numbered]) -> None:
        for numbered in batch:
            if numbered.seq <= self.through:
                continue
            assert numbered.seq == self.through + 1, "entries come dense"
            self.through = numbered.seq
            self.stored.append(numbered.seq)
            self.say(numbered.entry.fact)

    def say(self, fact: Fact) -> None:
        with contextlib.suppress(Impossible):
            self.order = apply(self.order, fact)


@dataclass
class Bench:
    confirmed: Order = field(default_factory=a_claimed_order)
    pending: tuple[Numbered, ...] = ()
    journal: list[Numbered] = field(default_factory=list)
    acked: int = 0

    def pack(self, fact: Fact) -> None:
        order = now(self.confirmed, [n.entry for n in self.pending]).order
        try:
            apply(order, fact)
        except Impossible:
            return
        seq = len(self.journal) + 1
        at = NOON + timedelta(seconds=seq)
        entry = Entry(id=f"e{seq}", order=order.id, at=at, bench="b", fact=fact)
        previous = self.journal[-1].hash if self.journal else chain.START
        numbered = Numbered(seq=seq, entry=entry, hash=chain.link(previous, seq, entry))
        self.journal.append(numbered)
        self.pending = (*self.pending, numbered)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("pack"), st.sampled_from(BENCH_FACTS)),
        st.tuples(st.just("hub"), st.sampled_from(HUB_FACTS)),
        st.tuples(st.just("up"), st.sampled_from(["answered", "answer lost", "request lost"])),
        st.tuples(st.just("down"), st.sampled_from(["arrives", "lost", "twice"])),
    ),
    max_size=40,
)


@given(steps)
@settings(max_examples=300, deadline=None)
def test_however_they_talk_both_ends_hold_the_same_order_after_one_last_sync(
    story: list[tuple[str, object]],
) -> None:
    hub, bench = Hub(), Bench()

    def up(how: object) -> None:
        if how != "request lost":
            hub.take(bench.journal[bench.acked :])
        if how == "answered":
            bench.acked = hub.through

    def down(how: object) -> None:
        for _ in range({"arrives": 1, "lost": 0, "twice": 2}[str(how)]):
            caught_up = catch_up(hub.order, hub.through, bench.pending)
            bench.confirmed, bench.pending = hub.order, caught_up.pending

    for what, how in story:
        match what:
            case "pack":
                bench.pack(how)  # type: ignore[arg-type]  # the strategy pairs them
            case "hub":
                hub.say(how)  # type: ignore[arg-type]
            case "up":
                up(how)
            case _:
                down(how)
    up("answered")
    down("arrives")
    assert bench.pending == (), "the bench owes nothing"
    assert now(bench.confirmed, []).order == hub.order
    assert hub.stored == [n.seq for n in bench.journal], "every entry once, in order"


def test_an_order_and_its_settled_entries_taken_apart_would_count_a_piece_twice() -> None:
    hub, bench = Hub(), Bench()
    for fact in BENCH_FACTS[:4]:
        bench.pack(fact)
    hub.take(bench.journal)
    together = catch_up(hub.order, hub.through, bench.pending)
    apart = catch_up(hub.order, 0, bench.pending)
    assert together.order.shipments[0].packed("L1") == 1
    assert apart.order.shipments[0].packed("L1") == 2


def test_what_the_hub_overruled_comes_back_by_name() -> None:
    hub, bench = Hub(), Bench()
    for fact in BENCH_FACTS[:4]:
        bench.pack(fact)
    hub.say(facts.OrderCancelled(shipment=SHIPMENT))
    caught_up = catch_up(hub.order, hub.through, bench.pending)
    assert [type(entry.fact) for entry in caught_up.overruled] == [
        type(fact) for fact in BENCH_FACTS[:4]
    ]
    assert caught_up.order == hub.order
