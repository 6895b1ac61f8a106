"""How does one run go? A world is made from a seed, goes wrong, is healed, and is reckoned up."""

from __future__ import annotations

import logging
import traceback
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from sync.hub import news
from sync.orders import Order
from tests.torture.simulation import faults, people
from tests.torture.simulation.agenda import Agenda
from tests.torture.simulation.disk import Disk, Drive
from tests.torture.simulation.hubs import Books, HubProcess, found, put_back
from tests.torture.simulation.machine import Machine
from tests.torture.simulation.net import Asked, Net, Said
from tests.torture.simulation.outside import Carrier, Market
from tests.torture.simulation.reckoning import Reckoning
from tests.torture.simulation.rules import Broke, Rules

BEGIN = 1_921_000_000.0
"""UTC seconds: some day in 2030."""
BENCHES = 4
HEAL_SECONDS = 1800.0
"""In which everybody must have heard everything, once nothing goes wrong any more."""
LOOK_SECONDS = 10.0
_DRIVES: list[Drive] = []
"""Kept from world to world: see `disk.Drive`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What came of a run."""

    seed: int
    steps: int
    hours: float
    faults: dict[str, int]
    done: dict[str, int]
    broke: Broke | None = None
    trail: tuple[str, ...] = ()
    """Where it broke, for a mistake of the product's that is no broken invariant."""


