"""How long does it take to find one of 100,000 orders by any of its codes, and to open it?

Found by its number, by a tracking number, or by a piece that it needs; against the shortest SQL
that could find it and read its document. Opening is the whole scan: found, decided, on disk.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass, field
from random import Random

from sqlalchemy import select

from station import codes
from station.bench import Bench, Printers
from station.codes.code import BadgeCode, CommandCode, OrderCode
from station.codes.own import write
from station.config import DATABASE
from station.demo.robot import printed
from station.store import desk
from station.store import schema as t
from station.store.store import Store
from tests.bench import full_store, raw, script
from tests.bench.figure import Beside, Figure, Lab, Missing, Result, load, milliseconds, quantile

NAME = "bench.open_by_code"
GOAL_MS = 20.0
ROUNDS = (400, 4000)
_OPENED_EACH = 4
"""Every so many findings one order is opened as well."""
_RAW = {
    "order": "SELECT o.now FROM codes c JOIN shipments s ON s.number = c.shipment "
    "JOIN orders o ON o.id = s.order_id WHERE c.kind = 'order' AND c.code = ?",
    "tracking": "SELECT o.now FROM codes c JOIN shipments s ON s.number = c.shipment "
    "JOIN orders o ON o.id = s.order_id WHERE c.kind = 'tracking' AND c.code = ?",
    "piece": "SELECT o.now FROM needs n JOIN shipments s ON s.number = n.shipment "
    "JOIN orders o ON o.id = s.order_id WHERE n.gtin = ? ORDER BY n.several, n.urgency LIMIT 1",
}


@dataclass(slots=True)
class Took:
    """Seconds."""

    found: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    opened: list[float] = field(default_factory=list)


def measure(lab: Lab) -> Iterable[Result]:
    """Find and open orders from all over the queue."""
    home = full_store.home(
        lab.cache,
        lab.folder / "home",
        full_store.MANY,
        lambda done, of: lab.say(f"a file of {of} orders", done, of),
    )
    took = {kind: Took() for kind in _RAW}
    count = lab.rounds(*ROUNDS)
    with closing(Store(home / DATABASE)) as store, raw.sqlite(home / DATABASE) as execute:
        bench = Bench(store, script.fresh(), Printers())
        bench.scan(write(BadgeCode(full_store.BADGE)), "hand")
        known = {kind: _codes(store, kind) for kind in _RAW}
        throw = Random(5)
        for done in range(count):
            for kind, texts in known.items():
                code = throw.choice(texts)
                _find(store, execute, kind, code, took[kind])
                if done % _OPENED_EACH == 0:
                    took[kind].opened.append(_open(bench, _scanned(kind, code)))
            lab.say("open by code", done + 1, count)
    yield _result(took)


def _result(took: dict[str, Took]) -> Result:
    found = [s for one in took.values() for s in one.found]
    beside: Beside = {}
    for kind, one in took.items():
        beside[f"{kind}_p50_ms"] = milliseconds(one.found, 0.5)
        beside[f"{kind}_raw_p50_ms"] = milliseconds(one.raw, 0.5)
        beside[f"{kind}_ratio"] = round(quantile(one.found, 0.5) / quantile(one.raw, 0.5), 1)
        beside[f"{kind}_opened_p50_ms"] = milliseconds(one.opened, 0.5)
        beside[f"{kind}_opened_p99_ms"] = milliseconds(one.opened, 0.99)
    worst = milliseconds(found, 0.99)
    return Result(
        name=NAME,
        value=worst,
        unit="ms",
        goal=GOAL_MS,
        met=worst < GOAL_MS,
        baseline="the shortest SQL that finds the order by that code and reads it",
        beside={**beside, "load": load()},
    )


def _find(store: Store, execute: raw.Execute, kind: str, code: str, took: Took) -> None:
    scanned = codes.read(_scanned(kind, code), None)
    began = time.monotonic()
    with store.turn(feed=True) as turn:
        known = desk.look_up(turn, scanned)
    took.found.append(time.monotonic() - began)
    if (known.needing if kind == "piece" else known.order) is None:
        raise Missing(f"the bench does not find {code} by its {kind} code")
    began = time.monotonic()
    execute(_RAW[kind], (code,)).fetchone()
    took.raw.append(time.monotonic() - began)


def _open(bench: Bench, text: str) -> float:
    began = time.monotonic()
    session = bench.scan(text, "hand")
    took = time.monotonic() - began
    if session.order is None:
        raise Missing(f"scanning {text} opens nothing: {session.said}")
    bench.scan(write(CommandCode("CANCEL")), "hand")
    return took


def _scanned(kind: str, code: str) -> str:
    """What the scanner says for a code as it stands in the tables."""
    match kind:
        case "order":
            return write(OrderCode(f"{code[:3]}-{code[3:10]}-{code[10:]}"))
        case "piece":
            return printed(code)
        case _:
            return code


def _codes(store: Store, kind: str) -> list[str]:
    with store.turn(feed=True) as turn:
        if kind == "piece":
            return list(turn.sql.execute(select(t.needs.c.gtin).distinct()).scalars())
        return list(
            turn.sql.execute(select(t.codes.c.code).where(t.codes.c.kind == kind)).scalars()
        )


FIGURE = Figure({NAME: ("ms", GOAL_MS)}, measure)
