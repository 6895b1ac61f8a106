"""The terminal of the set-up: keys and scans in, the plan's page out, jobs in threads.

While the scanner is tried, what it types is taken raw, before anything is made of it: the
terminators, the separator and the letters are what the test is about.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from textual import events
from textual.message import Message
from textual.timer import Timer

from drivers import scanners
from drivers.label_printers import language
from drivers.label_printers.label import Code128, Label
from drivers.scanners import setup as code
from drivers.transports import Listener, WireError, open_transport
from station import trial
from station.config import Printer
from station.input import FloorApp, RawScan
from station.keys import data_of
from station.screens.page import PageScreen
from station.setup import ask, plan, shown, written
from station.setup.exchange import (
    AskPrinter,
    AskScale,
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
    ScannerTried,
    Watch,
    Weighed,
    Write,
)
from station.setup.plan import Plan, Stage
from station.widgets.bars import NOBODY
from station.widgets.look import Look
from station.wording import devices, render
from station.wording import setup as w

QUIET_SECONDS = 0.5
"""After so long without a key, all of a code has come."""
LEAST_CHARACTERS = 2
"""Fewer were a finger."""
QUIT_KEYS = ("ctrl+q", "ctrl+c")
_CODE_LABEL = (70.0, 25.0)
"""Millimetres of the printed set-up code."""


class Heard(Message):
    """A job has come to something."""

    def __init__(self, input: Input) -> None:
        super().__init__()
        self.input = input


class SetupApp(FloorApp):
    """The set-up of one bench."""

    TITLE = "Packbench set-up"

    def __init__(self, file: Path, begun: Plan, spoken: str, look: Look | None = None) -> None:
        """`file` is the station.toml to write."""
        super().__init__()
        self.plan = begun
        self._file, self._spoken = file, spoken
        self._over = PageScreen(look or Look())
        self._raw: list[str] = []
        self._quiet: Timer | None = None
        self._watching = threading.Event()
        self._listener: Listener | None = None

    def get_default_screen(self) -> PageScreen:
        """The one screen."""
        return self._over

    def on_mount(self) -> None:
        """Ask the first question."""
        super().on_mount()
        self.call_after_refresh(self._paint)

    def on_unmount(self) -> None:
        """Let go of scale and scanner."""
        self._let_go()

    # -- what comes in

    async def on_event(self, event: events.Event) -> None:
        """Take what a scanner types as it is, while that is what matters."""
        raw = None
        if self.plan.stage is Stage.SCANNER_TEST and self.plan.scanner == plan.KEYBOARD:
            if isinstance(event, events.Key) and not event.is_forwarded:
                raw = data_of(event.key, event.character)
            elif isinstance(event, events.Paste):
                raw = event.text
        if raw is None or (raw == "\x11"):
            await super().on_event(event)
            return
        self._raw.append(raw)
        if self._quiet is not None:
            self._quiet.stop()
        self._quiet = self.set_timer(QUIET_SECONDS, self._came)

    def _came(self) -> None:
        text, self._raw, self._quiet = "".join(self._raw), [], None
        if len(text) >= LEAST_CHARACTERS:
            self.put(ScannerTried(code.check(text)))

    async def scanned(self, raw: RawScan) -> None:
        """A line was typed or scanned."""
        self.put(Line(raw.text))

    async def pressed(self, key: str) -> None:
        """A key was pressed."""
        if key in QUIT_KEYS:
            self.exit(1)
            return
        self.put(Key(key))

    def on_heard(self, message: Heard) -> None:
        """A job has come to something."""
        self.put(message.input)

    def put(self, input: Input) -> None:
        """Take a step, show it, and have done what it asks for."""
        self.plan, jobs = plan.step(self.plan, input)
        self._paint()
        for job in jobs:
            self._do(job)

    def typing(self, line: str) -> None:
        """The line typed by hand."""
        self._over.typing(line)

    def _paint(self) -> None:
        mode = render(w.MODE, self._spoken)
        self._over.tick(replace(NOBODY, mode=mode, bench=str(self._file)))
        self._over.show(shown.page(self.plan, self._spoken))

    # -- what is to be done

    def _do(self, job: Job) -> None:
        match job:
            case AskPrinter(url=url):
                self._in_thread(lambda: ask.printer(url))
            case AskScale(url=url):
                self._let_go()
                self._in_thread(lambda: ask.scale(url))
            case Watch(scale=scale):
                self._let_go()
                stop = self._watching = threading.Event()
                tell = self._tell
                self._run(lambda: ask.watch(scale, lambda grams: tell(Weighed(grams)), stop))
            case Listen(url=url):
                self._listen(url)
            case PrintCode(printer=printer):
                self._in_thread(lambda: ask.send(printer.url, _code_job(printer)))
            case PrintTrial(printer=printer):
                title = render(devices.TEST_LABEL, self._spoken)
                job_bytes = trial.job(_settings(printer), title, "labels")
                self._in_thread(lambda: ask.send(printer.url, job_bytes))
            case Write():
                self._let_go()
                self.put(self._written())
            case Leave():
                self.exit(0)

    def _written(self) -> Saved | Refused:
        try:
            written.write(self._file, tables(self.plan))
        except written.Unwritable as e:
            return Refused(str(e))
        return Saved(str(self._file))

    def _listen(self, url: str) -> None:
        self._let_go()
        if url == plan.KEYBOARD:
            return
        reader = scanners.READERS[self.plan.framing]()

        def heard(data: bytes, at: float) -> None:
            for said in reader.receive(data, at):
                if isinstance(said, scanners.Scan):
                    self._tell(ScannerTried(code.check(code.came(said))))
                    self._tell(Line(said.text))

        try:
            self._listener = Listener(open_transport(url), heard, lambda state: None)
        except WireError:
            return
        self._listener.start()

    def _let_go(self) -> None:
        self._watching.set()
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.stop()

    def _in_thread(self, ask_it: Callable[[], Input | None]) -> None:
        def run() -> None:
            answer = ask_it()
            if answer is not None:
                self._tell(answer)

        self._run(run)

    def _run(self, run: Callable[[], None]) -> None:
        threading.Thread(target=run, name="setup", daemon=True).start()

    def _tell(self, input: Input) -> None:
        self.post_message(Heard(input))


def tables(found: Plan) -> written.Tables:
    """Return what was found as tables of station.toml."""
    made: dict[str, dict[str, written.Value]] = {}
    if found.scanner != plan.KEYBOARD:
        made["scanners.hand"] = {"url": found.scanner, "framing": found.framing}
    if found.scale is not None:
        made["scales.bench"] = {"url": found.scale.url, "protocol": found.scale.protocol}
    if found.printer is not None:
        one = found.printer
        prints = ("label",) if found.receipts is not None else ("label", "paper")
        made["printers.labels"] = {
            "url": one.url,
            "language": one.language,
            "dots_per_mm": one.dots_per_mm,
            "prints": prints,
        }
    if found.receipts is not None:
        one = found.receipts
        made["printers.receipts"] = {
            "url": one.url,
            "language": one.language,
            "prints": ("paper",),
        }
    return made


def _settings(found: PrinterFound) -> Printer:
    return Printer(url=found.url, language=found.language, dots_per_mm=found.dots_per_mm)


def _code_job(found: PrinterFound) -> bytes:
    width, height = _CODE_LABEL
    symbol = Code128(x=2, y=4, height=16, data=code.SETUP_TEXT, gs1=True, module=0.25)
    return language(found.language).render(Label(width, height, (symbol,)), found.dots_per_mm)
