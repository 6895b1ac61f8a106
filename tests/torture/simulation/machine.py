"""What is a bench's computer? A disk, two clocks, a printer, and a process that may die anywhere.

The process is the product's: its store on this disk, its flows, the spool's ledger, and the bench's
end of the link, driven here by virtual time where `sync.client.link` drives it by threads.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from station.bench import Bench, Printers
from station.session import Session, Settings
from station.store.journal import Stamp
from station.store.keep import StoreKeep
from station.store.ledger import StoreLedger
from station.store.store import Store, StoreError
from sync.orders import Entry, Fact, Order
from sync.protocol.lanes import Moment
from sync.protocol.messages import Enrolled, Heartbeat
from tests.torture.simulation.disk import Disk, Down, Drive
from tests.torture.simulation.driver import Driver
from tests.torture.simulation.printer import PRINTER, Printer

if TYPE_CHECKING:
    from tests.torture.simulation.world import World

START_SECONDS = 8.0
"""From the crash of a bench's program to its first scan."""
_ENTRY = msgspec.json.Decoder(Entry)


class Process:
    """The program of a bench, between its start and its end."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        world = machine.world
        self.store = Store(Path(f"{machine.name}.db"), opened=machine.drive.opened)
        self.keep = StoreKeep(
            self.store,
            self._heartbeat,
            count_seconds=0.0,
            clock=machine.boottime,
            boot=machine.boot,
            record=self._record,
        )
        self.me: Enrolled | None = self.keep.enrolled()
        fresh = Session(
            bench=self.me.bench if self.me else "—",
            settings=Settings(slip=False, ask_box=False),
        )
        self.bench = Bench(
            self.store,
            fresh,
            Printers(label=PRINTER),
            clock=machine.wall,
            ids=world.new_id,
            stamps=lambda: Stamp(machine.boot, machine.boottime()),
            lease=self.keep.lease,
        )
        self.bench.on_commit = self._committed
        self.ledger = StoreLedger(self.store, self._record, lambda printer, needs: None)
        self.driver = Driver(self)
        self.store.listen(self._changed)
        self._stale = False

    def _heartbeat(self) -> Heartbeat:
        return Heartbeat(
            bench=self.me.bench if self.me else "",
            pending=self.machine.owed(),
            at=self.machine.wall(),
        )

    def _record(self, order: str, fact: Fact) -> bool:
        return self.bench.record(order, fact)

    def _committed(self) -> None:
        self.machine.note_entries()
        self.driver.write()
        self.machine.printer.wake()

    def _changed(self, ids: frozenset[str]) -> None:
        order = self.bench.session.order
        self._stale = self._stale or (order is not None and order.id in ids)

    def look(self) -> None:
        """Take in what changed under the packer, as the app does after each turn."""
        if self._stale:
            self._stale = False
            self.bench.refresh()


class Machine:
    """One bench's computer."""

    def __init__(self, world: World, name: str, disk: Disk, key: int) -> None:
        self.world, self.name = world, name
        """`name` is the machine's in the trace; which bench it is stands on its disk."""
        self.key = key
        self.drive: Drive = world.borrow_drive()
        self.disk = disk
        self.off_seconds = 0.0
        """How far ahead its wall clock is."""
        self.printer = Printer(self)
        self.boots = 0
        self.process: Process | None = None
        self.slow = 1.0
        """How many times longer everything takes: a disk that is dying."""
        self.odd = 0
        """How often its disk was an older image, or somebody else's: it may know less than was."""
        self.gone = False
        """It was taken away, and never starts again."""
        self.images: list[bytes] = []
        """Of its disk, as somebody made them."""
        self.starting = 0
        self._boot_at = world.agenda.now
        self._armed = -1
        self._seen = 0
        """The last entry that the world knows of."""

    # -- its clocks

    def wall(self) -> datetime:
        """What it takes for UTC."""
        return datetime.fromtimestamp(self.world.agenda.now, UTC) + timedelta(
            seconds=self.off_seconds
        )

    def boottime(self) -> float:
        """Seconds since it was switched on."""
        return self.world.agenda.now - self._boot_at + 1.0

    def moment(self) -> Moment:
        """Both."""
        return Moment(self.boottime(), self.wall())

    @property
    def boot(self) -> str:
        """Names this start."""
        return f"{self.name}.{self.boots}"

    # -- its life

    def switch_on(self) -> None:
        """Start the machine."""
        self.boots += 1
        self._boot_at = self.world.agenda.now
        self.start()

    def start(self) -> None:
        """Start the program."""
        if self.gone or self.process is not None:
            return
        self.drive.mount(self.disk, self._watch)
        try:
            self.process = Process(self)
            self.process.bench.resume()
        except StoreError:
            self.process = None
            self.world.agenda.after(60.0, self.start)
            return
        self.note_entries()
        self.process.driver.begin()
        self.printer.wake()

    def crash(self, *, power: bool = False) -> None:
        """The program dies, or the plug is pulled; it comes up again by itself."""
        if self.process is None:
            return
        self.world.trace(f"{self.name}: {'power cut' if power else 'crash'}")
        self.process.driver.end()
        self.process = None
        self._armed = -1
        if self.disk.raw.in_transaction:
            self.disk.raw.execute("ROLLBACK")
        self.disk = self.disk.after_power_cut() if power else self.disk.after_crash()
        self.world.rules.journal_survived(self)
        self.starting += 1
        turn = self.starting
        wait = self.world.chance.uniform(0.5, 2.0) * START_SECONDS
        begin = self.switch_on if power else self.start
        self.world.agenda.after(wait, lambda: begin() if turn == self.starting else None)

    def restart(self) -> None:
        """Stop the program in good order, and start it again."""
        if self.process is not None:
            self.process.driver.end()
            self.process = None
            self._armed = -1  # it was the old program that was to die
            self.start()

    def forget_past(self) -> None:
        """Another disk: what is on it already is no news."""
        self._seen = self.last_seq()

    def take_off(self) -> None:
        """Switch it off for good."""
        if self.process is not None:
            self.process.driver.end()
            self.process = None
        self._armed = -1
        self.gone = True
        self.starting += 1

    def arm(self, statements: int) -> None:
        """Let the program die before so many statements have run."""
        self._armed = statements

    def _watch(self, statement: str) -> None:
        if self._armed < 0 or self.process is None:
            return
        self._armed -= 1
        if self._armed < 0:
            raise Down

    def within(self, what: Callable[[Process], None]) -> bool:
        """Let something happen in the program, if it runs; it may die of it."""
        process = self.process
        if process is None:
            return False
        try:
            what(process)
            if self.process is process:
                process.look()
        except Down:
            self.world.faults["bench crash at a statement"] += 1
            self.crash()
            return False
        except StoreError:
            # A full disk: nothing of it happened.
            self.disk.make_sure_closed()
        return True

    # -- what an onlooker sees on its disk

    def owed(self) -> int:
        """Entries that no hub has acknowledged."""
        return self.last_seq() - int(self._meta("acked") or 0)

    def note_entries(self) -> None:
        """Tell the world what happened here since it last looked: it is on the disk."""
        rows = self.disk.raw.execute(
            "SELECT seq, id, body, hash FROM entries WHERE seq > ? ORDER BY seq", (self._seen,)
        ).fetchall()
        for seq, _, body, hash in rows:
            self._seen = seq
            self.world.rules.happened(self, seq, hash, _ENTRY.decode(body))

    def cursor(self) -> str:
        """Where it has read its feed to."""
        return self._meta("cursor") or "0.0"

    def acked(self) -> tuple[int, str]:
        """The last entry that a hub acknowledged, and its hash."""
        seq = int(self._meta("acked") or 0)
        row = self.disk.raw.execute("SELECT hash FROM entries WHERE seq = ?", (seq,)).fetchone()
        return (seq, str(row[0])) if row else (0, "")

    def enrolled(self) -> Enrolled | None:
        """What its disk says that it is."""
        said = self._meta("enrolled")
        return msgspec.json.decode(said, type=Enrolled) if said else None

    def _meta(self, key: str) -> str:
        row = self.disk.raw.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return str(row[0]) if row else ""

    def shown(self, order: str) -> Order | None:
        """The order as the packer sees it."""
        row = self.disk.raw.execute(
            "SELECT confirmed, now FROM orders WHERE id = ?", (order,)
        ).fetchone()
        return msgspec.json.decode(row[1] or row[0], type=Order) if row else None

    def entries(self) -> set[str]:
        """Name the entries that are on its disk."""
        try:
            return {str(id) for (id,) in self.disk.raw.execute("SELECT id FROM entries")}
        except sqlite3.OperationalError:  # a disk without tables
            return set()

    def last_seq(self) -> int:
        try:
            return int(self.disk.raw.execute("SELECT max(seq) FROM entries").fetchone()[0] or 0)
        except sqlite3.OperationalError:  # a disk without tables
            return 0
