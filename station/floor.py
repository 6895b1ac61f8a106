"""How is a bench put together? Languages and wires, store, spool, link, screen: from station.toml.

Nothing here decides or waits. The screen stands first; wires, spool and link are started when the
first frame is out, and stopped when the app ends.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from textual.app import App

from drivers.label_printers.sheet_rule import BadRules
from drivers.label_printers.unusable import Why
from drivers.scales import Frozen, NotEmptied, NoWeight, Settled
from drivers.scanners import Answer, Batch, Garbled, Scan
from station import codes, wording
from station.app import Around, BenchApp, GarbledScan, Happened, LampChanged, OldScans
from station.bench import Bench, Printers
from station.config import DATABASE, LAYOUTS, Config
from station.devices import Devices, Said
from station.devices_page import DevicesPage
from station.flows.flow import Input, NotZeroed, PrinterTrouble, Unweighed, Weighed
from station.hub_watch import HubWatch
from station.input import RawScan, Scanned
from station.label_preparing import LabelPreparer, outlet_of
from station.label_process import LabelProcess
from station.prompt import Lamp, LampState
from station.receipt_watch import ReceiptWatch
from station.session import Session, Settings
from station.sound import Bell, Silence, Sound, Speaker, find_player
from station.spool import Printer, Spool
from station.store.keep import StoreKeep
from station.store.ledger import StoreLedger, printer_of
from station.store.printers import capability
from station.store.store import Store, StoreError
from station.store.upkeep import Upkeep
from station.tryout import KEYBOARD, Tryout, listed
from station.widgets.look import Look
from station.wording import devices, people
from station.wording.outside import unusable
from sync.client.link import Link
from sync.client.signer import CA, KEY, open_key
from sync.protocol.messages import Enrolled, Heartbeat
from sync.protocol.messages import Lamp as BenchLamp

if TYPE_CHECKING:
    from drivers.label_printers.graphic import Encoding
    from station.layout_reload import LayoutWatch
    from station.papers import PaperDrawer
    from station.store.rescue import Rescued

log = logging.getLogger(__name__)

TIMINGS = "timings.jsonl"
"""In a demo's bench home: how long each scan and each label took."""
AGE_SECONDS = 10.0
"""How often the hub's lamp grows older while it is silent."""
REST_SECONDS = 20.0
"""After so long without a scan the file may be tidied."""
SHEETS = "sheets.toml"
"""In a bench's home: where on their pages carriers have their labels, before our own rules."""


def open_floor(home: Path, config: Config, robot: Path | None = None) -> BenchApp:
    """Put the bench in that folder together. Raises StoreError and BadRules."""
    store = Store(home / DATABASE, heals=True)
    try:
        with store.turn(feed=True) as turn:
            known = turn.get("enrolled")
            hub = config.hub or turn.get("hub")
    except StoreError:
        store.close()
        raise
    me = msgspec.json.decode(known, type=Enrolled) if known else None
    fresh = Session(
        bench=me.bench if me else "—",
        language=config.language,
        settings=_settings(config),
    )
    printers = Printers(label=config.printer_of("label"), paper=config.printer_of("paper"))
    bench = Bench(store, fresh, printers, lease=lambda: floor.lease())
    try:
        floor = _Floor(home, config, bench, hub, timing=robot is not None)
    except BadRules:
        store.close()
        raise
    around = Around(
        start=floor.start,
        stop=floor.stop,
        sound=lambda app: _sound(config, app),
        answer=floor.answer,
        look=Look(palette=config.screen.palette),
        devices=floor.page,
        heard=floor.heard,
    )
    if robot is not None:
        # Only the demo plays a packer's hands, and only it wants every scan timed.
        from station.demo.hook import open_hook

        around.hook = lambda repaint: open_hook(robot, repaint)
        around.timed = floor.timed
    return BenchApp(bench, around)


