"""What does a label cost, from an order's data to the bytes for the printer?

Our layout, with its expressions, measuring, fitting, lint and escaping, beside the bare `zpl`
package that writes the same fields where they are known to go: each line at its place, bold ones
twice, nothing escaped, nothing measured. One core, in turns, each parcel new to both.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import zpl as bare

import layouts
from drivers.label_printers import zpl
from tests.bench.figure import Figure, Lab, Result, load, quantile, ratio

NAME = "paper.label_bytes"
GOAL = 1.5
_DOTS = 8
_WARM_UP = 1

Parcel = Mapping[str, Any]  # Any: the layout's own vocabulary
_FIRST = ("Ada", "Ben", "Carla", "Dmitri", "Elif", "Farid", "Greta", "Hugo", "Ines", "Jonas")
_LAST = ("Baker", "Novak", "Okafor", "Petersen", "Quinn", "Rossi", "Schmidt", "Tanaka", "Underwood")
_STREETS = ("Great Cross Street", "Hafenstrasse", "Rue du Bac", "Via Roma", "Calle Mayor")
_CITIES = ("Cambridge CB2 1TN", "Hamburg 20457", "Paris 75007", "Roma 00184", "Madrid 28013")
_FOREIGN = "王小明\n北京市朝阳区建国路{}号\n现代城5号楼1201室\n100022 北京\nChina"


def parcels(first: int, count: int, *, foreign: bool = False) -> list[Parcel]:
    """Return parcels to as many addresses; no two of them have the same."""
    return [_parcel(n, foreign) for n in range(first, first + count)]


def _parcel(n: int, foreign: bool) -> Parcel:
    name = f"{_FIRST[n % 10]} {_LAST[n % 9]}"
    street = f"{n} {_STREETS[n % 5]}"
    to = f"{name}\nApartment {n % 97}, floor {n % 7}\n{street}\n{_CITIES[n % 5]}\nEurope"
    return {
        "ship_from": "Packbench Demo Shop\nHafenstrasse 12\n20457 Hamburg\nGermany",
        "ship_to": _FOREIGN.format(n) if foreign else to,
        "country": "GB",
        "carrier": "SIMPARCEL",
        "service": "Express 24",
        "tracking": f"SP{n * 7_919 + 4_006_381_333_931:015d}GB",
        "order": f"114-{3_941_689 + n:07d}-{n * 31 % 10_000_000:07d}",
        "grams": 200 + n * 37 % 20_000,
        "parcel": 1,
        "parcels": 1,
        "date": "2026-11-22",
        "copy": 0,
        "lane": f"A{n % 9}",
        "note": "Leave with neighbour",
    }


def ours(shipping: layouts.Layout, parcel: Parcel) -> bytes:
    """Return the job as the bench makes it."""
    return zpl.render(layouts.draw(shipping, parcel), _DOTS)


def by_hand(parcel: Parcel) -> bytes:
    """Return the job as the `zpl` package makes it."""
    label = bare.Label(150, 100, _DOTS)
    label.change_international_font(28)
    for i, line in enumerate(parcel["ship_from"].split("\n")):
        _write(label, 5, 5 + i * 3.36, 2.8, line)
    bold = f"{parcel['parcel']} / {parcel['parcels']}"
    _write(label, 64, 4.5, 5.5, bold, 31, "R", twice=True)
    _write(label, 64, 11, 3.6, f"{parcel['grams'] / 1000:.2f} kg", 31, "R")
    _write(label, 64, 15.5, 2.8, parcel["date"], 31, "R")
    _write(label, 5, 23.5, 10, parcel["carrier"], twice=True)
    _write(label, 5, 34, 6, parcel["service"])
    _write(label, 76, 26, 14, parcel["country"], 20, "C", twice=True)
    _write(label, 5, 43, 2.6, "TO")
    for i, line in enumerate(parcel["ship_to"].split("\n")):
        _write(label, 5, 47 + i * 6.72, 5.6, line)
    for y, thick in ((21, 0.4), (41, 0.4), (87, 0.8), (125, 0.8)):
        label.origin(3, y)
        label.draw_box(94, thick, thick)
        label.endorigin()
    label.origin(75, 23.5)
    label.draw_box(22, 15.5, 0.8)
    label.endorigin()
    label.origin(12, 91)
    label.barcode_field_default(0.375, 3, 26)
    label.barcode("C", parcel["tracking"], 26 * _DOTS, print_interpretation_line="N")
    label.endorigin()
    _write(label, 12, 118, 4.6, parcel["tracking"], 80, "C")
    _write(label, 5, 128, 4, parcel["order"])
    _write(label, 5, 134, 3, parcel["note"])
    _write(label, 68, 128, 12, parcel["lane"], 27, "R", twice=True)
    job: str = label.dumpZPL()
    return job.encode()


def _write(
    label: bare.Label,
    x: float,
    y: float,
    height: float,
    text: str,
    width: float = 0,
    side: str = "L",
    *,
    twice: bool = False,
) -> None:
    for shift in (0, 0.125) if twice else (0,):
        label.origin(x + shift, y)
        label.write_text(
            text,
            char_height=height,
            char_width=height,
            line_width=width or None,
            justification=side,
        )
        label.endorigin()


def measure(lab: Lab) -> Iterable[Result]:
    """Make both jobs of parcel after parcel, in turns of some dozens."""
    shipping = layouts.load_builtin()["shipping"]
    sides: dict[str, Callable[[Parcel], bytes]] = {
        "ours": lambda parcel: ours(shipping, parcel),
        "bare": by_hand,
    }
    turns, batch = lab.rounds(30, 200), 50
    took: dict[str, list[float]] = {name: [] for name in (*sides, "foreign")}
    sizes: dict[str, int] = {}
    for turn in range(turns + _WARM_UP):
        lab.say("labels from orders", turn, turns)
        asked = parcels(turn * batch, batch)
        for name, make in sides.items():
            seconds, sizes[name] = _timed(make, asked)
            took[name] += [seconds] if turn >= _WARM_UP else []
        foreign = parcels(turn * batch, batch, foreign=True)
        seconds, sizes["foreign"] = _timed(sides["ours"], foreign)
        took["foreign"] += [seconds] if turn >= _WARM_UP else []
    lab.say("labels from orders", turns, turns)
    median = {name: quantile(seconds, 0.5) / batch for name, seconds in took.items()}
    value = ratio(median["ours"], median["bare"])
    yield Result(
        name=NAME,
        value=value,
        unit="ratio",
        goal=GOAL,
        met=value <= GOAL,
        baseline="the bare zpl package writing the same fields, unescaped and unmeasured, in turns",
        beside={
            "ours_us": round(median["ours"] * 1e6, 1),
            "bare_us": round(median["bare"] * 1e6, 1),
            "labels_per_second": round(1 / median["ours"]),
            "chinese_labels_per_second": round(1 / median["foreign"]),
            "ours_bytes": sizes["ours"],
            "bare_bytes": sizes["bare"],
            "bytes_ratio": ratio(sizes["ours"], sizes["bare"]),
            "labels": turns * batch,
            "load": load(),
        },
    )


def _timed(make: Callable[[Parcel], bytes], asked: list[Parcel]) -> tuple[float, int]:
    began = time.perf_counter()
    jobs = [make(parcel) for parcel in asked]
    took = time.perf_counter() - began
    return took, sum(len(job) for job in jobs) // len(jobs)


FIGURE = Figure({NAME: ("ratio", GOAL)}, measure)
