"""Where is durable work begun, taken over and forgotten? The only file that knows DBOS.

A workflow is one piece of work on one parcel: the label or the confirmation of it, as far as it
goes now. It has no steps of its own, because its steps are our columns: what is asked is on
record before it is asked, what came of it after, and whoever begins it anew looks up first. So
those columns are the truth and the outbox: a change commits `label_work` or `confirm_work` with
its facts, and the piece is begun right after that commit under an id that says which piece it is
(`Piece.ticket`), once among all hubs. DBOS adds who is at what, a queue for what finds no free
hand, and the resumption of what a dead process was at.

Enqueued in the transaction itself (`DBOSClient.enqueue_in_transaction`) a piece costs 0.8 ms on
SQLite instead of nothing, needs DBOS's tables in the hub's own file, and needs the book to know
of queues. In one file DBOS's writers do not queue at our door: of three writers beside 300
pieces, 90 in 100 transactions did not happen (p50 257 ms instead of 0.8). In a file of its own
(`hub.work.db`) they did not notice (p50 5 to 7 ms under the same load). That file is written
without waiting for the disk (synchronous=NORMAL) and needs no backup: after a power cut it may
have forgotten the last pieces, which the columns have not, and which the round finds within a
second. A piece begun here is at its first line after 3 ms, by the queue after half a second.

What it costs a hub on SQLite, beside plain threads over the same columns, on a busy machine of
two cores: from request to label 62 ms instead of 47 (p50, with a carrier that answers at once);
a hundred labels at once 2.9 s instead of 2.6 (p50); 26 MB; 1.2 % of a core when idle; and 0.7 s
of import, which only `serve` pays.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, create_engine, event

from sync.hub.engine import Store, sqlite_module

if TYPE_CHECKING:
    from dbos import DBOSConfig

log = logging.getLogger("packbench.hub")

QUEUE = "parcels"
VERSION = "1"
"""Of what a piece means. DBOS's own would be a hash of the code: an upgrade would strand all."""
POLL_SECONDS = 0.5
"""Between two looks at the queue: what is in a hurry does not go there."""
LANE_AT_ONCE = 4
"""Parcels of one channel that a process works on at once: a slow one does not stop the others."""
AT_ONCE = 16
"""Parcels of all channels that a process works on at once."""
KEPT_SECONDS = 3_600.0
"""How long it stays on record that a piece was done; it must only outlast its being due."""
FORGOTTEN_AT_ONCE = 500
"""So that work that begins meanwhile waits for one short transaction."""
BUSY_MILLISECONDS = 30_000
ENDED = ("SUCCESS", "ERROR", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
AWAY = ("PENDING",)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of work."""

    kind: str
    """label | confirm"""
    parcel: str
    lane: str
    """The channel: one that is slow, or has much to do, does not keep the others waiting."""
    ticket: str
    """Names this piece among all hubs: the same parcel's next piece has another one."""


class Durable:
    """The durable work of this process. There can be one in a process: DBOS is a singleton."""

    def __init__(self, store: Store, name: str, do: Callable[[str, str], None]) -> None:
        self._store = store
        self._name = name
        self._do = do
        self._engine: Engine | None = None
        self._dbos: Any = None  # the class DBOS, imported when it is wanted
        self._workflow: Callable[[str, str], None] = do

    def begin(self) -> None:
        """Open the records, and go on with what an earlier process of this name was at."""
        logger = logging.getLogger("dbos")
        if not logger.handlers:
            logger.addHandler(logging.NullHandler())  # else it puts up a console of its own
        logger.setLevel(logging.ERROR)
        from dbos import DBOS  # 0.7 s that no other command is to pay

        self._dbos, self._engine = DBOS, _engine(self._store)
        DBOS(config=self._config(self._engine))
        do = self._do

        def work(kind: str, parcel: str) -> None:
            do(kind, parcel)

        self._workflow = DBOS.workflow(name="parcel")(work)
        DBOS.launch()
        DBOS.register_queue(
            QUEUE,
            worker_concurrency=AT_ONCE,
            partition_worker_concurrency=LANE_AT_ONCE,
            polling_interval_sec=POLL_SECONDS,
            on_conflict="always_update",
        )

    def begun(self, tickets: Sequence[str]) -> dict[str, bool]:
        """Say which of these were begun before, and whether they go on."""
        found = self._dbos.list_workflows(
            workflow_ids=list(tickets), load_input=False, load_output=False
        )
        return {one.workflow_id: one.status not in ENDED for one in found}

    def start(self, piece: Piece) -> None:
        """Begin a piece here and now; nothing happens if it was begun before."""
        from dbos import SetWorkflowID  # see begin

        with SetWorkflowID(piece.ticket):
            self._dbos.start_workflow(self._workflow, piece.kind, piece.parcel)

    def enqueue(self, piece: Piece) -> None:
        """Let the first free hand of any process begin a piece."""
        from dbos import SetEnqueueOptions, SetWorkflowID  # see begin

        with SetWorkflowID(piece.ticket), SetEnqueueOptions(queue_partition_key=piece.lane):
            self._dbos.enqueue_workflow(QUEUE, self._workflow, piece.kind, piece.parcel)

    def take_over(self, living: Iterable[str]) -> int:
        """Resume what processes were at that do not live; give how many pieces."""
        alive = {self._name, *living}
        away = self._dbos.list_workflows(status=list(AWAY), load_input=False, load_output=False)
        left = [one.workflow_id for one in away if one.executor_id not in alive]
        if left:
            self._dbos.resume_workflows(left)
        return len(left)

    def forget(self, now: float) -> int:
        """Delete the records of pieces that were done long ago; give how many."""
        until = datetime.fromtimestamp(now - KEPT_SECONDS, UTC).isoformat()
        forgotten = 0
        while True:
            old = self._dbos.list_workflows(
                status=list(ENDED),
                completed_before=until,
                limit=FORGOTTEN_AT_ONCE,
                load_input=False,
                load_output=False,
            )
            if old:
                self._dbos.delete_workflows([one.workflow_id for one in old])
            forgotten += len(old)
            if len(old) < FORGOTTEN_AT_ONCE:
                return forgotten

    def end(self) -> None:
        """Begin nothing more. What goes on is not waited for."""
        if self._dbos is not None:
            self._dbos.destroy(destroy_registry=True)
        if self._engine is not None:
            self._engine.dispose()

    def _config(self, engine: Engine) -> DBOSConfig:
        return {
            "name": "packbench",
            "system_database_url": engine.url.render_as_string(hide_password=False),
            "system_database_engine": engine,
            "executor_id": self._name,
            "application_version": VERSION,
            "log_level": "ERROR",
            "enable_otlp": False,
            # Nobody waits for a piece's end by way of the database.
            "use_listen_notify": False,
        }


def _engine(store: Store) -> Engine:
    """Make the engine of the records: the hub's own database, or a file beside its file."""
    if not store.embedded:
        return create_engine(
            store.engine.url, hide_parameters=True, pool_size=5, pool_pre_ping=True
        )
    books = Path(store.engine.url.database or "")
    records = books.with_name(f"{books.stem}.work{books.suffix}")
    _set_aside_if_damaged(records)
    engine = create_engine(
        store.engine.url.set(database=str(records)),
        # DBOS asks for unixepoch('subsec'), which Debian's own SQLite does not have.
        module=sqlite_module(),
        connect_args={"check_same_thread": False, "timeout": BUSY_MILLISECONDS / 1000},
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: sqlite3.Connection, _: object) -> None:
        # DBOS leaves BEGIN to the driver, whose own is deferred: two writers would fail at once.
        raw.isolation_level = "IMMEDIATE"
        for pragma in (
            f"busy_timeout={BUSY_MILLISECONDS}",
            "journal_mode=WAL",
            "synchronous=NORMAL",
            "foreign_keys=ON",
        ):
            raw.execute(f"PRAGMA {pragma}").close()

    return engine


def _set_aside_if_damaged(records: Path) -> None:
    """Begin records anew that cannot be read: the columns know what is to be done."""
    if not records.is_file():
        return
    sqlite = sqlite_module()
    try:
        with closing(sqlite.connect(records, timeout=BUSY_MILLISECONDS / 1000)) as there:
            found = there.execute("PRAGMA quick_check(1)").fetchone()[0]
    except sqlite.OperationalError:
        return  # locked, or out of reach: whoever opens it says so
    except sqlite.DatabaseError as wrong:
        found = str(wrong)
    if found == "ok":
        return
    log.error("%s is damaged and was set aside: %s", records.name, str(found).splitlines()[0])
    for tail in ("-wal", "-shm", "-journal"):
        records.with_name(f"{records.name}{tail}").unlink(missing_ok=True)
    records.replace(records.with_name(f"{records.name}.damaged"))
