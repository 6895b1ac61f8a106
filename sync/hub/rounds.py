"""What the hub does by itself: goes round channels, benches, carriers, and again.

One thread a round; what a round finds to do for a parcel is done by `hands`, as durable work.
Among several hubs one reads a channel, until it dies or ends; the other rounds all of them go.
Each step of a round is small, has its own transactions, and can be called once from the command
line or a test. Here, and nowhere else in the hub, any exception is caught: one order or one
channel that cannot be worked must not stop the others, and it is logged with its class and place,
never with its text, which may quote an address.
"""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import httpx

from sync.hub import allot, backup, channels, labels, process, pull, setup, troubles, upkeep
from sync.hub.bell import Bell
from sync.hub.book import Book
from sync.hub.channels import Outside, Unknown
from sync.hub.confirm import Confirmations
from sync.hub.durable import Durable
from sync.hub.engine import Store
from sync.hub.hands import Hands
from sync.hub.http import FIRST_PAUSE_SECONDS, Stopped
from sync.hub.labels import Labels
from sync.hub.troubles import Kind, Trouble
from sync.hub.upkeep import TASKS, Task
from sync.hub.vault import Vault
from sync.talk import Failed

R = TypeVar("R")

log = logging.getLogger("packbench.hub")

IDLE_SECONDS = 1.0
"""Between two looks for work that nobody announced: another process may have made some."""
AFTER_FAILURE_SECONDS, LONGEST_AFTER_SECONDS = 15.0, 600.0
"""Before a channel that refused is asked again: at first, and when it has refused for hours."""
RESUME_SECONDS = 60.0
"""Between two looks for pieces whose process does not live: those that no burial announced."""
FORGET_SECONDS = 600.0
"""Between two clearings of what was done."""
END_SECONDS = 10.0
"""How long the end of a round is waited for; a talk notices the stop at its next pause."""
REST_SECONDS = 3.0
"""How long the end of what is being asked is waited for; then the hub is gone in mid-sentence."""
HUNG_UP_SECONDS = 1.0
"""How long a talk has to notice that its connection was closed."""


