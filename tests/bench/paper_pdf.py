"""What does a carrier's PDF cost until it is ZPL, beside the package `zebrafy`?

The same pages in the same run, in turns: drawn at 203 dpi, cut at a threshold, sent as Z64. Beside
that stands zebrafy as it comes, which dithers. Times are of the processor: both sides compute and
wait for nothing, and what else the machine does is no part of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from importlib import import_module
from types import ModuleType

import layouts
from drivers.label_printers import outside, pdf, preview
from drivers.label_printers.head import Head
from tests.bench.figure import Beside, Figure, Lab, Missing, Result, load, milliseconds, ratio

TIME, BYTES = "paper.pdf_to_zpl_time", "paper.pdf_to_zpl_bytes"
RESULTS: dict[str, tuple[str, float | None]] = {TIME: ("ratio", 1.0), BYTES: ("ratio", 1.0)}
_BASELINE = "zebrafy 2, threshold, Z64"
_DPI = 203
_PEOPLE = (
    "Marta Klein\nHafenweg 7\n20457 Hamburg\nDE",
    "José Muñoz\nCalle Alcalá 4, 2º izq.\n28014 Madrid\nES",
    "王小明\n长宁区愚园路1088弄48号\n200050 上海\nCN",
    "สมชาย ใจดี\n99/1 ถนนสุขุมวิท\n10110 กรุงเทพฯ\nTH",
)


def measure(lab: Lab) -> Iterable[Result]:
    """Convert a handful of labels in turns."""
    zebrafy = _zebrafy()
    pages = [_page(to) for to in _PEOPLE]
    rounds = lab.rounds(10, 60)
    sides: dict[str, Callable[[bytes], int]] = {
        "ours": _ours,
        "theirs": lambda page: _theirs(zebrafy, page, dither=False),
        "dithered": lambda page: _theirs(zebrafy, page, dither=True),
    }
    seconds: dict[str, list[float]] = {side: [] for side in sides}
    sizes = {side: sum(convert(page) for page in pages) for side, convert in sides.items()}
    for done in range(rounds):
        lab.say("PDF to ZPL", done, rounds)
        for page in pages:
            for side, convert in sides.items():
                began = time.process_time()
                convert(page)
                seconds[side].append(time.process_time() - began)
    beside: Beside = {f"{side}_ms": milliseconds(took, 0.5) for side, took in seconds.items()}
    beside |= {"labels": rounds * len(pages), "load": load()}
    wire: Beside = {f"{side}_bytes": size // len(pages) for side, size in sizes.items()}
    took = ratio(_median(seconds["ours"]), _median(seconds["theirs"]))
    yield _result(TIME, took, beside)
    yield _result(BYTES, round(sizes["ours"] / sizes["theirs"], 3), wire)


FIGURE = Figure(RESULTS, measure)


def _result(name: str, value: float, beside: Beside) -> Result:
    unit, goal = RESULTS[name]
    met = goal is None or value <= goal
    return Result(
        name=name, value=value, unit=unit, goal=goal, met=met, baseline=_BASELINE, beside=beside
    )


def _median(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) // 2]


def _page(to: str) -> bytes:
    """A 4x6 inch label as a carrier sends it: drawn for 300 dpi."""
    layout = layouts.load_builtin()["shipping"]
    label = layouts.draw(layout, {**layout.sample, "ship_to": to})
    return preview.to_pdf(label, 12)


def _ours(page: bytes) -> int:
    (picture,) = pdf.pages(page, 8)
    return len(outside.job(picture, Head()))


def _theirs(zebrafy: ModuleType, page: bytes, *, dither: bool) -> int:
    made = zebrafy.ZebrafyPDF(page, dpi=_DPI, format="Z64", dither=dither).to_zpl()
    return len(made.encode("ascii"))


def _zebrafy() -> ModuleType:
    try:
        return import_module("zebrafy")
    except ImportError as error:
        raise Missing("zebrafy is not installed; make .venv/dev") from error
