"""What goes wrong? One row a kind: what it does to the world, and how often beside the others.

Each seed draws its own weather: which kinds there are at all, and how many. A run in which
everything goes wrong at once finds less than many in which a few things do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from sync.orders import HoldKind
from tests.torture.simulation.disk import Disk
from tests.torture.simulation.people import enrol, new_machine

if TYPE_CHECKING:
    from tests.torture.simulation.machine import Machine
    from tests.torture.simulation.world import World

Do = Callable[["World"], bool]
"""Does it; False where it found nothing to do it to."""

EVERY_SECONDS = 7.0
"""Between two faults, on average, in ordinary weather."""
STATEMENTS = 60
"""A process that is to die does so at one of the next so many."""


def _some(world: World) -> Machine | None:
    found = [one for one in world.machines if one.process is not None and not one.gone]
    return world.chance.choice(found) if found else None


def bench_cut_off(world: World) -> bool:
    """A bench's network is away for seconds or for a quarter of an hour."""
    machine = _some(world)
    if machine is None or machine.name in world.net.cut:
        return False
    world.net.cut.add(machine.name)
    seconds = world.chance.choice((10.0, 60.0, 300.0, 900.0)) * world.chance.uniform(0.5, 1.5)
    world.trace(f"{machine.name}: cut off for {seconds:.0f} s")
    world.agenda.after(seconds, lambda: world.net.cut.discard(machine.name))
    return True


def all_cut_off(world: World) -> bool:
    """The hub's network is away."""
    world.trace("everybody is cut off")
    names = [one.name for one in world.machines]
    world.net.cut.update(names)
    world.agenda.after(
        world.chance.uniform(5.0, 200.0), lambda: world.net.cut.difference_update(names)
    )
    return True


def bench_crash(world: World) -> bool:
    """A bench's program dies at one of its next statements."""
    machine = _some(world)
    if machine is None:
        return False
    machine.arm(world.chance.randrange(STATEMENTS))
    return True


def bench_power_cut(world: World) -> bool:
    """A bench loses power."""
    machine = _some(world)
    if machine is None:
        return False
    machine.crash(power=True)
    return True


def disk_full(world: World) -> bool:
    """A bench's disk takes no more, for a while."""
    machine = _some(world)
    if machine is None:
        return False
    disk = machine.disk
    disk.fill()
    world.trace(f"{machine.name}: disk full")

    def empty() -> None:
        disk.make_room()
        machine.disk.make_room()

    world.agenda.after(world.chance.uniform(5.0, 120.0), empty)
    return True


def slow_disk(world: World) -> bool:
    """Everything takes longer at a bench."""
    machine = _some(world)
    if machine is None:
        return False
    machine.slow = world.chance.uniform(2.0, 8.0)

    def better() -> None:
        machine.slow = 1.0

    world.agenda.after(world.chance.uniform(20.0, 200.0), better)
    return True


def clock_wrong(world: World) -> bool:
    """A bench's wall clock jumps, by an hour or by years, ahead or back."""
    machine = _some(world)
    if machine is None:
        return False
    jump = world.chance.choice((3600.0, -3600.0, 90.0, -7.0, 3e8, -3e8, 0.0))
    machine.off_seconds = jump
    world.trace(f"{machine.name}: its clock is {jump:+.0f} s off")
    return True


def hub_crash(world: World) -> bool:
    """A hub process dies at one of its next statements."""
    world.chance.choice(world.hubs).arm(world.chance.randrange(STATEMENTS))
    return True


def hub_mute(world: World) -> bool:
    """A hub process dies after it has done what it was asked, before it says so."""
    world.chance.choice(world.hubs).mute()
    return True


def hub_pause(world: World) -> bool:
    """A hub process stands still, for longer than it may hold what it has taken up."""
    process = world.chance.choice(world.hubs)
    process.paused_until = world.agenda.now + world.chance.uniform(30.0, 300.0)
    world.trace(f"{process.name}: stands still")
    return True


def hub_copy(world: World) -> bool:
    """A backup is made: no fault, but what the next needs."""
    if any(process.alive for process in world.hubs):
        world.books.copy()
    return True


def hub_restore(world: World) -> bool:
    """The hub's disk is lost, and an older copy put back."""
    if not world.books.copies or world.agenda.now - world.agenda.began < 60.0:
        return False
    world.restore(world.chance.choice(world.books.copies))
    return True


def old_disk(world: World) -> bool:
    """A bench's disk is put back to an older image."""
    machine = _some(world)
    if machine is None or not machine.images:
        return False
    image = world.chance.choice(machine.images)
    world.trace(f"{machine.name}: an old image of its disk is put back")
    disk = Disk(image)
    world.change_disk(machine, disk)
    return True


