"""Which bugs are planted, to see whether they are caught?

Each row replaces a function of the product, in memory and for a while, by one that is broken in
just one way. This package is the one place where the product is patched: that is its point. A
mutant that no seed catches says that the rig is weak, or that a second guard of the product masks
the first; where it is the second guard, the mutant takes both away and says so.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.torture.mutants import claims, down, outside, several, up
from tests.torture.mutants.swap import Swaps


@contextmanager
def planted(name: str) -> Iterator[None]:
    """Plant a bug for a while; "" plants none."""
    with ExitStack() as stack:
        for where, what, broken in MUTANTS[name].swaps() if name else []:
            sound = getattr(where, what)
            stack.callback(setattr, where, what, sound)
            setattr(where, what, broken)
        yield


@dataclass(frozen=True, slots=True)
class Mutant:
    """A planted bug, and the weather in which it shows soonest."""

    swaps: Callable[[], Swaps]
    weather: Mapping[str, float]
    """As `World.bend` takes it: everything else is calm."""


MUTANTS: Mapping[str, Mutant] = {
    "noafter": Mutant(down.noafter, {"mixing": 0.3, "taken over": 2}),
    "nodedup": Mutant(up.nodedup, {"bench imaged": 6, "old disk image": 3, "bench cut off": 5}),
    "noepoch": Mutant(claims.noepoch, {"taken over": 5, "bench cut off": 4}),
    "seqcursor": Mutant(down.seqcursor, {"taken over": 2, "bench cut off": 5}),
    "dropacked": Mutant(up.dropacked, {"hub copied": 4, "hub restored": 4}),
    "blindretry": Mutant(outside.blindretry, {"outside": 0.3}),
    "noverify": Mutant(outside.noverify, {"outside": 0.2, "hub copied": 4, "hub restored": 4}),
    "overlayloss": Mutant(
        down.overlayloss, {"bench cut off": 3, "address changed": 3, "order held": 3}
    ),
    "nodone": Mutant(claims.nodone, {"bench imaged": 5, "old disk image": 4}),
    "tokenreuse": Mutant(claims.tokenreuse, {"hub copied": 4, "hub restored": 4}),
    "leaseforever": Mutant(claims.leaseforever, {"bench cut off": 6, "lease": 1.5}),
    "leasefromanswer": Mutant(
        claims.leasefromanswer,
        {"everybody cut off": 6, "straggling": 0.6, "lease": 1.0, "calm": 12},
    ),
    "leasebeforefeed": Mutant(
        claims.leasebeforefeed, {"everybody cut off": 6, "straggling": 0.5, "lease": 0.75}
    ),
    "earlyexpiry": Mutant(claims.earlyexpiry, {"bench cut off": 6, "lease": 1.5}),
    "novoid": Mutant(
        outside.novoid, {"taken over": 9, "bench cut off": 4, "lease": 1.5, "calm": 3}
    ),
    "nogiveback": Mutant(outside.nogiveback, {"order cancelled": 5, "called off at the office": 5}),
    "printunwritten": Mutant(outside.printunwritten, {"bench crash": 5, "bench power cut": 5}),
    "purgeforgets": Mutant(
        down.purgeforgets, {"bench cut off": 4, "taken over": 4, "order cancelled": 3}
    ),
    "nosweep": Mutant(down.nosweep, {"taken over": 4, "hub copied": 4, "hub restored": 4}),
    "staleleave": Mutant(down.staleleave, {"taken over": 4, "order cancelled": 3}),
    "digestskips": Mutant(down.digestskips, {"taken over": 4, "order cancelled": 3}),
    "versionstuck": Mutant(down.versionstuck, {"address changed": 3}),
    "norewind": Mutant(up.norewind, {"hub copied": 4, "hub restored": 4}),
    "resetkeepsacked": Mutant(up.resetkeepsacked, {"hub copied": 4, "hub restored": 4}),
    "ackahead": Mutant(up.ackahead, {"bench cut off": 2}),
    "forkblind": Mutant(up.forkblind, {"bench imaged": 5, "old disk image": 4}),
    "sameincarnation": Mutant(
        up.sameincarnation, {"enrolled anew": 3, "disk cloned": 3, "new disk": 2}
    ),
    "loosescans": Mutant(up.loosescans, {"bench power cut": 8}),
    "hubcache": Mutant(several.hubcache, {"hubs": 2, "order held": 3}),
    "hubcounter": Mutant(several.hubcounter, {"hubs": 2, "order held": 3}),
    "bothbuy": Mutant(several.bothbuy, {"hubs": 2}),
    "confirmearly": Mutant(outside.confirmearly, {"address changed": 1}),
}
"""By name: the ten of the protocol's first prototype, and those that it left out."""
