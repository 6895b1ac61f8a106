"""What does the set-up hear, and what does it have done? Values between `plan` and who waits."""

from __future__ import annotations

from dataclasses import dataclass

from drivers.scanners.setup import Finding
from station.session import Text


@dataclass(frozen=True, slots=True, kw_only=True)
class PrinterFound:
    """A printer that answered."""

    url: str
    language: str
    dots_per_mm: int = 8
    model: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleFound:
    """A scale that answered."""

    url: str
    protocol: str
    grams: int


# -- what comes in


@dataclass(frozen=True, slots=True)
class Key:
    """A key was pressed: f4, f5, f8, up, down, enter."""

    name: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line was typed, or scanned by a scanner that is set up already."""

    text: str


@dataclass(frozen=True, slots=True)
class Failed:
    """Nobody there, or nobody who speaks."""

    why: Text


@dataclass(frozen=True, slots=True)
class ScannerTried:
    """Something came from the scanner, and this is wrong with it; () for nothing."""

    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Weighed:
    """The scale shows this, at rest."""

    grams: int


@dataclass(frozen=True, slots=True)
class Saved:
    """station.toml is written."""

    path: str


@dataclass(frozen=True, slots=True)
class Refused:
    """station.toml was left as it was."""

    why: str


Input = Key | Line | PrinterFound | ScaleFound | Failed | ScannerTried | Weighed | Saved | Refused


# -- what has to be done


@dataclass(frozen=True, slots=True)
class AskPrinter:
    """Find out who is at this address."""

    url: str


@dataclass(frozen=True, slots=True)
class AskScale:
    """The same for a scale."""

    url: str


@dataclass(frozen=True, slots=True)
class Listen:
    """Hear the scanner at this address, or the keyboard alone."""

    url: str


@dataclass(frozen=True, slots=True)
class Watch:
    """Tell what this scale shows, until something else is asked."""

    scale: ScaleFound


@dataclass(frozen=True, slots=True)
class PrintCode:
    """Print the set-up code."""

    printer: PrinterFound


@dataclass(frozen=True, slots=True)
class PrintTrial:
    """Print the test label."""

    printer: PrinterFound


@dataclass(frozen=True, slots=True)
class Write:
    """Write what was found into station.toml."""


@dataclass(frozen=True, slots=True)
class Leave:
    """It is over."""


Job = AskPrinter | AskScale | Listen | Watch | PrintCode | PrintTrial | Write | Leave