@dataclass(slots=True)
class World:
    """Everything that there is in a run."""

    seed: int
    told: Callable[[str], None] | None = None
    """Hears the trace."""
    chance: Random = field(init=False)
    agenda: Agenda = field(init=False)
    faults: Counter[str] = field(default_factory=Counter)
    done: Counter[str] = field(default_factory=Counter)
    net: Net = field(init=False)
    rules: Rules = field(init=False)
    market: Market = field(init=False)
    carrier: Carrier = field(init=False)
    books: Books = field(init=False)
    hubs: list[HubProcess] = field(init=False)
    machines: list[Machine] = field(default_factory=list)
    buyers: people.Buyers = field(init=False)
    office: people.Office = field(init=False)
    weather: dict[str, float] = field(init=False)
    outside_lossy: float = 0.0
    lease_minutes: float = 0.0
    calm_seconds: float = 0.0
    """Between two faults, on average."""
    lag_seconds: float = 0.0
    """How long a bench takes at most until it tells what was scanned."""
    healing: bool = False
    depth: int = 0
    """How many answers from outside are waited for within one another."""
    first_words: dict[str, Order] = field(default_factory=dict)
    """By order: as the book had it first, before anything happened to it."""
    _numbers: int = 0
    _drives: list[Drive] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw the weather, and put everything up."""
        self.chance = Random(self.seed)
        self.agenda = Agenda(BEGIN)
        self.net = Net(self.agenda, self.chance, self.faults)
        self.rules = Rules(self)
        self.market, self.carrier = Market(self), Carrier(self)
        self.books = Books(self)
        self.buyers, self.office = people.Buyers(self), people.Office(self)
        self.net.lossy = self.chance.choice((0.0, 0.02, 0.1, 0.25))
        self.net.doubling = self.chance.choice((0.0, 0.0, 0.05, 0.15))
        self.net.straggling = self.chance.choice((0.0, 0.0, 0.03, 0.1))
        self.net.damaging = self.chance.choice((0.0, 0.0, 0.02))
        self.net.mixing = self.chance.choice((0.0, 0.0, 0.02, 0.1))
        self.outside_lossy = self.chance.choice((0.0, 0.05, 0.2))
        self.lease_minutes = self.chance.choice(people.LEASE_MINUTES)
        self.lag_seconds = self.chance.choice((0.5, 5.0, 15.0))
        self.calm_seconds = faults.EVERY_SECONDS
        self.weather = faults.weather(self)
        two = self.chance.random() < 0.5
        self._open_hubs(1 + two)

    def run(self, steps: int) -> Ended:
        """Let it go wrong for so many steps, heal it, and reckon up."""
        broke: Broke | None = None
        trail: tuple[str, ...] = ()
        try:
            self._begin()
            while self.agenda.steps < steps:
                self.agenda.step()
            self._heal()
            Reckoning(self).settle()
        except Broke as e:
            broke = e
        except Exception as e:  # noqa: BLE001 -- the run is over, and its seed is told
            broke = Broke("nothing falls over", f"{type(e).__name__}: {e}")
            trail = tuple(traceback.format_exc().splitlines())
        finally:
            self._put_away()
        return Ended(
            self.seed,
            self.agenda.steps,
            self.agenda.hours,
            dict(self.faults),
            dict(self.done),
            broke,
            trail,
        )

    def _begin(self) -> None:
        for process in self.hubs:
            process.start()
        found(self.hubs[0], ["BOSS", *people.BADGES], self.agenda.now)
        for number in range(1, BENCHES + 1):
            name = f"b{number}"
            people.new_machine(self, name, Disk(), number, code_for=name)
        self.buyers.begin()
        self.agenda.after(people.TECHNICIAN_SECONDS, lambda: people.look_after(self))
        self.agenda.after(20.0, lambda: faults.strike(self))

    def bend(self, weather: Mapping[str, float]) -> None:
        """Let it be calm but for this: kinds of `faults.KINDS`, or how the world is made."""
        self.net.heal()
        self.outside_lossy = weather.get("outside", 0.0)
        self.net.mixing = weather.get("mixing", 0.0)
        self.net.straggling = weather.get("straggling", 0.0)
        self.lease_minutes = weather.get("lease", people.LEASE_MINUTES[-1])
        self.calm_seconds = weather.get("calm", faults.EVERY_SECONDS)
        self.weather = {name: weather.get(name, 0.0) for name in faults.KINDS}
        if "hubs" in weather:
            self._open_hubs(int(weather["hubs"]))

    def _open_hubs(self, number: int) -> None:
        self.hubs = [HubProcess(self, f"hub-{at}", self.books) for at in range(1, number + 1)]

    # -- what everybody uses

    def trace(self, what: str) -> None:
        """Say what happens, for who replays a seed."""
        if self.told is not None:
            self.told(f"{self.agenda.steps:6} {self.agenda.now - BEGIN:9.2f} s  {what}")

    def new_number(self) -> int:
        """Give a number that nobody had."""
        self._numbers += 1
        return self._numbers

    def new_id(self) -> str:
        """Give an id that nobody had."""
        return f"e{self.new_number()}"

    def borrow_drive(self) -> Drive:
        """Give a drive for the time of this world."""
        drive = _DRIVES.pop() if _DRIVES else Drive()
        self._drives.append(drive)
        return drive

    def serve(self, asked: Asked, back: Callable[[Said], None]) -> bool:
        """Bring a request to one of the hub processes."""
        return self.chance.choice(self.hubs).serve(asked, back)

    def moved(self, by: HubProcess) -> None:
        """A process wrote: it looks at once who waits, another one a little later."""
        for process in self.hubs:
            process.look_soon(0.0 if process is by else 0.25)

    def first_words_of(self, channel: str, orders: Sequence[Order]) -> None:
        """Note how orders come into the book that it does not have (any more)."""
        known = {str(id) for (id,) in self.books.disk.raw.execute("SELECT id FROM orders")}
        for one in orders:
            named = news.named(one, channel)
            if named.id not in known:
                self.first_words[named.id] = named

    # -- great events

    def restore(self, copy: bytes) -> None:
        """Put an older copy of the books back, under a new epoch."""
        self.trace("the hub's disk is lost: an older copy is put back")
        for process in self.hubs:
            process.die(5.0)
        self.books.epoch += 1
        self.books.disk = Disk(copy)
        self.rules.restored()
        first = self.hubs[0]
        first.start()
        first.arm(-1)  # who puts a copy back does it until it is done
        put_back(first, self.books.epoch, self.agenda.now)

    def change_disk(self, machine: Machine, disk: Disk) -> None:
        """Put another disk into a machine: what only the old one had is lost."""
        machine.take_off()
        machine.odd += 1
        machine.disk = disk
        self.rules.disk_lost(machine, machine.entries())
        machine.forget_past()
        machine.gone = False
        machine.switch_on()

    # -- the end

    def _heal(self) -> None:
        """Nothing goes wrong any more; everybody hears everything."""
        self.trace("healing")
        self.healing = True
        self.net.heal()
        self.outside_lossy = 0.0
        for process in self.hubs:
            process.paused_until = 0.0
            process.arm(-1)
            process.unmute()
        for machine in self.machines:
            machine.arm(-1)
            machine.slow = 1.0
            machine.disk.make_room()
            machine.printer.jams = 0.0
        end = self.agenda.now + HEAL_SECONDS
        while self.agenda.now < end:
            self.agenda.until(self.agenda.now + LOOK_SECONDS)
            why = self._restless()
            if not why:
                return
            self._decide()
        raise Broke("everybody comes to rest", why)

    def _decide(self) -> None:
        """Let people decide what is held while nobody knows whether its marketplace was told."""
        due = self.books.disk.raw.execute("SELECT id FROM parcel WHERE confirm_work").fetchall()
        if due and any(process.alive for process in self.hubs):
            self.office.decide([str(id) for (id,) in due])

    def _restless(self) -> str:
        """Say what is still going on; "" when nothing is."""
        raw = self.books.disk.raw
        if not all(process.alive for process in self.hubs):
            return "a hub is down"
        due = raw.execute("SELECT id FROM parcel WHERE label_work OR confirm_work").fetchall()
        if due:
            return f"work outside is due: {[id for (id,) in due][:5]}"
        for machine in self.machines:
            if machine.gone:
                continue
            me = machine.enrolled()
            if machine.process is None or me is None:
                return f"{machine.name} does not run"
            row = raw.execute(
                "SELECT feed_seq, incarnation FROM bench WHERE name = ?", (me.bench,)
            ).fetchone()
            if machine.owed() or row is None:
                return f"{machine.name} owes {machine.owed()} entries"
            if machine.cursor() != f"{self.books.epoch}.{row[0]}":
                return f"{machine.name} has read to {machine.cursor()} of {row[0]}"
            if row[1] != me.incarnation or machine.process.driver.unwelcome_since is not None:
                return f"{machine.name} is not welcome"
        return ""

    def _put_away(self) -> None:
        for machine in self.machines:
            machine.take_off()
        for drive in self._drives:
            drive.mount(Disk(), lambda statement: None)
        _DRIVES.extend(self._drives)


def run(
    seed: int,
    steps: int,
    told: Callable[[str], None] | None = None,
    weather: Mapping[str, float] | None = None,
) -> Ended:
    """Make a world of a seed, and let it go wrong; `weather`: not as the seed draws it."""
    # What the product says in its log of disks that were full on purpose, nobody reads.
    logging.disable(logging.CRITICAL)
    try:
        world = World(seed, told)
        if weather is not None:
            world.bend(weather)
        return world.run(steps)
    finally:
        logging.disable(logging.NOTSET)
