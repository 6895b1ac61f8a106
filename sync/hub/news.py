"""What does a marketplace's word about an order mean for us? Pure: facts and troubles come out.

Reading the same word again means nothing new, because only differences from what the book holds
become facts. What cannot follow any more (a cancellation after the parcel left) is a trouble.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from msgspec.structs import replace

from sync.hub.troubles import Kind, Trouble, key
from sync.hub.work import HERE
from sync.orders import (
    Address,
    Cancellation,
    Confirmation,
    Fact,
    HoldKind,
    Order,
    Parcel,
    Shipment,
    State,
    apply,
    facts,
    refusal,
    shipment_id,
)

TOLD = frozenset({Confirmation.SENT, Confirmation.UNCERTAIN, Confirmation.ACCEPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a marketplace says of one order, in our words."""

    order: Order
    held: str = ""
    """Why it must be held: a status that is not known; "" for none."""
    cancel_requested: bool = False
    cancelled: bool = False
    shipped: bool = False
    partly_shipped: bool = False
    ours: bool = False
    """A bench of ours closed a box of it: what is shipped is what the hub before a restore told."""


@dataclass(slots=True)
class News:
    """What it comes to: the order afterwards, and how it came there."""

    order: Order
    facts: list[Fact] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    solved: list[str] = field(default_factory=list)

    def happen(self, fact: Fact) -> bool:
        """Let a fact happen if it can; say whether it did."""
        if refusal(self.order, fact) is not None:
            return False
        address = self.order.address
        self.order = apply(self.order, fact)
        if not isinstance(fact, facts.AddressChanged):
            self.order = replace(self.order, address=address)
        self.facts.append(fact)
        return True

    def trouble(self, kind: Kind, subject: str, sentence: str) -> None:
        """Let a person know."""
        self.troubles.append(
            Trouble(kind=kind, subject=subject, sentence=sentence, order=self.order.id)
        )


def named(order: Order, channel: str) -> Order:
    """Give an order as an adapter read it its place in our book: ids of its channel."""
    id = f"{channel}:{order.channel_order_id}"
    shipments = tuple(
        replace(one, id=shipment_id(id, number)) for number, one in enumerate(order.shipments, 1)
    )
    return replace(order, id=id, channel=channel, shipments=shipments)


def of_new(said: Said) -> News | None:
    """Say what a first word of an order means; None: nothing of it is ours to send."""
    if said.shipped and not said.ours:
        return None
    shipments = tuple(
        replace(
            one,
            cancellation=Cancellation.NONE,
            state=State.READY if said.cancelled or (said.shipped and said.ours) else one.state,
        )
        for one in said.order.shipments
    )
    base = replace(said.order, version=1, shipments=shipments)
    news = News(base)
    for one in shipments:
        if said.partly_shipped and not said.ours:
            why = "a part of it was shipped elsewhere: look what is left to send"
            news.happen(facts.OrderHeld(shipment=one.id, hold=HoldKind.OPERATOR, why=why))
            news.trouble(Kind.SHIPPED_ELSEWHERE, base.id, why)
    _common(news, said, fresh=True)
    news.order = base  # the book applies the facts to what the marketplace said at first
    return news


def of_known(known: Order, said: Said) -> News:
    """Say what a later word of an order means."""
    news = News(known)
    was, now = known.changed_at, said.order.changed_at
    if was and now and now < was:
        return news
    # What a person released is held again for a new word only, not for the same one read again.
    fresh = was is None or now is None or now > was
    for one in known.shipments:
        if one.state is State.PENDING_PAYMENT and said.order.state is not State.PENDING_PAYMENT:
            news.happen(facts.PaymentCleared(shipment=one.id))
    _address(news, said)
    if not (said.cancelled or said.shipped):
        _quantities(news, said, fresh=fresh)
    _common(news, said, fresh=fresh or bool(news.facts))
    if said.shipped and fresh and not said.ours:
        _shipped_elsewhere(news)
    news.order = _with_dates(news.order, said.order)
    return news


