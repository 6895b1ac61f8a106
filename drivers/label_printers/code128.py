"""Which symbol characters make a Code 128?

ISO/IEC 15417. We choose code sets ourselves, so that the width of a symbol is known before
printing and a preview has the very bars of the print: a printer's "automatic mode" differs
between makers.

>>> encoded("AB123456")
(104, 33, 34, 99, 12, 34, 56)
"""

from __future__ import annotations

import re
from functools import lru_cache

from drivers.label_printers.label import Undrawable

# GS or a word, or a run of digits.
_RUN = re.compile(r"(\x1d|[^0-9\x1d]+)|([0-9]+)")
_DIGITS = re.compile(r"[0-9]+")
_PRINTABLE = re.compile(r"[ -~]+")
START_B, START_C = 104, 105
CODE_C, CODE_B, FNC1 = 99, 100, 102
STOP = 106

# Bar, space, bar, space, bar, space in modules; ISO/IEC 15417 table 1, values 0 to 106.
_PATTERNS = (  # noqa: SIM905  # a table to read, not 107 strings to scroll past
    "212222 222122 222221 121223 121322 131222 122213 122312 132212 221213 221312 231212 "
    "112232 122132 122231 113222 123122 123221 223211 221132 221231 213212 223112 312131 "
    "311222 321122 321221 312212 322112 322211 212123 212321 232121 111323 131123 131321 "
    "112313 132113 132311 211313 231113 231311 112133 112331 132131 113123 113321 133121 "
    "313121 211331 231131 213113 213311 213131 311123 311321 331121 312113 312311 332111 "
    "314111 221411 431111 111224 111422 121124 121421 141122 141221 112214 112412 122114 "
    "122411 142112 142211 241211 221114 413111 241112 134111 111242 121142 121241 114212 "
    "124112 124211 411212 421112 421211 212141 214121 412121 111143 111341 131141 114113 "
    "114311 411113 411311 113141 114131 311141 411131 211412 211214 211232 2331112"
).split()


@lru_cache(maxsize=256)
def encoded(data: str, *, gs1: bool = False) -> tuple[int, ...]:
    """Return the values from the start character on, without check and stop.

    Raises Undrawable for what is neither printable ASCII nor, with gs1, GS.
    """
    _refuse_the_unprintable(data, gs1=gs1)
    values: list[int] = []
    all_digits = data.isdigit() and len(data) % 2 == 0
    code_set = START_C if all_digits or _digits_at(data, 0) >= 4 else START_B
    values.append(code_set)
    if gs1:
        values.append(FNC1)
    left = len(data)
    for word, run in _RUN.findall(data):
        left -= len(word) + len(run)
        if word == "\x1d":
            values.append(FNC1)
            continue
        if not run:
            if code_set == START_C:
                values.append(CODE_B)
                code_set = START_B
            values += [ord(one) - 32 for one in word]
            continue
        if code_set == START_B and len(run) >= (6 if left else 4):
            # An odd one stays before the pairs: one character fewer than after them.
            if len(run) % 2:
                values.append(ord(run[0]) - 32)
                run = run[1:]
            values.append(CODE_C)
            code_set = START_C
        if code_set == START_C:
            values += [int(run[i : i + 2]) for i in range(0, len(run) - 1, 2)]
            run = run[-1] if len(run) % 2 else ""
            if run:
                values.append(CODE_B)
                code_set = START_B
        values += [ord(one) - 32 for one in run]
    return tuple(values)


def bars(values: tuple[int, ...]) -> str:
    """Return the whole symbol as modules, "1" black, from the start to the stop bar."""
    check = (values[0] + sum(i * value for i, value in enumerate(values))) % 103
    drawn = ""
    for value in (*values, check, STOP):
        for i, width in enumerate(_PATTERNS[value]):
            drawn += ("0" if i % 2 else "1") * int(width)
    return drawn


def modules(values: tuple[int, ...]) -> int:
    """Return how many modules wide the symbol is: eleven a character, thirteen the stop.

    >>> modules(encoded("AB123456")) == len(bars(encoded("AB123456")))
    True
    """
    return 11 * (len(values) + 1) + 13


def _digits_at(data: str, at: int) -> int:
    run = _DIGITS.match(data, at)
    return run.end() - at if run else 0


def _refuse_the_unprintable(data: str, *, gs1: bool) -> None:
    if not data:
        raise Undrawable("a Code 128 needs at least one character; it was given none")
    if _PRINTABLE.fullmatch(data):
        return
    for char in data:
        if not (" " <= char <= "~" or (gs1 and char == "\x1d")):
            raise Undrawable(
                f"a Code 128 holds printable ASCII only, and {data!r} has {char!r}; "
                "use a QR code or a Data Matrix for it"
            )