@dataclass(slots=True)
class Rounds:
    """The rounds of one hub process."""

    store: Store
    book: Book
    vault: Vault
    bell: Bell
    client: httpx.Client
    stop: threading.Event = field(default_factory=threading.Event)
    again_seconds: float = labels.FIRST_AGAIN_SECONDS
    pause_seconds: float = FIRST_PAUSE_SECONDS
    name: str = ""
    """Of this hub process; "" for a command line, which goes no rounds."""
    failures: Counter[str] = field(default_factory=Counter)
    """How often each round failed, by its name; for the metrics."""
    rested: bool = True
    """False after the end if something is still being asked, and will not be heard."""
    outside: Outside = field(init=False)
    labels: Labels = field(init=False)
    confirmations: Confirmations = field(init=False)
    _allot_work: threading.Event = field(default_factory=threading.Event)
    _work: dict[str, threading.Event] = field(init=False)
    _durable: Durable = field(init=False)
    _hands: Hands = field(init=False)
    _threads: list[threading.Thread] = field(default_factory=list)
    _next_pull: dict[str, float] = field(default_factory=dict)
    _refusals: Counter[str] = field(default_factory=Counter)
    """Of each channel, in a row."""

    def __post_init__(self) -> None:
        """Make the rounds' hands."""
        self.outside = Outside(
            self.store, self.vault, self.client, self.stop, pause_seconds=self.pause_seconds
        )
        self.labels = Labels(
            self.store,
            self.book,
            self.vault,
            self.outside,
            self.again_seconds,
            self.store.now,
            self.name,
        )
        self.confirmations = Confirmations(
            self.store, self.book, self.outside, self.again_seconds, self.store.now, self.name
        )
        self._work = {"label": threading.Event(), "confirm": threading.Event()}
        self._durable = Durable(self.store, self.name, self.do)
        self._hands = Hands(self.store, self._durable, self.store.now)

    def start(self) -> None:
        """Begin to go round."""
        self._durable.begin()
        rounds: dict[str, Callable[[], None]] = {
            "pull": self._pulling,
            "allot": self._allotting,
            "label": lambda: self._handing("label"),
            "confirm": lambda: self._handing("confirm"),
            "keep": self._keeping,
            "copies": self._watching,
        }
        for name, run in rounds.items():
            thread = threading.Thread(target=run, name=f"round {name}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def end(self) -> None:
        """Stop going round."""
        self.stop.set()
        self.announce()
        for thread in self._threads:
            thread.join(END_SECONDS)
        rested = self._hands.rest(REST_SECONDS)
        self.client.close()
        self.rested = rested or self._hands.rest(HUNG_UP_SECONDS)
        self._durable.end()

    def announce(self) -> None:
        """Say that there is work: something was written."""
        self._allot_work.set()
        for work in self._work.values():
            work.set()

    def buried(self, names: list[str]) -> None:
        """Go on with what dead processes were at."""
        self._durable.take_over(self._living())
        self.announce()

    def _living(self) -> list[str]:
        with self.store.read() as connection:
            return process.living(connection)

    @property
    def alive(self) -> bool:
        """Say whether every round still runs."""
        return all(thread.is_alive() for thread in self._threads)

    # --- one round each

    def _mine(self) -> list[str]:
        """Name the channels that this process reads; a new or left one becomes its own."""
        with self.store.read() as connection:
            rows = channels.channels(connection)
            living = {"", *process.living(connection)}
        ours = [row.name for row in rows if row.puller == self.name]
        left = [row.name for row in rows if row.puller not in living - {""}]
        for name in left:
            with self.store.write() as connection:
                if channels.lead(connection, name, self.name):
                    ours.append(name)
        return sorted(set(ours))

    def pull_one(self, name: str) -> float:
        """Read a channel; give the seconds until it is to be read again."""
        try:
            with self.store.read() as connection:
                if setup.restoring(connection, self.store.now()):
                    return IDLE_SECONDS  # benches first: they know what was shipped
            pulled = pull.pull(self.store, self.book, self.outside, name, guard=self._order)
            if pulled.changed:
                self.bell.look(self.store)
                self.announce()
            del self._refusals[name]
            return pull.next_pull(self.store, self.outside.channel(name))
        except Failed as refused:
            self._channel_failed(name, str(refused), again=refused.again)
        except Stopped:
            raise
        except Exception as wrong:  # noqa: BLE001 -- see the module's docstring
            self._failed("pull", name, wrong)
            self._channel_failed(name, f"our own mistake ({type(wrong).__name__})", again=True)
        self._refusals[name] += 1
        longer = AFTER_FAILURE_SECONDS * 2.0 ** min(self._refusals[name] - 1, 20)
        return min(longer, LONGEST_AFTER_SECONDS)

    @contextmanager
    def _order(self, id: str) -> Iterator[None]:
        """Keep an order that cannot be worked from stopping those that come after it."""
        try:
            yield
        except Exception as wrong:  # noqa: BLE001 -- see the module's docstring
            self._failed("pull", id, wrong)
            sentence = f"it could not be taken over ({type(wrong).__name__}): see the log"
            one = Trouble(kind=Kind.UNREADABLE, subject=id, sentence=sentence)
            with self.store.write() as connection:
                troubles.open_(connection, [one], self.store.now())

    def allot_all(self) -> int:
        """Give benches work; say how many shipments went out."""
        try:
            done = allot.allot(self.store, self.book, self.store.now())
        except Exception as wrong:  # noqa: BLE001 -- see the module's docstring
            self._failed("allot", "", wrong)
            return 0
        if done:
            self.bell.look(self.store)
            self._work["label"].set()
        return len(done)

    def label_all(self) -> int:
        """Ask carriers what is due; say for how many parcels."""
        return self._each(self.labels.due(), self._label)

    def confirm_all(self, channel: str = "") -> int:
        """Tell marketplaces what is due; say of how many parcels."""
        return self._each(self.confirmations.due(channel), self._confirm)

    def _each(self, ids: list[str], do: Callable[[str], None]) -> int:
        for id in ids:
            do(id)
        return len(ids)

    def _label(self, id: str) -> None:
        self._parcel("label", id, self.labels.do)

    def _confirm(self, id: str) -> None:
        self._parcel("confirm", id, self.confirmations.do)

    def _parcel(self, round: str, id: str, do: Callable[[str], object]) -> None:
        try:
            do(id)
            self.bell.look(self.store)
        except Stopped:
            return
        except (Failed, Unknown) as refused:
            log.warning("%s of %s put off: %s", round, id, refused)
            self._put_off(id)
        except Exception as wrong:  # noqa: BLE001 -- see the module's docstring
            self._failed(round, id, wrong)
            self._put_off(id)

    def _put_off(self, id: str) -> None:
        with self.store.write() as connection:
            labels.again(connection, id, self.again_seconds, self.store.now())

    # --- threads

    def _pulling(self) -> None:
        """Read each channel when its time has come, beside the others: one may hang for minutes."""
        at_it: dict[str, threading.Thread] = {}
        while not self.stop.is_set():
            waits = [IDLE_SECONDS]
            for name in self._safely("pull", self._mine) or ():
                if name in at_it and at_it[name].is_alive():
                    continue
                wait = self._next_pull.get(name, 0.0) - time.monotonic()
                if wait <= 0:
                    at_it[name] = threading.Thread(
                        target=self._pull, args=(name,), name=f"round pull {name}", daemon=True
                    )
                    at_it[name].start()
                else:
                    waits.append(wait)
            self.stop.wait(min(waits))
        for thread in at_it.values():
            thread.join(END_SECONDS)

    def _pull(self, name: str) -> None:
        wait = self._safely("pull", lambda: self.pull_one(name))
        self._next_pull[name] = time.monotonic() + (wait or 0.0)

    def _allotting(self) -> None:
        while not self.stop.is_set():
            self._allot_work.clear()
            if not self._safely("allot", self.allot_all):
                self._allot_work.wait(IDLE_SECONDS)

    def _handing(self, kind: str) -> None:
        """Hand out what is due: a slow parcel does not stop the others."""
        work = self._work[kind]
        while not self.stop.is_set():
            work.clear()
            self._safely(kind, lambda: self._hands.give(kind))
            work.wait(IDLE_SECONDS)

    def do(self, kind: str, parcel: str) -> None:
        """Do a piece of work. When the hub ends it stays due, and is done by another one."""
        if self.stop.is_set():
            return
        self._hands.began(kind, parcel)
        try:
            if kind == "label":
                self._label(parcel)
            else:
                self._confirm(parcel)
        finally:
            self._hands.landed(kind, parcel)
            self._work[kind].set()

    def _keeping(self) -> None:
        """Keep the books in order, each task in its own time."""
        tasks: dict[str, tuple[float, Callable[[], int]]] = {
            name: (task.seconds, partial(self._keep, task)) for name, task in TASKS.items()
        }
        tasks["resume"] = (RESUME_SECONDS, lambda: self._durable.take_over(self._living()))
        tasks["forget"] = (FORGET_SECONDS, lambda: self._durable.forget(self.store.now()))
        due = dict.fromkeys(tasks, time.monotonic())
        while not self.stop.wait(IDLE_SECONDS):
            for name, (seconds, do) in tasks.items():
                if due[name] <= time.monotonic():
                    due[name] = time.monotonic() + seconds
                    self._safely(name, do)

    def _keep(self, task: Task) -> int:
        changed = upkeep.keep(self.store, self.book, task, self.store.now())
        if changed:
            self.bell.look(self.store)
            self.announce()
        return changed

    def _watching(self) -> None:
        while not self.stop.wait(backup.WATCH_SECONDS):
            self._safely("copies", lambda: backup.watch(self.store, self.store.now()))

    def _safely(self, round: str, do: Callable[[], R]) -> R | None:
        try:
            return do()
        except Stopped:
            return None
        except Exception as wrong:  # noqa: BLE001 -- see the module's docstring
            self._failed(round, "", wrong)
            self.stop.wait(IDLE_SECONDS)
            return None

    # --- what goes wrong

    def _channel_failed(self, name: str, why: str, *, again: bool) -> None:
        self.failures["pull"] += 1
        log.warning("channel %s: %s", name, why)
        now = self.store.now()
        one = Trouble(kind=Kind.CHANNEL, subject=name, sentence=why)
        with self.store.write() as connection:
            channels.failed(connection, name, why, now)
            if not again:
                troubles.open_(connection, [one], now)

    def _failed(self, round: str, subject: str, wrong: Exception) -> None:
        self.failures[round] += 1
        frames = traceback.extract_tb(wrong.__traceback__)[-3:]
        where = " < ".join(f"{frame.name}:{frame.lineno}" for frame in reversed(frames))
        log.error("%s of %s failed: %s at %s", round, subject or "-", type(wrong).__name__, where)
