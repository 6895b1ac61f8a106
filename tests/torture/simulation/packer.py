"""What does the person at a bench do? What the demo's robot does, and at times goes to the dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.demo import robot
from station.demo.robot import Lift, Scan, Seen, Weigh
from station.flows.flow import Weighed
from station.session import Session
from station.store import queue
from sync.orders import Order, facts

if TYPE_CHECKING:
    from tests.torture.simulation.machine import Machine, Process

MOVE_SECONDS = 5.0
MISTAKES = 0.06
"""The share of moves that are wrong or unusual."""
LOOKS_AT = 6
"""Orders on the trolley."""


class Packer:
    """Works at one bench until the world is healed."""

    def __init__(self, machine: Machine, badge: str) -> None:
        self._machine, self._world = machine, machine.world
        self._badge = badge
        self._on_scale = 0
        self._lifted_at = 0.0
        self._last: Session | None = None
        self._since = 0.0
        self._later()

    def _later(self) -> None:
        seconds = MOVE_SECONDS * self._world.chance.uniform(0.3, 2.0) * self._machine.slow
        self._world.agenda.after(seconds, self._move)

    def _move(self) -> None:
        if self._world.healing or self._machine.gone:
            return
        if self._machine.printer.out and self._world.chance.random() < 0.08:
            self._machine.within(self._hand_over)
        else:
            self._machine.within(self._pack)
        self._later()

    def _pack(self, process: Process) -> None:
        session, now = process.bench.session, self._world.agenda.now
        if session is not self._last:
            self._last, self._since = session, now
        waiting: tuple[Order, ...] = ()
        if session.idle:
            waiting = queue.waiting(process.store, LOOKS_AT)
            if session.packer is not None and not waiting and session.question is None:
                return
        seen = Seen(
            session=session,
            badge=self._badge,
            waiting=waiting,
            out=self._machine.printer.out,
            on_scale=self._on_scale,
            empty=now - self._lifted_at,
            idle=now - self._since,
        )
        match robot.next_move(seen, self._world.chance, MISTAKES):
            case Scan(text=text):
                self._world.agenda.counts()
                self._world.trace(f"{self._machine.name}: scans {text}")
                process.bench.scan(text, "scanner")
            case Weigh(grams=grams):
                self._on_scale = grams
                process.bench.put(Weighed(grams))
            case Lift():
                self._on_scale, self._lifted_at = 0, now
            case _:
                pass

    def _hand_over(self, process: Process) -> None:
        """Bring a box that stands here to its lane, or give one in a lane to the carrier."""
        boxes = sorted(self._world.rules.boxes_at(self._machine))
        if not boxes:
            return
        parcel = self._world.chance.choice(boxes)
        order_id = parcel.rpartition("#")[0]
        with process.store.turn(feed=True) as turn:
            order = turn.order(order_id)
        if order is None:
            return
        shipment = order.shipment(parcel.rpartition("/")[0])
        box = next((one for one in shipment.parcels if one.id == parcel), None)
        if box is None or not box.closed:
            return
        lane = box.label.lane if box.label else "GREEN"
        if not box.lane:
            process.bench.record(order_id, facts.ParcelStaged(parcel=parcel, lane=lane or "GREEN"))
        else:
            process.bench.record(order_id, facts.ParcelHandedOver(parcel=parcel))
