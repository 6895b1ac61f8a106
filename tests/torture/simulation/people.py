"""Who else does something? Buyers, the office at the hub, and whoever looks after the machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select

from station.enrolment import Place, settle, stands
from sync.hub import benches, desk, giveback, takeover
from sync.hub.schema import bench as benches_table
from sync.hub.schema import shipment as shipments
from sync.orders import (
    HoldKind,
    Order,
    Shipment,
    ShipmentLine,
    State,
    facts,
    order_of,
    shipment_id,
    shipment_of,
)
from sync.protocol.messages import Enrol, Enrolled
from tests.torture.simulation.disk import Disk
from tests.torture.simulation.machine import Machine, Process
from tests.torture.simulation.net import Asked, Said
from tests.torture.simulation.outside import CHANNELS, Bought, a_line, an_address
from tests.torture.simulation.packer import Packer
from tests.torture.simulation.signers import signer

if TYPE_CHECKING:
    from tests.torture.simulation.world import World

BUY_SECONDS = 9.0
"""Between two orders of all buyers together."""
LEASE_MINUTES = (1.5, 5.0, 720.0)
TECHNICIAN_SECONDS = 60.0
BADGES = ("ANNA", "BEN", "CHEN", "DORA", "EMIL", "FAY", "GUS", "HANA")
PREFETCH = 5
HUB = "https://hub"


class Buyers:
    """They buy, and some of them think again."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._addresses = 0

    def begin(self) -> None:
        """Buy a few, and go on buying."""
        for _ in range(8):
            self._buy()
        self._later()

    def _later(self) -> None:
        self._world.agenda.after(self._world.chance.expovariate(1 / BUY_SECONDS), self._come)

    def _come(self) -> None:
        if not self._world.healing:
            self._world.agenda.counts()
            self._buy()
            self._later()

    def _buy(self) -> None:
        chance, market = self._world.chance, self._world.market
        number = f"{len(market.orders) + 1:05d}"
        lines = tuple(
            a_line(f"L{at}", chance.randrange(12), chance.choice((1, 1, 1, 2, 3)))
            for at in range(1, chance.choice((2, 2, 2, 3)))
        )
        self._addresses += 1
        address = an_address(self._addresses)
        now = self._now()
        order = Order(
            id=number,
            channel=chance.choice(sorted(CHANNELS)),
            channel_order_id=number,
            placed_at=now,
            ship_by=now + timedelta(hours=chance.randrange(1, 30)),
            service="standard",
            lines=lines,
            address=address,
            address_digest=address.digest,
            shipments=(
                Shipment(
                    id=shipment_id(number, 1),
                    state=State.READY,
                    lines=tuple(ShipmentLine(line=one.id, quantity=one.quantity) for one in lines),
                ),
            ),
        )
        market.orders[number] = Bought(order, now)
        self._world.done["order bought"] += 1

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._world.agenda.now, UTC)

    def _one(self) -> Bought | None:
        found = [one for one in self._world.market.orders.values() if not one.cancelled]
        return self._world.chance.choice(found[-15:]) if found else None

    def cancel(self) -> bool:
        """Call an order off, or ask to, or think again."""
        one = self._one()
        if one is None or one.told:
            return False
        throw = self._world.chance.random()
        if one.cancel_requested and throw < 0.5:
            one.cancel_requested = False
        elif throw < 0.5:
            one.cancel_requested = True
        else:
            one.cancelled = True
            id = f"{one.order.channel}:{one.order.channel_order_id}"
            self._world.rules.disturbed.add(shipment_id(id, 1))
        one.changed_at = self._now()
        self._world.trace(f"buyer: order {one.order.channel_order_id} cancelled or asked to")
        return True

    def move(self) -> bool:
        """Give another address."""
        one = self._one()
        if one is None:
            return False
        self._addresses += 1
        there = an_address(self._addresses)
        one.order = replace(one.order, address=there, address_digest=there.digest)
        one.changed_at = self._now()
        return True

    def take_back(self) -> bool:
        """Order one piece fewer."""
        one = self._one()
        if one is None:
            return False
        rich = [line for line in one.order.lines if line.quantity > 1]
        if not rich:
            return False
        line = self._world.chance.choice(rich)
        lines = tuple(
            replace(other, quantity=other.quantity - 1) if other.id == line.id else other
            for other in one.order.lines
        )
        parts = tuple(ShipmentLine(line=other.id, quantity=other.quantity) for other in lines)
        first = one.order.shipments[0]
        one.order = replace(one.order, lines=lines, shipments=(replace(first, lines=parts),))
        one.changed_at = self._now()
        return True


