"""How an order comes to be: a basket, a buyer, an address, and what will happen to it. Pure.

Most orders are plain. The odd ones are of a named kind, each with its own chance, so that one
can have a calm day or a terrible one; `place` makes one of any kind on demand.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random

from msgspec.structs import replace

from sync.orders.address import Address
from sync.simulate import people
from sync.simulate.amazon import sites
from sync.simulate.amazon.sold import Happening, Item, Sold
from sync.simulate.baskets import Basket, Baskets, figures
from sync.simulate.chance import dice
from sync.simulate.goods import Good, catalogue

SERVICES = (("STANDARD", 24, 72), ("EXPEDITED", 12, 36), ("NEXT_DAY", 6, 24))
"""Service level, hours until it must be shipped, hours from there until it is delivered."""
SHARES = (0.85, 0.12, 0.03)
GIFT = 0.08
"""Share of giftable lines that are bought as a gift."""
MESSAGES = ("Happy birthday!", "生日快乐！", "Alles Gute 🎂", "สุขสันต์วันเกิด", "")


@dataclass(frozen=True, slots=True)
class Odds:
    """How likely an order is odd, by kind; the rest is plain."""

    of: Mapping[str, float]
    within: float = 120.0
    """Seconds after it appeared in which something happens to an order: it is being packed."""


def usual_odds() -> dict[str, float]:
    """Give the odds of an ordinary day."""
    measured = figures()
    whole = measured.called_off_whole / measured.traced
    return {
        # As often as in the real orders, where it was credited within a day.
        "cancelled": whole,
        "cancel_requested": measured.called_off / measured.traced - whole,
        # Not to be seen in the data: chosen so that a hundred orders show most of them.
        "address_changed": 0.02,
        "pending": 0.03,
        "masked": 0.01,
        "emoji": 0.01,
        "command_in_name": 0.01,
    }


@dataclass(frozen=True, slots=True)
class Birth:
    """The circumstances under which an order appears."""

    throw: Random
    now: datetime
    within: float

    def soon(self, kind: str) -> Happening:
        """Date something that happens while the order is being packed."""
        return Happening(self.now + timedelta(seconds=self.throw.random() * self.within), kind)


def place(
    source: Baskets,
    kind: str,
    *,
    seed: int,
    number: int,
    now: datetime,
    within: float,
    waiting: bool = False,
) -> Sold:
    """Place the numbered order, of that kind; the same seed and number buy the same.

    A waiting one was placed within the last day, at an hour at which people order.
    """
    throw = dice(seed, "order", number)
    basket = source.draw(throw)
    there = people.someone(throw, basket.country)
    site = sites.selling_to(basket.country)
    service, to_ship, to_deliver = throw.choices(SERVICES, SHARES)[0]
    placed = _last(basket.hour, throw, now) if waiting else now
    soonest = now + timedelta(minutes=throw.randint(60, 240))
    order = Sold(
        id=order_id(throw),
        marketplace=site.id,
        placed=placed,
        changed=placed,
        status="UNSHIPPED",
        buyer=there.name,
        email=f"{sha256(f'{seed}:{number}'.encode()).hexdigest()[:14]}@marketplace.example",
        address=there,
        currency=site.currency,
        service=service,
        ship_by=max(soonest, placed + timedelta(hours=to_ship)),
        deliver_by=max(soonest, placed + timedelta(hours=to_ship)) + timedelta(hours=to_deliver),
        items=_items(throw, basket, site),
        kind=kind,
    )
    return ODDITIES[kind](order, Birth(throw, now, within))


def _last(hour: int, throw: Random, now: datetime) -> datetime:
    at = now.replace(hour=hour, minute=throw.randint(0, 59), second=throw.randint(0, 59))
    at = at.replace(microsecond=0)
    return at if at <= now else at - timedelta(days=1)


def draw_kind(throw: Random, odds: Mapping[str, float]) -> str:
    """Draw the kind of the next order."""
    at = throw.random()
    for kind, chance in odds.items():
        at -= chance
        if at < 0:
            return kind
    return "plain"


def order_id(throw: Random) -> str:
    """Make an Amazon order number, 3-7-7."""
    return (
        f"20{throw.randint(2, 6)}-{throw.randint(0, 9999999):07d}-{throw.randint(0, 9999999):07d}"
    )


def asin(sku: str) -> str:
    """Give the ASIN under which a good is listed: B0 and eight of its own."""
    digest = int(sha256(sku.encode()).hexdigest(), 16)
    signs = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    return "B0" + "".join(signs[digest // len(signs) ** at % len(signs)] for at in range(8))


def _items(throw: Random, basket: Basket, site: sites.Site) -> tuple[Item, ...]:
    first = throw.randint(10**13, 9 * 10**13)
    return tuple(
        _item(throw, str(first + at), good, pieces, site)
        for at, (good, pieces) in enumerate(basket.goods)
    )


def _item(throw: Random, id: str, good: Good, pieces: int, site: sites.Site) -> Item:
    wrapped = good.gift and throw.random() < GIFT
    return Item(
        id=id,
        sku=good.sku,
        asin=asin(good.sku),
        title=good.name,
        quantity=pieces,
        price=site.price(good.price),
        gift=throw.choice(MESSAGES) if wrapped else None,
        serial=good.serial,
    )


def _plain(order: Sold, birth: Birth) -> Sold:
    return order


def _cancelled(order: Sold, birth: Birth) -> Sold:
    return replace(order, coming=(birth.soon("cancel"),))


def _cancel_requested(order: Sold, birth: Birth) -> Sold:
    asked = birth.soon("request_cancel")
    # The office grants it in Seller Central after a while, where nothing was shipped meanwhile.
    granted = Happening(asked.at + timedelta(seconds=birth.within), "drop")
    return replace(order, coming=(asked, granted))


def _address_changed(order: Sold, birth: Birth) -> Sold:
    assert order.address is not None
    elsewhere = people.someone(birth.throw, order.address.country)
    moved = replace(elsewhere, name=order.address.name)
    change = birth.soon("address")
    return replace(order, coming=(Happening(change.at, "address", moved),))


def _pending(order: Sold, birth: Birth) -> Sold:
    return replace(order, status="PENDING", coming=(birth.soon("pay"),))


def _unknown_status(order: Sold, birth: Birth) -> Sold:
    return replace(order, status="AWAITING_VERIFICATION")


def _masked(order: Sold, birth: Birth) -> Sold:
    there = order.address or Address()
    stars = Address(
        name="****",
        lines=("****",),
        city="****",
        postcode=there.postcode and "****",
        country=there.country,
        phone="****",
    )
    return replace(order, address=stars)


def _no_address(order: Sold, birth: Birth) -> Sold:
    return replace(order, address=None)


def _no_postcode(order: Sold, birth: Birth) -> Sold:
    there = people.someone(birth.throw, "DE")
    return replace(order, address=replace(there, postcode=""))


def _named(name: str) -> Callable[[Sold, Birth], Sold]:
    def rename(order: Sold, birth: Birth) -> Sold:
        there = order.address or Address()
        return replace(order, buyer=name, address=replace(there, name=name))

    return rename


def _no_lines(order: Sold, birth: Birth) -> Sold:
    return replace(order, items=())


def _zero_quantity(order: Sold, birth: Birth) -> Sold:
    first, *rest = order.items
    return replace(order, items=(replace(first, quantity=0), *rest))


def _many_lines(order: Sold, birth: Birth) -> Sold:
    site = sites.selling_to(order.address.country if order.address else "GB")
    goods = catalogue()
    items = (
        _item(birth.throw, f"{order.id[4:11]}{at:07d}", goods[at % len(goods)], 1, site)
        for at in range(500)
    )
    return replace(order, items=tuple(items))


ODDITIES: Mapping[str, Callable[[Sold, Birth], Sold]] = {
    "plain": _plain,
    "cancelled": _cancelled,
    "cancel_requested": _cancel_requested,
    "address_changed": _address_changed,
    "pending": _pending,
    "masked": _masked,
    "emoji": _named("Zoë 🧸✨👩🏽‍🚀"),
    "command_in_name": _named("^XZ~JA"),
    "no_address": _no_address,
    "no_postcode": _no_postcode,
    "no_lines": _no_lines,
    "zero_quantity": _zero_quantity,
    "many_lines": _many_lines,
    # The one that breaks Amazon's own model, on purpose: models grow before clients do.
    "unknown_status": _unknown_status,
}
"""Every kind of order, and what is odd about it."""
