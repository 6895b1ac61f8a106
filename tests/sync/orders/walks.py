"""Random lives of an order: at each step, any fact that somebody could think of."""

from __future__ import annotations

import random
from functools import cache

from hypothesis import strategies as st

from sync.orders import (
    Claim,
    ConfirmAt,
    HoldKind,
    Mishap,
    Order,
    Place,
    State,
    apply,
    facts,
    refusal,
)
from tests.builders import SPOON, a_label, a_line, an_order, up_to_close

ORDER = an_order(
    lines=(a_line("L1", quantity=2), a_line("L2", sku="SPN", gtin=SPOON, serial=True)),
)
LIVES = 240
"""So many lives met every fact there is; each takes some 20 ms."""


def candidates(order: Order) -> list[facts.Fact]:
    """Every fact over a small world, whether it is allowed now or not."""
    shipment = order.shipments[0].id
    parcels = [f"{shipment}/{n}" for n in (1, 2)]
    of_shipment: list[facts.Fact] = [
        facts.PaymentCleared(shipment=shipment),
        facts.ShipmentAllocated(shipment=shipment, warehouse="w", bench="b", claim=Claim(1, 1)),
        facts.AllocationWithdrawn(shipment=shipment),
        facts.ShipmentWanted(shipment=shipment, bench="b2"),
        facts.ShipmentWanted(shipment=shipment, bench="b3"),
        facts.WishWithdrawn(shipment=shipment),
        facts.ShipmentGivenBack(shipment=shipment),
        facts.ShipmentKept(shipment=shipment),
        facts.OrderHeld(shipment=shipment, hold=HoldKind.FRAUD, why="odd"),
        facts.OrderHeld(shipment=shipment, hold=HoldKind.ADDRESS),
        facts.HoldReleased(shipment=shipment, hold=HoldKind.FRAUD),
        facts.CancelRequested(shipment=shipment),
        facts.CancelWithdrawn(shipment=shipment),
        facts.CancelRefused(shipment=shipment),
        facts.OrderCancelled(shipment=shipment),
        facts.OrderCompleted(shipment=shipment),
        facts.ReturnOpened(shipment=shipment),
        facts.ReturnArrived(shipment=shipment),
        facts.BuyerRefunded(shipment=shipment),
        facts.PickStarted(shipment=shipment, tote="T1"),
        facts.PickStopped(shipment=shipment),
        facts.PackStarted(shipment=shipment),
        facts.PackStopped(shipment=shipment, back_to=State.ALLOCATED),
        facts.AddressChanged(digest="elsewhere"),
    ]
    for line in ("L1", "L2"):
        of_shipment += [
            facts.QuantityReduced(shipment=shipment, line=line, by=1),
            facts.PiecePicked(shipment=shipment, line=line),
            facts.PieceUnpicked(shipment=shipment, line=line),
            facts.LineShort(shipment=shipment, line=line, quantity=1),
            facts.ShortWithdrawn(shipment=shipment, line=line, quantity=1),
        ]
    return of_shipment + [fact for parcel in parcels for fact in _of_parcel(order, parcel)]


