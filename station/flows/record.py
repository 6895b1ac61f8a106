"""How do facts get into a step? Applied to the open order first, so that none is ever refused.

`record` raises `sync.orders.Impossible` as `apply` does. One place catches it: `flows.step`, where
it becomes a red verdict, and nothing of the step has happened.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from station.flows.flow import Step
from station.session import Session, Undo
from sync.orders import Order, apply, compensation, fold
from sync.orders import facts as f
from sync.orders.facts import Fact

NO_UNDO = (f.PrintQueued, f.OrderHeld, f.HoldReleased)
"""They have a compensating fact, and yet no way back at the bench: the spool has the label in its
hands at once, and a hold is a supervisor's to release."""
DEEPEST = 1000
"""Scans that can be taken back; an order has hardly ever so many."""


def record(session: Session, *facts: Fact) -> Step:
    """Put facts on record for the open order. Raises Impossible."""
    if session.order is None:
        return Step(session)
    return Step(replace(session, order=fold(session.order, facts)), facts)


def go_on(step: Step, further: Callable[[Session], Step]) -> Step:
    """Let something further happen in the same step."""
    after = further(step.session)
    return Step(after.session, step.effects + after.effects)


def with_undo(undo: tuple[Undo, ...], before: Order, facts: list[Fact], flow: str) -> Undos:
    """Return the chain of undos after a step that put these facts on record."""
    back: list[Fact] = []
    broken = False
    for fact in facts:
        taken_back = None if isinstance(fact, NO_UNDO) else compensation(before, fact)
        before = apply(before, fact)
        if taken_back is None:
            broken, back = True, []
        else:
            back.insert(0, taken_back)
    kept = () if broken else undo
    # What led into the way of no return cannot be walked back to; what came after it can.
    return (*kept, Undo(tuple(back), flow))[-DEEPEST:] if back else kept


Undos = tuple[Undo, ...]
