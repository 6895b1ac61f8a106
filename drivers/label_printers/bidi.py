"""In which order do the letters of a line stand, when some of them run from right to left?

Unicode Standard Annex #9, rules P2 to P3, W1 to W7, N1 to N2, I1 to I2, L1 to L2. Left out:
explicit embeddings and isolates (`typeset.printable` strips them: a buyer's name has no
business reordering our label) and bracket pairs (N0), which lines of addresses hardly need.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from itertools import pairwise

_NEUTRAL = frozenset(("B", "S", "WS", "ON", "BN", "ES", "ET", "CS"))


def levels(text: str) -> list[int]:
    """Return the embedding level of every character: odd runs from right to left."""
    kinds = [unicodedata.bidirectional(char) or "L" for char in text]
    strong = next((kind for kind in kinds if kind in ("L", "R", "AL")), "L")
    base = 0 if strong == "L" else 1
    edge = "R" if base else "L"
    _weak(kinds, edge)
    _neutral(kinds, edge)
    if base:
        found = [1 if kind == "R" else 2 for kind in kinds]
    else:
        found = [{"L": 0, "R": 1}.get(kind, 2) for kind in kinds]
    for i in range(len(text) - 1, -1, -1):  # L1: spaces at the end stand where the line ends
        if not text[i].isspace():
            break
        found[i] = base
    return found


def visual(run_levels: Sequence[int]) -> list[int]:
    """Return the indexes of runs from left to right (rule L2).

    >>> visual([0, 1, 2, 1, 0])
    [0, 3, 2, 1, 4]
    """
    order = list(range(len(run_levels)))
    for level in range(max(run_levels, default=0), 0, -1):
        start = None
        for i in range(len(order) + 1):
            inside = i < len(order) and run_levels[order[i]] >= level
            if inside and start is None:
                start = i
            elif not inside and start is not None:
                order[start:i] = order[start:i][::-1]
                start = None
    return order


def _weak(kinds: list[str], edge: str) -> None:
    before, strong = edge, edge
    for i, kind in enumerate(kinds):  # W1 to W3
        kind = before if kind == "NSM" else kind
        before = kind
        if kind in ("L", "R", "AL"):
            strong = kind
        kinds[i] = "AN" if kind == "EN" and strong == "AL" else kind
    kinds[:] = ["R" if kind == "AL" else kind for kind in kinds]
    for i in range(1, len(kinds) - 1):  # W4: 3,5 and 12.11 stay together
        around = kinds[i - 1]
        if around == kinds[i + 1] and (
            (kinds[i] == "CS" and around in ("EN", "AN")) or (kinds[i] == "ES" and around == "EN")
        ):
            kinds[i] = around
    for way in (range(len(kinds) - 1), range(len(kinds) - 1, 0, -1)):  # W5: 5 % stays together
        for i in way:
            beside = i + 1 if way.step > 0 else i - 1
            if kinds[i] == "EN" and kinds[beside] == "ET":
                kinds[beside] = "EN"
    strong = edge
    for i, kind in enumerate(kinds):  # W7
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[i] = "L"


def _neutral(kinds: list[str], edge: str) -> None:
    def side(kind: str) -> str:
        return "R" if kind in ("EN", "AN") else kind

    fixed = [-1, *(i for i, kind in enumerate(kinds) if kind not in _NEUTRAL), len(kinds)]
    for left, right in pairwise(fixed):
        before = edge if left < 0 else side(kinds[left])
        after = edge if right == len(kinds) else side(kinds[right])
        for i in range(left + 1, right):
            kinds[i] = before if before == after else edge