class Office:
    """What a person at the hub decides."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _do(self, what: Callable[[Connection, Order], None]) -> bool:
        """Do something with one order, at one of the hubs."""
        alive = [process for process in self._world.hubs if process.alive]
        if not alive:
            return False
        process = self._world.chance.choice(alive)
        number = self._world.chance.random()

        def work(connection: Connection) -> None:
            ids = list(
                connection.execute(select(shipments.c.id).order_by(shipments.c.id)).scalars()
            )
            if not ids:
                return
            recent = ids[-20:]
            id = recent[int(number * len(recent))]
            order = process.book.get(connection, order_of(id), lock=True)
            if order is not None:
                what(connection, order)

        process.write(work)
        return True

    def hold(self, kind: HoldKind) -> bool:
        """Hold an order, or release it."""

        def work(connection: Connection, order: Order) -> None:
            held = any(one.holds for one in order.shipments)
            done = desk.release(order) if held else desk.hold(order, kind, "somebody asked")
            self._record(connection, order, done)

        return self._do(work)

    def cancel(self) -> bool:
        """Cancel an order, or ship it although its buyer asked."""

        def work(connection: Connection, order: Order) -> None:
            asked = any(one.cancellation == "requested" for one in order.shipments)
            if asked and self._world.chance.random() < 0.5:
                done = desk.refuse(order)
            else:
                done = desk.cancel(order, "somebody asked")
                self._world.rules.disturbed |= {one.id for one in order.shipments}
            self._record(connection, order, done)

        return self._do(work)

    def _record(self, connection: Connection, order: Order, done: list[facts.Fact]) -> None:
        book = self._world.hubs[0].book
        desk.do(connection, book, order, done, self._world.agenda.now, "office")

    def decide(self, parcels: Sequence[str]) -> None:
        """Let go what is held, or asked to be called off, while a marketplace is asked about it.

        Whether it was told waits for that, as long as it takes.
        """
        process = next(process for process in self._world.hubs if process.alive)

        def work(connection: Connection) -> None:
            for id in sorted({order_of(shipment_of(parcel)) for parcel in parcels}):
                order = process.book.get(connection, id, lock=True)
                if order is not None and any(one.stopped for one in order.shipments):
                    self._record(connection, order, [*desk.release(order), *desk.refuse(order)])

        process.write(work)

    def take_over(self) -> bool:
        """Give a shipment that one bench has to another."""

        def work(connection: Connection, order: Order) -> None:
            one = order.shipments[0]
            names = connection.execute(
                select(benches_table.c.name).order_by(benches_table.c.name)
            ).scalars()
            others = [name for name in names if name != one.bench]
            if not one.bench or not others:
                return
            to = self._world.chance.choice(others)
            try:
                done = takeover.facts_of(connection, order, to)
            except takeover.Refused:
                return
            self._world.rules.disturbed.add(one.id)
            self._world.trace(f"office: {one.id} from {one.bench} to {to}")
            book, now = self._world.hubs[0].book, self._world.agenda.now
            takeover.take_over(connection, book, order, done, now, why="a test", by="office")

        return self._do(work)

    def give(self) -> bool:
        """Want a shipment that one bench has at another, or take that back."""

        def work(connection: Connection, order: Order) -> None:
            one = order.shipments[0]
            names = connection.execute(
                select(benches_table.c.name).order_by(benches_table.c.name)
            ).scalars()
            to = self._world.chance.choice(list(names))
            book, now = self._world.hubs[0].book, self._world.agenda.now
            try:
                done = giveback.facts_of(connection, order, to, now)
            except giveback.Refused:
                return
            self._world.trace(f"office: {one.id}, {one.bench} has it, is wanted at {to}")
            giveback.give(connection, book, order, done, now, by="office")

        return self._do(work)


def new_machine(
    world: World, name: str, disk: Disk, key: int, *, odd: bool = False, code_for: str = ""
) -> Machine:
    """Put a machine up, with somebody who works at it."""
    machine = Machine(world, name, disk, key)
    machine.odd = int(odd)
    machine.forget_past()
    world.machines.append(machine)
    machine.switch_on()
    Packer(machine, BADGES[(len(world.machines) - 1) % len(BADGES)])
    if code_for:
        enrol(world, machine, code_for)
    return machine


def enrol(world: World, machine: Machine, name: str) -> None:
    """Make that machine that bench, with a code; tried until it is."""
    alive = [process for process in world.hubs if process.alive]
    process = world.chance.choice(alive) if alive else None
    codes: list[str] = []
    minutes = world.lease_minutes

    def make(connection: Connection) -> None:
        codes.append(
            benches.new_code(
                connection, name, world.agenda.now, prefetch=PREFETCH, lease_minutes=minutes
            )
        )

    if process is not None:
        process.write(make)
    if not codes or machine.process is None or process is None or not process.alive:
        world.agenda.after(20.0, lambda: enrol(world, machine, name) if not machine.gone else None)
        return
    places: list[Place] = []

    def where(program: Process) -> None:
        with program.store.turn() as turn:
            places.append(stands(turn, HUB))

    if not machine.within(where) or not places:
        world.agenda.after(20.0, lambda: enrol(world, machine, name) if not machine.gone else None)
        return
    (place,) = places
    said = Enrol(
        code=codes[0],
        public_key=signer(machine.key).public_key,
        host=machine.name,
        after=place.after,
        hash=place.hash,
    )
    answers: list[Said] = []
    body = msgspec.json.encode(said)
    process.serve(Asked(method="POST", target="/v1/enrol", headers={}, body=body), answers.append)
    world.rules.enrolled_anew(name)
    if not answers or answers[0].status != 201:
        world.agenda.after(20.0, lambda: enrol(world, machine, name) if not machine.gone else None)
        return
    enrolled = msgspec.json.decode(answers[0].body, type=Enrolled)

    def keep(program: Process) -> None:
        with program.store.turn() as turn:
            settle(turn, HUB, enrolled, place)

    if not machine.within(keep):
        world.agenda.after(20.0, lambda: enrol(world, machine, name) if not machine.gone else None)
        return
    machine.restart()


def look_after(world: World) -> None:
    """Enrol again whoever the hub does not know any more; a clone becomes a bench of its own."""
    for machine in list(world.machines):
        process = machine.process
        if machine.gone or process is None or process.driver.unwelcome_since is None:
            continue
        if world.agenda.now - process.driver.unwelcome_since < TECHNICIAN_SECONDS:
            continue
        me = machine.enrolled()
        name = machine.name if machine.name.endswith("-clone") else me.bench if me else machine.name
        world.trace(f"{machine.name}: enrolled as {name}")
        enrol(world, machine, name)
    world.agenda.after(TECHNICIAN_SECONDS, lambda: look_after(world))
