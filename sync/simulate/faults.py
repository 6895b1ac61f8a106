"""What goes wrong on purpose: faults by name, armed by chance or for the next so many requests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

import msgspec

from sync.orders.learn import learn

FAULTS = {
    "lost_answer": "a write takes effect, the connection closes without an answer",
    "throttle": "429 although the bucket is not empty: another application used it up",
    "token_expired": "the access token stops working before its time",
    "server_error": "500 before anything is done",
    "slow": "the answer takes some seconds",
    "truncated_body": "the connection closes in the middle of the answer to a read",
    "duplicate_page": "the next page begins again with the orders of this one",
}

SELDOM = 0.1
"""How likely a fault is whose chance nobody gave: one request in ten."""


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One armed fault."""

    name: str
    probability: float = 1.0
    times: int | None = None
    """Strikes so many times and is gone; None: for ever."""
    on: str = ""
    """Only on this operation ("confirmShipment"); "": wherever it can strike."""

    def __post_init__(self) -> None:
        """Refuse what cannot be armed. Raises ValueError."""
        if self.name not in FAULTS:
            raise ValueError(f"no fault is called {self.name}; there are {', '.join(FAULTS)}")
        if not 0.0 <= self.probability <= 1.0:
            raise ValueError(f"{self.name}={self.probability}: a probability is from 0 to 1")


def read(text: str) -> Fault:
    """Read a fault as it is given on the command line. Raises ValueError.

    >>> read("lost_answer=0.25").probability
    0.25
    """
    name, _, probability = text.partition("=")
    return Fault(name, float(probability) if probability else SELDOM)


class Faults:
    """The faults that are armed, and how often each has struck."""

    def __init__(self, throw: Random, armed: Iterable[Fault] = ()) -> None:
        self._throw = throw
        self._armed = list(armed)
        self.struck: Counter[str] = Counter()

    @property
    def armed(self) -> tuple[Fault, ...]:
        """Give what is armed now."""
        return tuple(self._armed)

    def arm(self, fault: Fault) -> None:
        """Add a fault to those that are armed."""
        self._armed.append(fault)

    def disarm(self, name: str = "") -> None:
        """Take away the faults of that name, or all."""
        self._armed = [fault for fault in self._armed if name and fault.name != name]

    def strike(self, name: str, operation: str) -> bool:
        """Say whether the fault strikes this request; if so it is counted."""
        for at, fault in enumerate(self._armed):
            if fault.name != name or fault.on not in ("", operation):
                continue
            if self._throw.random() >= fault.probability:
                continue
            if fault.times is not None:
                left = msgspec.structs.replace(fault, times=fault.times - 1)
                self._armed[at : at + 1] = [left] if fault.times > 1 else []
            self.struck[name] += 1
            return True
        return False


learn(Fault)