class _Floor:
    """What surrounds a bench: wires, spool, papers, link. Its threads only pass values on."""

    def __init__(self, home: Path, config: Config, bench: Bench, hub: str, *, timing: bool) -> None:
        self._timing = timing
        self._home, self._config, self._bench, self._hub = home, config, bench, hub
        self._app: BenchApp | None = None
        self._lamps: dict[str, BenchLamp] = {}
        self._hub_watch = HubWatch(bench, self._lamp)
        self._timings = home / TIMINGS
        self._papers: PaperDrawer | None = None
        self._watch: LayoutWatch | None = None
        self._link: Link | None = None
        self._upkeep: Upkeep | None = None
        self._packed_at = time.monotonic()
        self._labels: LabelPreparer | None = None
        self._keep = StoreKeep(
            bench.store, self._heartbeat, record=bench.record, arrived=self._arrived
        )
        outlet = outlet_of(config, home / SHEETS)
        heads = {outlet.printer: outlet.head.mark} if outlet else None
        ledger = StoreLedger(
            bench.store, bench.record, self._printer_needs, self._went_out, heads=heads
        )
        printers = [
            Printer(
                name=name,
                url=one.url,
                language=one.language,
                asked=one.answers,
                counter=one.counter,
                shared=one.shared,
                dots_per_mm=one.dots_per_mm,
            )
            for name, one in config.printers.items()
        ]
        self._receipts = ReceiptWatch(config.printers, self._lamp)
        self._spool = Spool(printers, ledger, self._spooled)
        if outlet is not None:
            self._labels = LabelPreparer(
                bench.store,
                bench.record,
                outlet,
                LabelProcess(),
                ready=self._spool.wake,
                refused=self._label_refused,
            )
        self._devices = Devices(config.scanners, config.scales, self._said, self._lamp)
        tryout = Tryout(config, bench, lambda: self._spool.wake())
        self.page = DevicesPage(listed(config, hub), tryout.test)
        self.page.lamp(KEYBOARD, "ok", "")

    def start(self, app: App[int]) -> None:
        """The first screen stands: begin to listen, print and talk."""
        if not isinstance(app, BenchApp):
            raise TypeError(f"not a bench: {app}")
        self._app = app
        self._bench.on_commit = self._committed
        self._devices.start()
        self._receipts.start()
        self._spool.start()
        if self._labels:
            self._labels.start()
        if self._hub:
            ca = self._home / CA
            self._link = Link(
                self._hub,
                self._keep,
                lambda: open_key(self._home / KEY),
                self._hub_watch.linked,
                ca=ca if ca.is_file() else None,
            )
            self._link.start()
        self._hub_watch.show()
        self._bench.store.listen_for_rescue(self._rescued)
        if self._bench.store.rescued is not None:
            self._rescued(self._bench.store.rescued)
        if self._hub:
            app.set_interval(AGE_SECONDS, self._hub_watch.aged)
        threading.Thread(target=self._later, name="later", daemon=True).start()

    def stop(self) -> None:
        """The app ends."""
        wires = (self._devices, self._spool, self._receipts, self._link)
        for part in (self._upkeep, *wires, self._papers, self._watch, self._labels):
            if part is not None:
                part.stop()

    def lease(self) -> float:
        """Until when what nobody has begun may be begun here."""
        return self._keep.lease()

    def answer(self, source: str, answer: Answer) -> None:
        """Have the scanner of that name beep; a keyboard's scan has none."""
        self._devices.answer(source, answer)

    def heard(self, scan: RawScan) -> None:
        """A code came in, by a wire or by the keyboard."""
        name = scan.source if scan.source in self._config.scanners else KEYBOARD
        self.page.heard(name, devices.scanned(scan.text))

    def timed(self, milliseconds: float) -> None:
        """A scan's verdict was on the screen after so long."""
        self._write({"scan_to_screen_ms": round(milliseconds, 3)})

    def _later(self) -> None:
        """What the first screen need not wait for: whether the file is whole; fonts and layouts."""
        codes.preload()
        try:
            self._bench.store.check()
        except StoreError as e:
            self._lamp("disk", "bad", str(e))
        self._upkeep = Upkeep(self._bench.store, self._resting)
        self._upkeep.start()
        # Drawing costs 0.2 s to import, and nothing is drawn before the first parcel is closed.
        from drivers.label_printers import typeset
        from station.layout_reload import LayoutShelf, LayoutWatch
        from station.papers import Paper, PaperDrawer

        folder = self._home / LAYOUTS
        shelf = LayoutShelf(folder if folder.is_dir() else None, self._layout_changed)
        if folder.is_dir():
            self._watch = LayoutWatch(shelf, folder)
        name = self._config.printer_of("paper")
        if name:
            one = self._config.printers[name]
            paper = Paper(
                printer=name,
                language=one.language,
                dots_per_mm=one.dots_per_mm,
                shop=self._config.work.shop,
                graphics=self._graphics(name),
                head_dots=one.head_dots,
            )
            typeset.warm()
            self._papers = PaperDrawer(
                self._bench.store, paper, lambda: shelf.layouts, self._spool.wake
            )
            self._papers.start()

    def _graphics(self, printer: str) -> Encoding:
        try:
            with self._bench.store.turn(feed=True) as turn:
                known = capability(turn, printer)
        except StoreError:
            log.warning("the disk does not say what printer %s draws", printer)
            known = None
        return known.graphics if known is not None else "z64"

    def _resting(self) -> bool:
        """Whether nobody has packed for a while."""
        return time.monotonic() - self._packed_at > REST_SECONDS

    # -- what comes from the threads

    def _rescued(self, came: Rescued) -> None:
        """The file was damaged: what could be read is in a new one, and whoever packs is told."""
        told = people.FILE_REPLACED if came.certain else people.SCANS_PERHAPS_LOST
        told = people.scans_lost(came.lost) if came.lost else told
        state = "warn" if came.certain else "bad"
        self._lamp("disk", state, wording.render(told, self._bench.session.language))

    def _said(self, name: str, said: Said) -> None:
        if self._app is None:
            return
        match said:
            case Scan(text=text, aim=aim, at=at):
                self._app.post_message(Scanned(f"{aim or ''}{text}", name, at))
            case Batch(scans=scans):
                self._app.post_message(OldScans([s.text for s in scans], name))
            case Garbled(text=text):
                self._app.post_message(GarbledScan(text, name))
            case Settled(grams=grams):
                self.page.heard(name, devices.weighed(grams))
                self._post(Weighed(grams))
            case NotEmptied(grams=grams):
                self._post(NotZeroed(grams))
            case NoWeight(why=why):
                self._post(Unweighed(why.value))
            case Frozen():
                self._post(Unweighed("frozen"))

    def _went_out(self, job: str) -> None:
        """A label's last byte went out; its first one did a little earlier."""
        with self._bench.store.turn(feed=True) as turn:
            self.page.heard(printer_of(turn, job), devices.SENT)
        began = self._bench.begun.pop(job, None)
        if began is not None and self._timing:
            milliseconds = (time.monotonic() - began) * 1000
            self._write({"last_piece_to_first_byte_ms": round(milliseconds, 3)})

    def _arrived(self) -> None:
        if self._labels:
            self._labels.wake()

    def _label_refused(self, why: Why | None) -> None:
        """A label cannot be printed, or one can again: a lamp that was never lit stays dark."""
        said = wording.render(unusable(why), self._bench.session.language) if why else ""
        if why or "labels" in self._lamps:
            self._lamp("labels", "warn" if why else "ok", said)

    def _printer_needs(self, printer: str, needs: str) -> None:
        self._post(PrinterTrouble(printer, needs))

    def _layout_changed(self, name: str) -> None:
        self._lamp("layout", "ok", name)

    def _spooled(self, name: str, state: str, text: str) -> None:
        if self._receipts.spooled(name, state):
            self._lamp(name, state, text)

    def _lamp(self, name: str, state: str, text: str) -> None:
        self._lamps[name] = BenchLamp(device=name, state=state, text=text)
        self.page.lamp(name, state, text)
        if self._app is not None:
            self._app.post_message(LampChanged(Lamp(name, _LAMPS.get(state, "unknown"), text)))

    def _post(self, input: Input) -> None:
        if self._app is not None:
            self._app.post_message(Happened(input))

    # -- what goes out

    def _committed(self) -> None:
        self._packed_at = time.monotonic()
        self._spool.wake()
        if self._link is not None:
            self._link.wake()
        if self._papers is not None:
            self._papers.wake()
        self._arrived()

    def _heartbeat(self) -> Heartbeat:
        session = self._bench.session
        return Heartbeat(
            bench=session.bench,
            packer=session.packer.badge if session.packer else "",
            pending=self._hub_watch.owed(),
            lamps=tuple(self._lamps.values()),
        )

    def _write(self, line: dict[str, float]) -> None:
        with self._timings.open("ab") as file:
            file.write(msgspec.json.encode(line) + b"\n")


_LAMPS: dict[str, LampState] = {
    "ok": "ok",
    "busy": "busy",
    "warn": "warn",
    "bad": "bad",
    "off": "off",
}


def _settings(config: Config) -> Settings:
    work = config.work
    return Settings(
        scale=bool(config.scales),
        slip=work.slip and bool(config.printer_of("paper")),
        ask_box=work.ask_box,
        boxes=work.boxes or Settings().boxes,
        weight_tolerance_percent=work.weight_tolerance_percent,
        weight_tolerance_grams=work.weight_tolerance_grams,
    )


def _sound(config: Config, app: App[int]) -> Sound:
    match config.screen.sound:
        case "none":
            return Silence()
        case "speaker" if player := find_player():
            return Speaker(player)
        case _:
            return Bell(app.bell, app.set_timer)
