r"""What is wrong with how a scanner is set? One code is scanned, and what came is compared with it.

`SETUP_TEXT` is printed as Code 128 (15 characters; the GS is data) and scanned once; `check` says
what is wrong, from everything that came until it fell quiet: prefix, text, terminators. An empty
answer means that every code of ours will come through as it is printed.

>>> check("]C0" + SETUP_TEXT + "\r")
()
>>> check(f"]C0{SETUP_TEXT}\r".swapcase())
(CapsLock(),)
>>> check("+C0Aymqzß-?+&069E\r")
(WrongLayout(scanner='us', keyboard='de'), LostGs(instead=''))
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product

from drivers.scanners.keymap import LAYOUTS, Layout
from drivers.scanners.scan import Scan

GS = "\x1d"
SETUP_TEXT = f"Azmqy-/_]^069{GS}E"
"""Each character is there for a mistake that it shows: both cases, the letters and signs that
change places between layouts, digits, and the separator of GS1."""
STX, ETX = "\x02", "\x03"


@dataclass(frozen=True, slots=True)
class WrongLayout:
    """Scanner and computer disagree on where the keys are."""

    scanner: str
    keyboard: str
    """What the two are set to: names of `keymap.LAYOUTS`."""


@dataclass(frozen=True, slots=True)
class CapsLock:
    """Capitals and small letters have changed places: Caps Lock is on at the computer."""


@dataclass(frozen=True, slots=True)
class OneCase:
    """The scanner is set to send capitals only, or small letters only."""

    upper: bool


@dataclass(frozen=True, slots=True)
class LostGs:
    """The separator of GS1 did not come: lot and serial would run together, unseen."""

    instead: str
    """What came in its place; "" for nothing."""


@dataclass(frozen=True, slots=True)
class InputMethod:
    """An input method (Pinyin, Kana …) took the letters: it must be off for this terminal."""


@dataclass(frozen=True, slots=True)
class NoEnding:
    """Nothing ended the code: the scanner must send Enter (CR) after each."""


@dataclass(frozen=True, slots=True)
class DoubleEnding:
    """More than one key ended the code, CR and LF for instance: the second could press Enter."""

    ending: str


@dataclass(frozen=True, slots=True)
class NoAim:
    """The scanner does not say what kind of barcode it read; it works, and guesses more."""


@dataclass(frozen=True, slots=True)
class Twice:
    """The code came twice: the trigger repeats, or the scanner types and uses a wire as well."""


@dataclass(frozen=True, slots=True)
class Damaged:
    """Most of the code came, some of it is missing or changed: too fast for this computer."""

    text: str


@dataclass(frozen=True, slots=True)
class AnotherCode:
    """This is not the set-up code."""

    text: str


Finding = (
    WrongLayout
    | CapsLock
    | OneCase
    | LostGs
    | InputMethod
    | NoEnding
    | DoubleEnding
    | NoAim
    | Twice
    | Damaged
    | AnotherCode
)


def came(scan: Scan) -> str:
    """Return what a scanner on a wire sent, for `check`: its terminators were harmless."""
    return f"{scan.aim or ''}{scan.text}\r"


def check(came: str, sent: str = SETUP_TEXT) -> tuple[Finding, ...]:
    """Say what is wrong when `came` came for a code that says `sent`; () when all is well."""
    text, ending = _parted(came)
    once = _half(text)
    found: list[Finding] = [] if once is None else [Twice()]
    text = text if once is None else once
    about_text, aim = _about(text, sent)
    found += about_text
    if not ending:
        found.append(NoEnding())
    elif len(ending) > 1:
        found.append(DoubleEnding(ending))
    if not aim and not any(isinstance(one, AnotherCode | Damaged | InputMethod) for one in found):
        found.append(NoAim())
    return tuple(found)


_ENDING = re.compile(r"[\r\n\t\x03]+$")
_FULL_WIDTH = re.compile(r"[\u3000-\u30ff\u3105-\u312f\u3400-\u9fff\uac00-\ud7a3\uff00-\uffef]")
_LONGEST = 512
_MOST_DAMAGE = 0.5
"""Share of the code that may differ before it is taken for another one."""


def _parted(came: str) -> tuple[str, str]:
    came = came[:_LONGEST].removeprefix(STX)
    ending = _ENDING.search(came)
    if ending is None:
        return came, ""
    # ETX closes a frame that STX opened; it presses nothing.
    return came[: ending.start()], ending[0].replace(ETX, "")


def _half(text: str) -> str | None:
    """Return the code when it came twice, with or without an ending between."""
    for gap in (0, 1, 2):
        half, odd = divmod(len(text) - gap, 2)
        between = text[half : half + gap]
        if not odd and half > 0 and text[:half] == text[half + gap :].removeprefix(STX):
            return text[:half] if not between.strip("\r\n\t\x03") else None
    return None


def _about(text: str, sent: str) -> tuple[list[Finding], bool]:
    """Return what is wrong with the text, and whether an AIM identifier stood before it."""
    best: tuple[int, list[Finding], bool] | None = None
    for how in _ways():
        missed, found, aim = how.explain(text, sent)
        if best is None or (missed, len(found)) < (best[0], len(best[1])):
            best = missed, found, aim
        if not missed and not found:
            break
    if best is None:
        raise AssertionError("there is always the way that changes nothing")
    missed, found, aim = best
    if not missed:
        return found, aim
    if _FULL_WIDTH.search(text) or _lettered_out(text, sent):
        return [InputMethod()], aim
    plain = _distance(text, sent)
    if plain > len(sent) * _MOST_DAMAGE:
        return [AnotherCode(text)], aim
    return [Damaged(text)], aim


def _lettered_out(text: str, sent: str) -> bool:
    """Say whether the letters are gone and little else: an input method waits with them."""
    others = "".join(character for character in sent if not character.isalpha())
    return not any(c.isalpha() for c in text) and _distance(text, others) <= len(others) // 3


@dataclass(frozen=True, slots=True)
class _Way:
    """One way in which characters change between the barcode and us."""

    finding: Finding | None
    change: Callable[[str], str]
    case: Finding | None
    recase: Callable[[str], str]

    def explain(self, text: str, sent: str) -> tuple[int, list[Finding], bool]:
        """Return how far `text` is from what would have come this way, and what that means."""
        found = [finding for finding in (self.finding, self.case) if finding is not None]
        prefix, text = self._aim(text)
        head, gs, tail = sent.partition(GS)
        head, tail = self._through(head), self._through(tail)
        if not gs:
            return _distance(text, head), found, prefix
        between = text[len(head) : len(text) - len(tail)]
        if text.startswith(head) and text.endswith(tail) and len(text) >= len(head) + len(tail):
            lost: list[Finding] = [] if between == GS else [LostGs(between)]
            return (0 if len(between) <= _LONGEST_INSTEAD else len(between)), found + lost, prefix
        return max(1, _distance(text, head + GS + tail)), found, prefix

    def _through(self, text: str) -> str:
        return self.change(self.recase(text))

    def _aim(self, text: str) -> tuple[bool, str]:
        for kind in _AIM_KINDS:
            prefix = self._through(kind)
            if text.startswith(prefix):
                return True, text[len(prefix) :]
        return False, text


_AIM_KINDS = ("]C0", "]C1", "]C2", "]Q0", "]Q1", "]Q3")
"""The set-up code is a Code 128 on paper and a QR code on a screen; some say GS1 of it."""
_LONGEST_INSTEAD = 6
"""Characters that may stand for a GS: "{GS}", "^029"."""


def _ways() -> Iterator[_Way]:
    cases: tuple[tuple[Finding | None, Callable[[str], str]], ...] = (
        (None, str),
        (CapsLock(), str.swapcase),
        (OneCase(upper=True), str.upper),
        (OneCase(upper=False), str.lower),
    )
    layouts: list[tuple[Finding | None, Callable[[str], str]]] = [(None, str)]
    for scanner, keyboard in product(LAYOUTS, LAYOUTS):
        if scanner != keyboard:
            change = _Between(LAYOUTS[scanner], LAYOUTS[keyboard])
            layouts.append((WrongLayout(scanner, keyboard), change))
    for (layout, changed), (case, recased) in product(layouts, cases):
        yield _Way(layout, changed, case, recased)


@dataclass(frozen=True, slots=True)
class _Between:
    """What a computer makes of the keys of a scanner that is set to another layout."""

    scanner: Layout
    keyboard: Layout

    def __call__(self, text: str) -> str:
        return "".join(map(self._one, text))

    def _one(self, character: str) -> str:
        stroke = self.scanner.typed(character)
        if stroke is None:
            return character
        typed = self.keyboard.character(stroke)
        # A scanner types a space after a dead key, so that the sign stands alone.
        return typed + " " if stroke in self.scanner.dead else typed


def _distance(one: str, other: str) -> int:
    """Return how many characters must be put in, taken out or changed (Levenshtein)."""
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]
