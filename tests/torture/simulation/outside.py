"""Who else is there? A marketplace and a carrier that keep books, and the lines to them.

What is asked of them may be lost before or after its effect. The carrier is Simpost as the product
speaks to it (`sync.carriers.simpost`); the marketplace sells on three channels that want to be
told of a parcel at different moments.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar, cast

import msgspec

from sync.carriers import simpost
from sync.hub.channels import Channel, Post
from sync.hub.channels import Outside as Lines
from sync.hub.http import Line
from sync.orders import Address, ConfirmAt, Order, Parcel
from sync.orders import Line as Sold
from sync.ports import Accepted, Fetched, Rate, Rejected, Told, Unsure
from sync.ports import Market as MarketPort
from sync.talk import Lost, Request, Response, Talk
from tests.torture.simulation.disk import Down

if TYPE_CHECKING:
    from tests.torture.simulation.hubs import HubProcess
    from tests.torture.simulation.world import World

T = TypeVar("T")

CHANNELS: Mapping[str, ConfirmAt] = {
    "am": ConfirmAt.CLOSED,
    "sh": ConfirmAt.ARRANGE,
    "eb": ConfirmAt.HANDOVER,
}
TRIES = 2
"""Of a request that may be sent again."""
DEEPEST = 2
"""Answers that are waited for within one another: more would only cost stack."""


# -- the marketplace


@dataclass(slots=True)
class Bought:
    """An order as the marketplace has it."""

    order: Order
    changed_at: datetime
    cancel_requested: bool = False
    cancelled: bool = False
    told: dict[str, str] = field(default_factory=dict)
    """By reference: the tracking number that it was told."""


class Market:
    """The marketplace's books, and `sync.ports.Market` for it."""

    RATES: Mapping[str, Rate] = {}
    RATE_HEADER = ""
    SETTLED = timedelta(0)

    def __init__(self, world: World) -> None:
        self._world = world
        self.orders: dict[str, Bought] = {}

    def fetch_orders(
        self, sites: tuple[str, ...], since: datetime, until: datetime
    ) -> Talk[Fetched]:
        """Not asked here: `fetched` gives it to the pull round."""
        raise NotImplementedError
        yield

    def fetch_order(self, channel_order_id: str) -> Talk[Fetched]:
        """Not asked here."""
        raise NotImplementedError
        yield

    def fetched(self, channel: str, since: float) -> Fetched:
        """Give what changed on a channel since."""
        mine = {
            number: one
            for number, one in self.orders.items()
            if one.order.channel == channel and one.changed_at.timestamp() >= since
        }
        told = {n for n, one in mine.items() if one.told}
        return Fetched(
            orders=tuple(
                msgspec.structs.replace(one.order, changed_at=one.changed_at)
                for one in mine.values()
            ),
            cancel_requested=frozenset(n for n, one in mine.items() if one.cancel_requested),
            cancelled=frozenset(n for n, one in mine.items() if one.cancelled),
            shipped=frozenset(told),
        )

    def confirm_shipment(self, order: Order, parcel: Parcel, shipped_at: datetime) -> Talk[Told]:
        """Tell of a parcel; a lost answer is looked up."""
        said = {
            "order": order.channel_order_id,
            "parcel": parcel.id,
            "reference": parcel.reference,
            "tracking": parcel.label.tracking if parcel.label else "",
        }
        body = msgspec.json.encode(said)
        answer = yield Request("POST", "/confirm", "confirm", body=body, again=False)
        if isinstance(answer, Lost):
            answer = yield Request("GET", "/confirm", "confirm", body=body)
        if isinstance(answer, Response) and answer.status == 200:
            return Accepted()
        if isinstance(answer, Response) and answer.status == 409:
            return Rejected("the order was told of otherwise")
        return Unsure("no answer")

    def look_up_shipment(self, order: Order, parcel: Parcel) -> Talk[Told]:
        """Find out whether it was told of a parcel."""
        said = {"order": order.channel_order_id, "reference": parcel.reference}
        body = msgspec.json.encode(said)
        answer = yield Request("GET", "/confirm", "confirm", body=body)
        if isinstance(answer, Response):
            return Accepted() if answer.status == 200 else Rejected("it does not know it")
        return Unsure("no answer")

    def answer(self, channel: str, request: Request) -> Response:
        """What the marketplace does with it."""
        said = msgspec.json.decode(request.body, type=dict[str, str])
        one = self.orders[said["order"]]
        known = one.told.get(said["reference"])
        if request.method == "GET":
            return Response(200 if known is not None else 404)
        if known is None:
            self._world.rules.told(channel, said)
            one.told[said["reference"]] = said["tracking"]
            one.changed_at = datetime.fromtimestamp(self._world.agenda.now, UTC)
        return Response(200)


# -- the carrier


@dataclass(slots=True)
class Label:
    """One label in the carrier's books."""

    key: str
    parcel: str
    number: int
    asked: bytes
    bought_at: float
    void: bool = False

    @property
    def tracking(self) -> str:
        """What its barcode says."""
        return f"SP{self.number:010d}"

    @property
    def data(self) -> bytes:
        """What is printed."""
        return f"^XA^FD{self.tracking}^FS^XZ".encode()