def _common(news: News, said: Said, *, fresh: bool) -> None:
    for one in news.order.shipments:
        if said.cancelled:
            _cancel(news, one)
        elif said.cancel_requested:
            _cancel_request(news, one)
        _hold_unknown(news, one.id, said, fresh=fresh)
        if fresh and not (said.cancelled or said.shipped):
            _hold_address(news, one.id)


def _cancel(news: News, shipment: Shipment) -> None:
    if shipment.cancellation is Cancellation.CANCELLED:
        return
    why = "the marketplace cancelled it"
    if not news.happen(facts.OrderCancelled(shipment=shipment.id, why=why)):
        news.trouble(
            Kind.TOO_LATE,
            shipment.id,
            "it was cancelled after the carrier took it: call the parcel back, or await its return",
        )
        return
    news.solved.append(key(Kind.CANCEL, shipment.id))
    news.solved.append(key(Kind.ADDRESS, news.order.id))
    if shipment.state is State.ALLOCATED:
        # Nobody has begun: it vanishes from the bench.
        news.happen(facts.AllocationWithdrawn(shipment=shipment.id))
    if any(parcel.closed for parcel in shipment.parcels):
        news.trouble(
            Kind.TOO_LATE,
            shipment.id,
            "it was cancelled after it was packed: pull the parcel from its lane and unpack it",
        )


def _cancel_request(news: News, shipment: Shipment) -> None:
    if shipment.cancellation is not Cancellation.NONE:
        return
    if news.happen(facts.CancelRequested(shipment=shipment.id, why="the buyer asks for it")):
        news.trouble(
            Kind.CANCEL,
            shipment.id,
            "the buyer asks to cancel: cancel it at the marketplace, or refuse and let it ship",
        )
    else:
        news.trouble(
            Kind.TOO_LATE, shipment.id, "the buyer asks to cancel, but the carrier has the parcel"
        )


def withdrawn(news: News) -> None:
    """The marketplace shows no cancel request any more, where it showed one before."""
    for one in news.order.shipments:
        if one.cancellation is Cancellation.REQUESTED:
            news.happen(facts.CancelWithdrawn(shipment=one.id))
            news.solved.append(key(Kind.CANCEL, one.id))


def _hold_unknown(news: News, id: str, said: Said, *, fresh: bool) -> None:
    held = _held(news.order.shipment(id), HoldKind.UNKNOWN)
    if said.held and not held and fresh:
        if news.happen(facts.OrderHeld(shipment=id, hold=HoldKind.UNKNOWN, why=said.held)):
            news.trouble(Kind.STATUS, news.order.id, said.held)
    elif held and not said.held:
        news.happen(facts.HoldReleased(shipment=id, hold=HoldKind.UNKNOWN))
        news.solved.append(key(Kind.STATUS, news.order.id))


def _address(news: News, said: Said) -> None:
    there = said.order.address
    if there is None or there.digest == news.order.address_digest:
        return  # an address that the marketplace hides later is still the right one
    news.happen(facts.AddressChanged(digest=there.digest))
    news.order = replace(news.order, address=there)
    for one in news.order.shipments:
        if not address_problem(there) and _held(one, HoldKind.ADDRESS):
            news.happen(facts.HoldReleased(shipment=one.id, hold=HoldKind.ADDRESS))
            news.solved.append(key(Kind.ADDRESS, news.order.id))
        for parcel in one.parcels:
            if parcel.closed and parcel.label and parcel.label.address != there.digest:
                _address_on_box(news, one.id, parcel)


def _address_on_box(news: News, shipment: str, parcel: Parcel) -> None:
    """A closed box bears the old address: it waits until a person has chosen."""
    why = "the address changed after the label was on the box"
    news.happen(facts.OrderHeld(shipment=shipment, hold=HoldKind.ADDRESS, why=why))
    if parcel.place not in HERE:
        what = "the carrier has it: ask them to redirect it"
    elif parcel.confirmation in TOLD:
        what = (
            "it is held. The marketplace knows this label, so that it cannot be replaced: release "
            "it to let it go to the old address, or pull the parcel and call the order off"
        )
    else:
        what = (
            "it is held. Pull the parcel, open it and release it for a new label, or release it "
            "to let it go to the old address"
        )
    news.trouble(Kind.TOO_LATE, parcel.id, f"{why}: {what}")


