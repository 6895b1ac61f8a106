"""What is the hub? One database, and one or two processes of the product's code on it.

Each process has its own connection, its own long-polls and its own rounds. A process dies at a
statement, or while it waits for an answer from outside; it pauses, and finds the world changed;
the database is put back to an older copy. Two transactions are never open at once: nobody holds
one while he waits, which is a rule of the product, and a test here if it is broken (the second
would find "a transaction within a transaction").
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy import Connection, insert
from sqlalchemy.exc import PendingRollbackError

from sync.hub import allot, answers, channels, doubted, entries, feed, labels, pull, setup
from sync.hub.book import Book
from sync.hub.confirm import Confirmations
from sync.hub.engine import Store
from sync.hub.labels import Labels
from sync.hub.schema import channel, packer
from sync.hub.vault import Vault
from sync.talk import Failed
from tests.torture.simulation.disk import Disk, Down, Drive
from tests.torture.simulation.net import Asked, Said
from tests.torture.simulation.outside import CHANNELS, SimOutside

if TYPE_CHECKING:
    from tests.torture.simulation.world import World

LOOK_SECONDS = 0.25
"""After which a process sees what another one wrote, where it was not told."""
LONGER = 6.0
"""How many times longer than asked a long-poll is kept: most of a day would be empty answers."""
ROUND_SECONDS = {"pull": 30.0, "allot": 15.0, "label": 6.0, "confirm": 10.0, "keep house": 60.0}
AT_ONCE = 3
"""Parcels in one round of asking outside."""
FORGET_SECONDS = 150.0
"""What has been gone from a feed for so long is forgotten here: a month is too long to wait."""


@dataclass(slots=True)
class _Waiting:
    asked: Asked
    arrived: float
    bench: str
    head: int
    back: Callable[[Said], None]


class Books:
    """The database, its copies, and how it was put back."""

    def __init__(self, world: World) -> None:
        self.disk = Disk()
        self.key = bytes(32)
        self.copies: list[bytes] = []
        self.epoch = 1
        self._world = world

    def copy(self) -> None:
        """Make a backup, as litestream would."""
        self.copies = [*self.copies[-3:], self.disk.image()]


class HubProcess:
    """One hub process."""

    def __init__(self, world: World, name: str, books: Books) -> None:
        self.world, self.name, self._books = world, name, books
        self.drive: Drive = world.borrow_drive()
        self.life = 0
        """Raised at each death: who waited for an answer knows by it that nobody hears it."""
        self.alive = False
        self.paused_until = 0.0
        self.vault = Vault(books.key)
        self.book = Book(self.vault)
        self._waiting: list[_Waiting] = []
        self._armed = -1
        self._mute = False
        self._looks = False

    # -- its life

    def start(self) -> None:
        """Start, and go round."""
        if self.alive:
            return
        self.alive = True
        self.drive.mount(self._books.disk, self._watch)
        self.store = Store(self.drive.only())
        self.hub = answers.Hub(self.store, self.book, self.vault)
        outside, clock = SimOutside(self), lambda: self.world.agenda.now
        self.labels = Labels(self.store, self.book, self.vault, outside, clock=clock)
        self.confirmations = Confirmations(self.store, self.book, outside, clock=clock)
        for name, seconds in ROUND_SECONDS.items():
            self._later(name, seconds * self.world.chance.random(), self.life)

    def die(self, seconds: float) -> None:
        """Die, and be started again so much later."""
        if not self.alive:
            return
        self.world.trace(f"{self.name}: dies")
        self.alive, self._armed, self._mute = False, -1, False
        self.life += 1
        self._waiting.clear()
        self._books.disk.make_sure_closed()
        life = self.life
        self.world.agenda.after(seconds, lambda: self.start() if life == self.life else None)

    def arm(self, statements: int) -> None:
        """Let it die before so many statements have run."""
        self._armed = statements

    def mute(self) -> None:
        """Let it die after it has done what it is asked next, before it says so."""
        self._mute = True

    def unmute(self) -> None:
        """Let it say what it does."""
        self._mute = False

    def _watch(self, statement: str) -> None:
        if self._armed < 0 or not self.alive:
            return
        self._armed -= 1
        if self._armed < 0:
            raise Down

    def within(self, what: Callable[[], None]) -> None:
        """Let something happen in this process; it may die of it."""
        if not self.alive:
            return
        life = self.life
        try:
            what()
        except (Down, PendingRollbackError):
            # SQLAlchemy takes a death within a statement for a broken wire, and says so instead.
            if life == self.life:
                self.world.faults["hub crash at a statement"] += 1
                self.die(self.world.chance.uniform(2.0, 40.0))

    # -- answers

    def serve(self, asked: Asked, back: Callable[[Said], None]) -> bool:
        """Answer a request, at once or later; False where nobody listens."""
        if not self.alive:
            return False
        if self.paused_until > self.world.agenda.now:
            wait = self.paused_until - self.world.agenda.now
            self.world.agenda.after(wait, lambda: self._late(asked, back))
            return True
        life = self.life
        self.within(lambda: self._answer(asked, back, None))
        return self.life == life

    def _late(self, asked: Asked, back: Callable[[Said], None]) -> None:
        self.serve(asked, back)

    def _answer(self, asked: Asked, back: Callable[[Said], None], waited: _Waiting | None) -> None:
        self.world.agenda.counts()
        parts = urlsplit(asked.target)
        request = answers.Asked(
            method=asked.method,
            path=parts.path,
            target=asked.target,
            query=dict(parse_qsl(parts.query)),
            headers=asked.headers,
            body=asked.body,
            peer="10.0.0.1",
        )
        now = self.world.agenda.now
        said = answers.answer(self.hub, request, now, waited.arrived if waited else None)
        if self._mute and said.moved:
            self.world.faults["hub crash before its answer"] += 1
            raise Down
        if said.moved:
            self.world.moved(self)
        if said.wait_seconds and waited is None:
            self._wait(asked, said, back)
            return
        after = float(said.headers.get("Retry-After", 0.0))
        back(Said(status=said.status, body=said.body, retry_after=after))

    def _wait(self, asked: Asked, said: answers.Answer, back: Callable[[Said], None]) -> None:
        head = self._heads().get(said.bench, 0)
        one = _Waiting(asked, self.world.agenda.now, said.bench, head, back)
        self._waiting.append(one)
        self.world.agenda.after(said.wait_seconds * LONGER, lambda: self._let_go(one))

    def _let_go(self, one: _Waiting) -> None:
        if one in self._waiting:
            self._waiting.remove(one)
            self.within(lambda: self._answer(one.asked, one.back, one))

    def _heads(self) -> dict[str, int]:
        rows = self._books.disk.raw.execute("SELECT name, feed_seq FROM bench").fetchall()
        return {str(name): int(head) for name, head in rows}

    def look(self) -> None:
        """Answer those whose feed has moved."""
        self._looks = False
        if not self.alive or not self._waiting:
            return
        heads = self._heads()
        for one in [w for w in self._waiting if heads.get(w.bench) != w.head]:
            self._let_go(one)

    def look_soon(self, seconds: float) -> None:
        """Look then."""
        if not self._looks:
            self._looks = True
            self.world.agenda.after(seconds, self.look)

    # -- rounds

    def _later(self, name: str, seconds: float, life: int) -> None:
        self.world.agenda.after(seconds, lambda: self._round(name, life))

    def _round(self, name: str, life: int) -> None:
        if life != self.life:
            return
        if self.paused_until > self.world.agenda.now:
            self._later(name, self.paused_until - self.world.agenda.now, life)
            return
        self._later(name, ROUND_SECONDS[name] * self.world.chance.uniform(0.5, 1.5), life)
        self.within(lambda: self.do_round(name))

    def do_round(self, name: str) -> None:
        """Go one round."""
        self.world.agenda.counts()
        if name == "pull":
            self._pull()
        elif name == "allot":
            self._allot()
        elif name == "label":
            self._each(self.labels.due(), self.labels.do)
        elif name == "confirm":
            self._each(self.confirmations.due(), self.confirmations.do)
        else:
            self._keep_house()

    def _pull(self) -> None:
        now = self.world.agenda.now
        name = self.world.chance.choice(sorted(CHANNELS))
        with self.store.read() as connection:
            rows = {row.name: row.pulled_until for row in channels.channels(connection)}
        since = (rows[name] or 0.0) - 300.0
        fetched = self.world.market.fetched(name, since)
        self.world.first_words_of(name, fetched.orders)
        pull.take_in(self.store, self.book, name, fetched, clock=lambda: now)
        with self.store.write() as connection:
            channels.pulled(connection, name, now, now)
        self.world.moved(self)

    def _allot(self) -> None:
        now = self.world.agenda.now
        with self.store.write() as connection:
            allot.expired(connection, self.book, now)
        allot.allot(self.store, self.book, now)
        self.world.moved(self)

    def _each(self, ids: list[str], do: Callable[[str], object]) -> None:
        for id in ids[:AT_ONCE]:
            try:
                do(id)
            except Failed:
                with self.store.write() as connection:
                    labels.again(connection, id, 2.0, self.world.agenda.now)
            self.world.moved(self)

    def _keep_house(self) -> None:
        now = self.world.agenda.now
        with self.store.write() as connection:
            entries.reconsider(connection, self.book, now)
            feed.purge(connection, now + feed.KEPT_SECONDS - FORGET_SECONDS)
        self.world.moved(self)

    # -- what people do at the hub

    def write(self, what: Callable[[Connection], None]) -> None:
        """Do something in the books, as a command would."""

        def work() -> None:
            with self.store.write() as connection:
                what(connection)
            self.world.moved(self)

        self.within(work)


def found(process: HubProcess, badges: list[str], now: float) -> None:
    """Make the tables of a new hub, its channels and its packers."""
    setup.make(process.store)
    with process.store.write() as connection:
        for name, at in CHANNELS.items():
            row = {
                "name": name,
                "market": "sim",
                "base_url": "",
                "token_url": "",
                "credentials": b"",
                "confirm_at": at.value,
                "rate_scale": 1.0,
                "time_scale": 1.0,
                "error": "",
                "added_at": now,
            }
            connection.execute(insert(channel).values(**row))
        for badge in badges:
            role = "supervisor" if badge == "BOSS" else "packer"
            connection.execute(
                insert(packer).values(badge=badge, name=badge, role=role, language="en")
            )


def put_back(process: HubProcess, epoch: int, now: float) -> None:
    """Make an older copy the book again."""
    with process.store.write() as connection:
        setup.restored(connection, epoch, now)
        doubted.doubt(connection, process.book, now)