class Carrier:
    """Simpost's books."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.labels: dict[str, Label] = {}
        """By key."""

    def answer(self, request: Request) -> Response:
        """What the carrier does with it."""
        if request.method == "POST" and request.path == "/labels":
            return self._buy(request)
        if request.method == "GET":
            found = self.labels.get(request.query["key"])
            return _json(200, {"labels": [_shown(found)] if found else []})
        number = int(request.path.split("/")[2])
        for one in self.labels.values():
            if one.number == number:
                if self._world.rules.in_the_carriers_hands(one.tracking):
                    return _json(409, {"error": {"code": "used", "message": "it is on its way"}})
                one.void = True
                return _json(200, _shown(one))
        return _json(404, {"error": {"code": "none", "message": "no such label"}})

    def _buy(self, request: Request) -> Response:
        key = request.headers["idempotency-key"]
        found = self.labels.get(key)
        said = msgspec.json.decode(request.body, type=dict[str, object])
        if found is None:
            number = len(self.labels) + 1
            found = Label(key, str(said["reference"]), number, request.body, self._world.agenda.now)
            self.labels[key] = found
            self._world.rules.sold(found)
        elif found.asked != request.body:
            return _json(409, {"error": {"code": "key", "message": "the key had another body"}})
        return _json(200, _shown(found))


def _shown(one: Label) -> dict[str, object]:
    return {
        "label_id": str(one.number),
        "tracking": one.tracking,
        "service": "standard",
        "lane": "GREEN",
        "state": "voided" if one.void else "sold",
        "grams": 400,
        "tolerance_grams": 100_000,
        "data_b64": base64.b64encode(one.data).decode(),
    }


def _json(status: int, said: object) -> Response:
    return Response(status, msgspec.json.encode(said), {"content-type": "application/json"})


# -- the lines


class SimLine:
    """A hub's line to one of them: `sync.hub.http.Line` as the rounds use it."""

    def __init__(self, process: HubProcess, owner: str) -> None:
        self._process, self._owner = process, owner
        self._life = process.life

    def hold(self, talk: Talk[T]) -> T:
        """Hold a talk to its end; meanwhile everybody else goes on."""
        said: Response | Lost | None = None
        while True:
            try:
                request = next(talk) if said is None else talk.send(said)
            except StopIteration as end:
                return cast(T, end.value)
            for _ in range(TRIES if request.again else 1):
                said = self._ask(request)
                if isinstance(said, Response):
                    break

    def _ask(self, request: Request) -> Response | Lost:
        world = self._process.world
        throw = world.chance.random()
        self._wait(world.chance.uniform(0.05, 2.0))
        if throw < world.outside_lossy:
            world.faults["outside: request lost"] += 1
            self._wait(10.0)
            return Lost("no answer")
        if self._owner == "carrier":
            said = world.carrier.answer(request)
        else:
            said = world.market.answer(self._owner, request)
        if throw < 2 * world.outside_lossy:
            world.faults["outside: answer lost"] += 1
            self._wait(10.0)
            return Lost("no answer")
        return said

    def _wait(self, seconds: float) -> None:
        """Wait, while the world goes on; this hub may be dead when the answer comes."""
        world = self._process.world
        if world.depth < DEEPEST:
            world.depth += 1
            try:
                world.agenda.until(max(world.agenda.now + seconds, self._process.paused_until))
            finally:
                world.depth -= 1
        if self._process.life != self._life:
            raise Down


class SimOutside(Lines):
    """`sync.hub.channels.Outside`, with lines that need no sockets."""

    def __init__(self, process: HubProcess) -> None:
        self._process = process

    def channel(self, name: str) -> Channel:
        """Give a channel."""
        line = cast(Line, SimLine(self._process, name))  # what the rounds use of it
        return Channel(
            name=name,
            market=cast(MarketPort, self._process.world.market),
            line=line,
            sites=(),
            confirm_at=CHANNELS[name],
            time_scale=1.0,
            pulled_until=None,
        )

    def post(self, name: str = "") -> Post:
        """Give the carrier."""
        line = cast(Line, SimLine(self._process, "carrier"))  # what the rounds use of it
        return Post(name="sim", carrier=simpost, line=line)


# -- what buyers do


def an_address(number: int) -> Address:
    """Give somebody's address."""
    return Address(name=f"Buyer {number}", lines=(f"Street {number}",), city="Town", country="GB")


def a_line(id: str, item: int, quantity: int) -> Sold:
    """Give a line of one of a dozen items."""
    gtin = GTINS[item % len(GTINS)]
    return Sold(
        id=id, sku=f"SKU{item}", gtins=(gtin,), name=f"Item {item}", quantity=quantity, grams=100
    )


def _gtin(number: int) -> str:
    digits = f"{number:013d}"
    total = sum(int(d) * (3 if at % 2 == 0 else 1) for at, d in enumerate(digits))
    return digits + str(-total % 10)


GTINS = tuple(_gtin(500_000_000_000 + number) for number in range(12))