def _hold_address(news: News, id: str) -> None:
    shipment = news.order.shipment(id)
    waits = shipment.state is State.PENDING_PAYMENT  # unpaid orders tell no address
    if waits or shipment.cancellation is Cancellation.CANCELLED:
        return
    if _held(shipment, HoldKind.ADDRESS):
        return
    why = address_problem(news.order.address)
    known = any(one.label for one in shipment.parcels)
    hold = facts.OrderHeld(shipment=id, hold=HoldKind.ADDRESS, why=why)
    if why and not known and news.happen(hold):
        news.trouble(Kind.ADDRESS, news.order.id, why)


def address_problem(address: Address | None) -> str:
    """Say what a carrier would lack; "" when it could deliver."""
    if address is None:
        return "the marketplace gave no address: look it up there and enter it"
    if address.masked:
        return "the marketplace hides a part of the address: buy the label there"
    if not address.complete:
        missing = [
            word
            for word, given in (
                ("a name", address.name or address.company),
                ("a street", address.lines),
                ("a city", address.city),
                ("a country", address.country),
            )
            if not given
        ]
        return f"the address lacks {' and '.join(missing)}: ask the buyer"
    return ""


def _quantities(news: News, said: Said, *, fresh: bool) -> None:
    now = {line.id: line.quantity for line in said.order.lines}
    for line, have in _ordered(news.order):
        wanted = now.pop(line, 0)
        if wanted < have:
            _reduce(news, line, have - wanted)
        elif wanted > have:
            now[line] = wanted
    if now and fresh:
        why = "the marketplace added to the order after we took it: look what has to be sent"
        for one in news.order.shipments:
            news.happen(facts.OrderHeld(shipment=one.id, hold=HoldKind.OPERATOR, why=why))
        news.trouble(Kind.CHANGED, news.order.id, why)


def _reduce(news: News, line: str, by: int) -> None:
    for shipment in news.order.shipments:
        for one in shipment.lines:
            less = min(by, one.due)
            if one.line != line or not less:
                continue
            fact = facts.QuantityReduced(shipment=shipment.id, line=line, by=less)
            if news.happen(fact):
                by -= less
                if shipment.packed(line) > one.due - less:
                    news.trouble(
                        Kind.CHANGED,
                        shipment.id,
                        "a piece was called off that is packed already: take it out again",
                    )


def _ordered(order: Order) -> Iterator[tuple[str, int]]:
    for line in order.lines:
        parts = (one for s in order.shipments for one in s.lines if one.line == line.id)
        yield line.id, sum(one.quantity for one in parts)


def _shipped_elsewhere(news: News) -> None:
    for one in news.order.shipments:
        told = any(parcel.confirmation in TOLD for parcel in one.parcels)
        gone = list(State).index(one.state) >= list(State).index(State.HANDED_OVER)
        if told or gone or one.cancellation is Cancellation.CANCELLED:
            continue
        why = (
            "the marketplace says that it is shipped, and we did not tell it: do not send it twice"
        )
        if news.happen(facts.OrderHeld(shipment=one.id, hold=HoldKind.OPERATOR, why=why)):
            news.trouble(Kind.SHIPPED_ELSEWHERE, news.order.id, why)


def _held(shipment: Shipment, kind: HoldKind) -> bool:
    return any(hold.kind is kind for hold in shipment.holds)


def _with_dates(order: Order, said: Order) -> Order:
    """Take over what no fact tells: promises and the marketplace's clock."""
    return replace(
        order,
        changed_at=said.changed_at or order.changed_at,
        ship_by=said.ship_by or order.ship_by,
        deliver_by=said.deliver_by or order.deliver_by,
        service=said.service or order.service,
        payment=said.payment,
        total=said.total or order.total,
    )
