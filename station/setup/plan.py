"""Which question of the set-up comes next, and what does an answer change?

    printer → receipts → scanner → (its test) → scale → (its test) → write → trial → done

F8 goes on, F4 goes back, F5 prints, Up and Down choose, Enter takes the chosen one; a typed line
is an address. `step` waits for nothing: what has to be done comes back as jobs, and their
outcomes come in as inputs.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from urllib.parse import urlsplit

from drivers.scanners import READERS
from drivers.scanners.setup import Finding, NoAim, WrongLayout
from station.session import Text
from station.setup.exchange import (
    AskPrinter,
    AskScale,
    Failed,
    Input,
    Job,
    Key,
    Leave,
    Line,
    Listen,
    PrintCode,
    PrinterFound,
    PrintTrial,
    Refused,
    Saved,
    ScaleFound,
    ScannerTried,
    Watch,
    Weighed,
    Write,
)
from station.wording import setup as w

RECEIPT_LANGUAGES = ("escpos",)
KEYBOARD = ""
"""The scanner's address when it types."""
NEAR_ZERO_GRAMS = 2
"""What an empty pan may show."""
LEAST_GRAMS = 20
"""What somebody puts on to try a scale weighs more."""


class Stage(Enum):
    """Where the set-up is."""

    PRINTER = "printer"
    RECEIPTS = "receipts"
    SCANNER = "scanner"
    SCANNER_TEST = "scanner test"
    SCALE = "scale"
    SCALE_EMPTY = "scale empty"
    SCALE_LOADED = "scale loaded"
    SCALE_EMPTIED = "scale emptied"
    WRITE = "write"
    TRIAL = "trial"
    DONE = "done"