def _of_parcel(order: Order, parcel: str) -> list[facts.Fact]:
    tracking = f"T{parcel[-1]}"
    job = facts.print_job(tracking, 1)
    again = facts.print_job(tracking, 2)
    return [
        facts.ParcelPlanned(parcel=parcel),
        facts.ParcelPlanned(parcel=parcel, replaces=f"{parcel[:-1]}1"),
        facts.ParcelDropped(parcel=parcel),
        facts.ParcelOpened(parcel=parcel),
        facts.ParcelShut(parcel=parcel),
        facts.ItemPacked(parcel=parcel, line="L1"),
        facts.ItemPacked(parcel=parcel, line="L2", serial=f"S{parcel[-1]}"),
        facts.ItemUnpacked(parcel=parcel, line="L1"),
        facts.ItemUnpacked(parcel=parcel, line="L2", serial=f"S{parcel[-1]}"),
        facts.ParcelChecked(parcel=parcel),
        facts.ParcelUnchecked(parcel=parcel),
        facts.BoxChosen(parcel=parcel, box="M"),
        facts.BoxReturned(parcel=parcel),
        facts.ParcelWeighed(parcel=parcel, grams=410),
        facts.WeightWithdrawn(parcel=parcel),
        facts.LabelRequested(parcel=parcel, key="k", grams=410, address=order.address_digest),
        facts.LabelBought(parcel=parcel, label=a_label(order, tracking)),
        facts.LabelFailed(parcel=parcel, why="no"),
        facts.LabelUncertain(parcel=parcel),
        facts.VoidRequested(parcel=parcel, why="swap"),
        facts.LabelVoided(parcel=parcel),
        facts.VoidRefused(parcel=parcel),
        facts.PrintQueued(parcel=parcel, job=job),
        facts.PrintQueued(parcel=parcel, job=again, copy=2, reason="torn"),
        facts.PrintWithdrawn(parcel=parcel, job=job),
        facts.PrintStarted(parcel=parcel, job=job),
        facts.PrintSent(parcel=parcel, job=job),
        facts.LabelPrinted(parcel=parcel, job=job, evidence="person"),
        facts.PrintUncertain(parcel=parcel, job=job),
        facts.LabelNotPrinted(parcel=parcel, job=job, evidence="person"),
        facts.ParcelClosed(parcel=parcel, tracking=tracking),
        facts.ParcelReopened(parcel=parcel),
        facts.ParcelStaged(parcel=parcel, lane="GREEN"),
        facts.ParcelUnstaged(parcel=parcel),
        facts.ParcelManifested(parcel=parcel, manifest="M1"),
        facts.ParcelHandedOver(parcel=parcel),
        facts.HandoverUndone(parcel=parcel, back_to=Place.STAGED),
        facts.ParcelScannedByCarrier(parcel=parcel),
        facts.ParcelDelivered(parcel=parcel),
        facts.MishapReported(parcel=parcel, mishap=Mishap.LOST),
        facts.ConfirmationQueued(parcel=parcel, at=ConfirmAt.CLOSED, reference=parcel[-1]),
        facts.ConfirmationSent(parcel=parcel),
        facts.ConfirmationUncertain(parcel=parcel),
        facts.ConfirmationAccepted(parcel=parcel),
        facts.ConfirmationRejected(parcel=parcel, why="no"),
    ]


def lives() -> st.SearchStrategy[list[facts.Fact]]:
    """Facts that can follow each other from ORDER on, oldest first.

    Drawn by seed: a strategy that draws each step shrinks for minutes where this one takes none.
    """
    return st.integers(0, LIVES - 1).map(lambda seed: [fact for _, fact, _ in a_life(seed)])


@cache
def a_life(seed: int, steps: int = 40) -> list[tuple[Order, facts.Fact, Order]]:
    """One random life by seed: before, fact, after. Reaches what shrinking strategies seldom do."""
    chance, order, life = random.Random(seed), ORDER, []
    way = [*up_to_close(ORDER), *_from_dock_to_door(ORDER)]
    for fact in way[: seed % (len(way) + 1)]:
        before, order = order, apply(order, fact)
        life.append((before, fact, order))
    for _ in range(steps):
        allowed = [fact for fact in candidates(order) if refusal(order, fact) is None]
        kinds = sorted({type(fact) for fact in allowed}, key=lambda kind: kind.__name__)
        kind = chance.choice(kinds)
        if kind in _ENDS and chance.random() < 0.9:
            continue
        fact = chance.choice([fact for fact in allowed if type(fact) is kind])
        after = apply(order, fact)
        life.append((order, fact, after))
        order = after
    return life


def _from_dock_to_door(order: Order) -> list[facts.Fact]:
    shipment = order.shipments[0].id
    parcel = f"{shipment}/1"
    return [
        facts.ParcelStaged(parcel=parcel, lane="GREEN"),
        facts.ParcelManifested(parcel=parcel, manifest="M1"),
        facts.ParcelHandedOver(parcel=parcel),
        facts.ConfirmationQueued(parcel=parcel, at=ConfirmAt.HANDOVER, reference="1"),
        facts.ConfirmationSent(parcel=parcel),
        facts.ReturnOpened(shipment=shipment),
        facts.ReturnArrived(shipment=shipment),
        facts.ParcelDelivered(parcel=parcel),
    ]


_ENDS = (facts.OrderCancelled, facts.AddressChanged, facts.OrderHeld, facts.CancelRequested)
