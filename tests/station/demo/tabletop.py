"""A bench on a tabletop: the real flows, with store, carrier and printer in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from station import codes, flows
from station.codes.code import BadgeCode, Gtin, OrderCode, Tracking
from station.demo import robot
from station.demo.robot import Lift, Move, Scan, Seen, Wait, Weigh
from station.flows.flow import Effect, Input, Known, PrintLabel, Refreshed, Scanned, Weighed
from station.prompt import Tone
from station.session import Session
from sync.orders import Claim, Fact, Hold, Label, Order, Shipment, State, apply, order_of
from sync.orders import facts as f
from sync.protocol.messages import Item, Packer

ADA = Packer(badge="P001", name="Ada")


class Tabletop:
    """Carries out what the flows say, at once and in memory."""

    def __init__(self, orders: Sequence[Order]) -> None:
        self._orders = {order.id: order for order in orders}
        self.session = Session(bench="b1")
        self.on_scale = 0
        self.out: Counter[str] = Counter()
        """Labels that came out."""
        self.asked: Counter[str] = Counter()
        """How often each label may come out: once, and once a copy with a reason."""
        self.tones: list[Tone] = []
        self._bought = 0
        for order in orders:
            shipment = order.shipments[0].id
            claim = Claim(1, 1)
            self._happen(
                f.ShipmentAllocated(shipment=shipment, warehouse="w", bench="b1", claim=claim)
            )

    def order(self, id: str) -> Order:
        """The order as it is now."""
        return self._orders[id]

    def held(self, id: str) -> bool:
        """Is it put aside?"""
        return bool(self._orders[id].shipments[0].holds)

    def hold(self, id: str, hold: Hold) -> None:
        """The hub puts an order aside while it is being packed."""
        before = self._orders[id]
        self._happen(f.OrderHeld(shipment=before.shipments[0].id, hold=hold.kind, why=hold.why))
        self._news(before)

    def work(self, throw: Random, mistakes: float, most: int) -> list[Move]:
        """Let the robot work until it waits, or for so many moves."""
        moves: list[Move] = []
        while len(moves) < most:
            move = robot.next_move(self._seen(), throw, mistakes)
            if isinstance(move, Wait):
                break
            moves.append(move)
            self._make(move)
        return moves

    def _seen(self) -> Seen:
        return Seen(
            session=self.session,
            badge="P001",
            waiting=tuple(order for order in self._orders.values() if _waits(order)),
            out=self.out,
            on_scale=self.on_scale,
        )

    def _make(self, move: Move) -> None:
        match move:
            case Scan(text):
                code = codes.read(text)
                self._put(Scanned(code, text, self._known(code)))
            case Weigh(grams):
                self.on_scale = grams
                self._put(Weighed(grams))
            case Lift():
                self.on_scale = 0
            case Wait():
                pass

    def _known(self, code: codes.Code) -> Known:
        match code:
            case BadgeCode(badge="P001"):
                return Known(packer=ADA)
            case OrderCode(number=number):
                named = (o for o in self._orders.values() if o.channel_order_id == number)
                return Known(order=next(named, None))
            case Tracking(number=number):
                return self._labelled(number)
            case Gtin(digits=digits):
                wants = (o for o in self._orders.values() if _needs(o, digits))
                return Known(needing=next(wants, None), item=Item(sku="X", gtins=(digits,)))
            case _:
                return Known()

    def _labelled(self, tracking: str) -> Known:
        for order in self._orders.values():
            for parcel in order.shipments[0].parcels:
                current = parcel.label is not None and parcel.label.tracking == tracking
                if current or tracking in parcel.spoiled:
                    return Known(
                        order=order, shipment_id=order.shipments[0].id, parcel_id=parcel.id
                    )
        return Known()

    def _put(self, input: Input) -> None:
        step = flows.step(self.session, input)
        for effect in step.effects:
            if isinstance(effect, Fact):
                self._happen(effect)
        self.session = self._fresh(step.session)
        self.tones.append(flows.verdict(self.session).tone)
        for effect in step.effects:
            self._follow(effect)

    def _follow(self, effect: Effect) -> None:
        """What carrier, hub and printer do about it, at once."""
        match effect:
            case f.LabelRequested(parcel=parcel):
                self._then(f.LabelBought(parcel=parcel, label=self._label(parcel)))
            case f.VoidRequested(parcel=parcel):
                self._then(f.LabelVoided(parcel=parcel))
            case f.PrintQueued(job=job, reason=reason):
                self.asked[job.partition(":")[0]] += bool(reason) or job.endswith(":1")
            case PrintLabel(parcel_id=parcel, job=job):
                self.out[job.partition(":")[0]] += 1
                self._then(
                    f.PrintStarted(parcel=parcel, job=job),
                    f.PrintSent(parcel=parcel, job=job),
                    f.LabelPrinted(parcel=parcel, job=job, evidence="odometer"),
                )
            case _:
                pass

    def _label(self, parcel: str) -> Label:
        self._bought += 1
        order = self._orders[order_of(parcel)]
        return Label(
            carrier="simpost",
            service="standard",
            tracking=f"1Z999AA1{self._bought:010d}",
            sha256=f"{self._bought:064d}",
            grams=order.parcel(parcel).grams,
            tolerance_grams=50,
            address=order.address_digest,
        )

    def _then(self, *facts: Fact) -> None:
        before = self.session.order
        for fact in facts:
            self._happen(fact)
        if before is not None:
            self._news(before)

    def _news(self, before: Order) -> None:
        self.session = self._fresh(self.session)
        self._put(Refreshed(before))

    def _happen(self, fact: Fact) -> None:
        assert not isinstance(fact, f.AddressChanged)
        of = fact.shipment if isinstance(fact, f.OfShipment) else fact.parcel
        id = order_of(of)
        self._orders[id] = apply(self._orders[id], fact)

    def _fresh(self, session: Session) -> Session:
        if session.order is None:
            return session
        return replace(session, order=self._orders[session.order.id])


def _waits(order: Order) -> bool:
    shipment: Shipment = order.shipments[0]
    return shipment.state in (State.ALLOCATED, State.PACKING) and not shipment.stopped


def _needs(order: Order, gtin: str) -> bool:
    shipment = order.shipments[0]
    unbegun = shipment.state is State.ALLOCATED and not shipment.stopped
    return unbegun and any(gtin in line.gtins for line in order.lines)