def bench_image(world: World) -> bool:
    """An image of a bench's disk is made: no fault, but what others need."""
    machine = _some(world)
    if machine is None:
        return False
    machine.images = [*machine.images[-2:], machine.disk.image()]
    return True


def new_disk(world: World) -> bool:
    """A bench's disk is destroyed; it gets an empty one, and a code."""
    machine = _some(world)
    if machine is None:
        return False
    world.trace(f"{machine.name}: an empty disk, and a code")
    me = machine.enrolled()
    if me is None:
        return False
    world.change_disk(machine, Disk())
    enrol(world, machine, me.bench)
    return True


def clone(world: World) -> bool:
    """A bench's disk is copied into another machine, and both go on."""
    machine = _some(world)
    if machine is None or machine.odd or len(world.machines) > MOST_MACHINES:
        return False
    me = machine.enrolled()
    if me is None or machine.owed() < 0:
        return False
    world.trace(f"{machine.name}: its disk is cloned")
    machine.odd += 1
    new_machine(world, f"{machine.name}-clone", Disk(machine.disk.image()), machine.key, odd=True)
    return True


MOST_MACHINES = 6


def enrolled_anew(world: World) -> bool:
    """Somebody enrols a bench again, although nothing is wrong with it."""
    machine = _some(world)
    me = machine.enrolled() if machine else None
    if machine is None or me is None:
        return False
    world.trace(f"{machine.name}: enrolled anew")
    enrol(world, machine, me.bench)
    return True


def cancelled(world: World) -> bool:
    """A buyer calls an order off, or asks to."""
    return world.buyers.cancel()


def moved_house(world: World) -> bool:
    """A buyer gives another address."""
    return world.buyers.move()


def fewer(world: World) -> bool:
    """A buyer takes back a piece of an order."""
    return world.buyers.take_back()


def held(world: World) -> bool:
    """The office holds an order, or releases one."""
    kind = world.chance.choice((HoldKind.FRAUD, HoldKind.OPERATOR))
    return world.office.hold(kind)


def called_off(world: World) -> bool:
    """The office cancels an order."""
    return world.office.cancel()


def taken_over(world: World) -> bool:
    """A supervisor takes a shipment from one bench to another."""
    return world.office.take_over()


def wanted_elsewhere(world: World) -> bool:
    """A supervisor wants a shipment that nobody has begun at another bench."""
    return world.office.give()


KINDS: dict[str, tuple[Do, float]] = {
    "bench cut off": (bench_cut_off, 3.0),
    "everybody cut off": (all_cut_off, 0.3),
    "bench crash": (bench_crash, 2.0),
    "bench power cut": (bench_power_cut, 2.0),
    "disk full": (disk_full, 1.0),
    "slow disk": (slow_disk, 0.5),
    "clock wrong": (clock_wrong, 1.0),
    "hub crash": (hub_crash, 2.0),
    "hub dies mute": (hub_mute, 1.0),
    "hub stands still": (hub_pause, 1.0),
    "hub copied": (hub_copy, 1.5),
    "hub restored": (hub_restore, 0.6),
    "bench imaged": (bench_image, 1.0),
    "old disk image": (old_disk, 0.3),
    "new disk": (new_disk, 0.15),
    "disk cloned": (clone, 0.2),
    "enrolled anew": (enrolled_anew, 0.2),
    "order cancelled": (cancelled, 2.0),
    "address changed": (moved_house, 1.0),
    "quantity reduced": (fewer, 0.7),
    "order held": (held, 1.0),
    "called off at the office": (called_off, 0.7),
    "taken over": (taken_over, 1.0),
    "wanted elsewhere": (wanted_elsewhere, 1.0),
}
HARMLESS = frozenset({"hub copied", "bench imaged"})
"""What only prepares others, and is not counted."""


def weather(world: World) -> dict[str, float]:
    """Draw how often each kind is to come in this run."""
    return {
        name: weight * world.chance.choice((0.0, 0.0, 0.5, 1.0, 3.0))
        for name, (_, weight) in KINDS.items()
    }


def strike(world: World) -> None:
    """Let one thing go wrong, and the next one later."""
    if world.healing:
        return
    names = [name for name, share in world.weather.items() if share]
    if names:
        name = world.chance.choices(names, [world.weather[n] for n in names])[0]
        if KINDS[name][0](world) and name not in HARMLESS:
            world.faults[name] += 1
            world.agenda.counts()
    world.agenda.after(world.chance.expovariate(1 / world.calm_seconds), lambda: strike(world))
