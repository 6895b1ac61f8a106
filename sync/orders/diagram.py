"""How do the tables of states look as a picture? Mermaid text, for README.

    python -m sync.orders.diagram

`tests/test_readme.py` holds README to it.
"""

from __future__ import annotations

import re
import sys
from enum import StrEnum
from typing import TypeVar

from sync.orders import transitions as t

S = TypeVar("S", bound=StrEnum)


def shipment() -> str:
    """Draw the states of a shipment; from packed on it is where the last of its parcels is."""
    arrows = _arrows(t.SHIPMENT)
    arrows += [
        "    packing --> packed : the last parcel closed",
        "    packed --> staged : the last parcel staged",
        "    staged --> handed_over : the last parcel handed over",
        "    handed_over --> in_transit : the carrier scanned the last",
        "    in_transit --> delivered : the last delivered",
    ]
    return _diagram(arrows)


def parcel() -> str:
    """Draw the three axes of a parcel: what is in it, its label, its print."""
    axes = {
        "contents": _arrows(t.CONTENTS, "contents_"),
        "label": _arrows(t.LABEL, "label_"),
        "print": _arrows(t.PRINT, "print_"),
    }
    arrows = []
    for name, lines in axes.items():
        arrows += [f"    state {name} {{", *(f"    {line}" for line in lines), "    }"]
    return _diagram(arrows)


def _arrows(table: t.Table[S], prefix: str = "") -> list[str]:
    """One arrow a pair of states; facts that leave a state alone are left out."""
    lines = []
    for before, row in table.items():
        by_target: dict[S, list[str]] = {}
        for fact, after in row.items():
            if after is not before:
                by_target.setdefault(after, []).append(_words(fact.__name__))
        lines += [
            f"    {prefix}{before} --> {prefix}{after} : {', '.join(facts)}"
            for after, facts in by_target.items()
        ]
    return lines


def _diagram(arrows: list[str]) -> str:
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])


def _words(name: str) -> str:
    """Write a fact's name as words.

    >>> _words("PackStarted")
    'pack started'
    """
    return re.sub(r"(?<!^)([A-Z])", r" \1", name).lower()


if __name__ == "__main__":
    sys.stdout.write(f"{shipment()}\n\n{parcel()}\n")
