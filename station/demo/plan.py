"""What is to happen in this demo? Decided before it begins, from the seed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What was asked for."""

    orders: int
    benches: int
    seed: int
    kills: int = 0
    language: str = "en"
    headless: bool = True
    deadline: float = 600.0
    """Seconds after which it has failed."""


@dataclass(frozen=True, slots=True, order=True)
class Kill:
    """One bench is to be killed."""

    labels: int
    """When so many labels have come out, of all printers together."""
    bench: int
    delay: float
    """Seconds after that."""


def kills(plan: Plan) -> list[Kill]:
    """Return when which bench dies, the soonest first; the same seed is the same fate.

    By labels, not by the clock, so that they are spread over the work on a slow machine too.
    """
    throw = Random(f"{plan.seed} kills")  # noqa: S311  # a game, not a secret
    # Orders that are cancelled or held print nothing: the last tenth may never come out.
    last = max(plan.orders * 9 // 10, 1)
    return sorted(
        Kill(throw.randrange(last), throw.randrange(plan.benches), throw.uniform(0.0, 0.5))
        for _ in range(plan.kills)
    )


def bench_names(plan: Plan) -> list[str]:
    """Name the benches.

    >>> bench_names(Plan(orders=1, benches=2, seed=1))
    ['bench-1', 'bench-2']
    """
    return [f"bench-{n}" for n in range(1, plan.benches + 1)]


def badges(plan: Plan) -> list[str]:
    """Name the badges of the packers, one a bench."""
    return [f"P{n:03d}" for n in range(1, plan.benches + 1)]


def changing_seconds(plan: Plan) -> float:
    """Return in how many seconds the buyers change their minds: while orders are being packed."""
    return max(8.0, 0.2 * plan.orders / plan.benches) if plan.headless else 240.0