_BACK = {
    Stage.RECEIPTS: Stage.PRINTER,
    Stage.SCANNER: Stage.RECEIPTS,
    Stage.SCANNER_TEST: Stage.SCANNER,
    Stage.SCALE: Stage.SCANNER,
    Stage.SCALE_EMPTY: Stage.SCALE,
    Stage.SCALE_LOADED: Stage.SCALE,
    Stage.SCALE_EMPTIED: Stage.SCALE,
    Stage.WRITE: Stage.SCALE,
    Stage.TRIAL: Stage.WRITE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where the set-up stands, and what it has found."""

    ports: tuple[str, ...] = ()
    """Addresses of what is plugged in."""
    trial_code: str = ""
    """What the test label says."""
    stage: Stage = Stage.PRINTER
    chosen: int = 0
    busy: bool = False
    said: Text = field(default_factory=lambda: Text(""))
    printer: PrinterFound | None = None
    receipts: PrinterFound | None = None
    scanner: str = KEYBOARD
    framing: str = "line"
    """How the scanner's bytes are read: `drivers.scanners.READERS`."""
    findings: tuple[Finding, ...] | None = None
    """None until the set-up code was scanned."""
    scale: ScaleFound | None = None

    @property
    def offered(self) -> tuple[str, ...]:
        """The addresses that may be chosen now."""
        taken = {one.url for one in (self.printer, self.receipts) if one is not None}
        match self.stage:
            case Stage.PRINTER:
                return _of(self.ports, ("usb", "serial"))
            case Stage.RECEIPTS:
                return tuple(u for u in _of(self.ports, ("usb", "serial")) if u not in taken)
            case Stage.SCANNER:
                free = tuple(u for u in _of(self.ports, ("serial", "evdev")) if u not in taken)
                return (KEYBOARD, *free)
            case Stage.SCALE:
                taken = taken | {self.scanner}
                return tuple(u for u in _of(self.ports, ("serial", "hidraw")) if u not in taken)
            case _:
                return ()


Step = tuple[Plan, tuple[Job, ...]]


def _of(ports: tuple[str, ...], schemes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(url for url in ports if url.partition("://")[0] in schemes)


def step(plan: Plan, input: Input) -> Step:
    """Say where the set-up stands after this, and what is to be done."""
    match input:
        case Key(name="up" | "down" as name) if plan.offered:
            by = 1 if name == "down" else -1
            return replace(plan, chosen=(plan.chosen + by) % len(plan.offered)), ()
        case Key(name="f4") if plan.stage in _BACK:
            return _go(plan, _BACK[plan.stage])
        case Key(name="f5"):
            return _print(plan)
        case Key(name="f8"):
            return _on(plan)
        case Key(name="enter") if plan.offered and not plan.busy:
            return _taken(plan, plan.offered[plan.chosen])
        case Key():
            return plan, ()
        case Line(text=text):
            return _line(plan, text)
        case Failed(why=why):
            return replace(plan, busy=False, said=why), ()
        case PrinterFound() as found:
            return _printer(plan, found)
        case ScaleFound() as found:
            return _scale(plan, found)
        case ScannerTried(findings=findings):
            return _tested(plan, findings)
        case Weighed(grams=grams):
            return _weighed(plan, grams)
        case Saved(path=path):
            after, jobs = _go(plan, Stage.TRIAL if plan.printer else Stage.DONE)
            said = w.written(path) if after.stage is Stage.TRIAL else w.NO_PRINTER_NO_TRIAL
            return replace(after, said=said), jobs
        case Refused(why=why):
            return replace(plan, busy=False, said=w.refused(why)), ()


def _go(plan: Plan, stage: Stage) -> Step:
    """Begin a stage."""
    after = replace(plan, stage=stage, chosen=0, busy=False, said=Text(""))
    match stage:
        case Stage.SCANNER_TEST:
            jobs: tuple[Job, ...] = (Listen(plan.scanner),)
            if plan.printer is not None:
                jobs = (*jobs, PrintCode(plan.printer))
                after = replace(after, said=w.CODE_PRINTED)
            return replace(after, findings=None), jobs
        case Stage.SCALE_EMPTY if plan.scale is not None:
            return after, (Watch(plan.scale),)
        case Stage.TRIAL if plan.printer is not None:
            return after, (Listen(plan.scanner), PrintTrial(plan.printer))
        case _:
            return after, ()


_NEXT = {
    Stage.PRINTER: Stage.RECEIPTS,
    Stage.RECEIPTS: Stage.SCANNER,
    Stage.SCANNER_TEST: Stage.SCALE,
    Stage.SCALE: Stage.WRITE,
    Stage.SCALE_EMPTY: Stage.WRITE,
    Stage.SCALE_LOADED: Stage.WRITE,
    Stage.SCALE_EMPTIED: Stage.WRITE,
}


def _on(plan: Plan) -> Step:
    """F8: go on without this one, or with it as it is."""
    match plan.stage:
        case Stage.WRITE:
            return replace(plan, busy=True), (Write(),)
        case Stage.TRIAL:
            return _go(plan, Stage.DONE)
        case Stage.DONE:
            return plan, (Leave(),)
        case Stage.SCANNER:
            return _taken(plan, plan.offered[plan.chosen])
        case Stage.PRINTER:
            plan = replace(plan, printer=None)
        case Stage.RECEIPTS:
            plan = replace(plan, receipts=None)
        case Stage.SCALE:
            plan = replace(plan, scale=None)
        case _:
            pass  # a device that was found stays found, whatever its test said
    return _go(plan, _NEXT[plan.stage])


def _print(plan: Plan) -> Step:
    if plan.printer is None:
        return plan, ()
    match plan.stage:
        case Stage.SCANNER_TEST:
            return replace(plan, said=w.CODE_PRINTED), (PrintCode(plan.printer),)
        case Stage.TRIAL:
            return plan, (PrintTrial(plan.printer),)
        case _:
            return plan, ()


def _taken(plan: Plan, url: str) -> Step:
    """An address was chosen or typed."""
    match plan.stage:
        case Stage.PRINTER | Stage.RECEIPTS:
            return replace(plan, busy=True, said=w.ASKING), (AskPrinter(url),)
        case Stage.SCANNER:
            framing = "keys-us" if url.startswith("evdev://") else "line"
            return _go(replace(plan, scanner=url, framing=framing), Stage.SCANNER_TEST)
        case Stage.SCALE:
            return replace(plan, busy=True, said=w.ASKING), (AskScale(url),)
        case _:
            return plan, ()


def _line(plan: Plan, text: str) -> Step:
    if plan.stage is Stage.TRIAL:
        if text.endswith(plan.trial_code):
            after, jobs = _go(plan, Stage.DONE)
            return replace(after, said=w.TRIAL_WELL), jobs
        return replace(plan, said=w.another_code(text)), ()
    if plan.stage not in (Stage.PRINTER, Stage.RECEIPTS, Stage.SCANNER, Stage.SCALE) or plan.busy:
        return plan, ()
    address = urlsplit(text.strip())
    if not address.scheme or not (address.netloc or address.path.strip("/")):
        return replace(plan, said=w.no_address(text)), ()
    return _taken(plan, text.strip())


def _printer(plan: Plan, found: PrinterFound) -> Step:
    receipts = found.language in RECEIPT_LANGUAGES
    said = w.printer_found(found.language, found.dots_per_mm, found.model)
    match plan.stage:
        case Stage.PRINTER if receipts:
            return replace(plan, busy=False, said=w.NO_LABELS_ON_RECEIPTS), ()
        case Stage.PRINTER:
            after, jobs = _go(replace(plan, printer=found), Stage.RECEIPTS)
        case Stage.RECEIPTS if not receipts:
            return replace(plan, busy=False, said=w.ONLY_RECEIPTS), ()
        case Stage.RECEIPTS:
            after, jobs = _go(replace(plan, receipts=found), Stage.SCANNER)
        case _:
            return plan, ()
    return replace(after, said=said), jobs


def _scale(plan: Plan, found: ScaleFound) -> Step:
    if plan.stage is not Stage.SCALE:
        return plan, ()
    after, jobs = _go(replace(plan, scale=found), Stage.SCALE_EMPTY)
    return replace(after, said=w.scale_found(found.protocol, found.grams)), jobs


def _tested(plan: Plan, findings: tuple[Finding, ...]) -> Step:
    if plan.stage is not Stage.SCANNER_TEST:
        return plan, ()
    grabbed = plan.framing.startswith("keys-")
    for one in findings:
        if grabbed and isinstance(one, WrongLayout) and f"keys-{one.scanner}" in READERS:
            # Grabbed, its keys are ours to read: no card of its manual is needed.
            findings = tuple(each for each in findings if each != one)
            plan = replace(plan, framing=f"keys-{one.scanner}")
    plan = replace(plan, findings=findings)
    if any(not isinstance(one, NoAim) for one in findings):
        return replace(plan, said=w.SCAN_AGAIN), ()
    return replace(plan, said=Text("")), ()


def _weighed(plan: Plan, grams: int) -> Step:
    """Empty, then loaded, then empty again: a scale that does not come back is no scale."""
    if plan.scale is not None:
        plan = replace(plan, scale=replace(plan.scale, grams=grams))
    empty = abs(grams) <= NEAR_ZERO_GRAMS
    match plan.stage:
        case Stage.SCALE_EMPTY if empty:
            return replace(plan, stage=Stage.SCALE_LOADED, said=Text("")), ()
        case Stage.SCALE_EMPTY:
            return replace(plan, said=w.NOT_ZERO), ()
        case Stage.SCALE_LOADED if grams >= LEAST_GRAMS:
            return replace(plan, stage=Stage.SCALE_EMPTIED, said=Text("")), ()
        case Stage.SCALE_EMPTIED if empty:
            after, jobs = _go(plan, Stage.WRITE)
            return replace(after, said=w.SCALE_WELL), jobs
        case _:
            return plan, ()
