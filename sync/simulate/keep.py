"""How the books outlive a restart: each entry under its kind and id, in one SQLite file."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import Column, LargeBinary, MetaData, String, Table, create_engine, select, text
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.pool import StaticPool

_METADATA = MetaData()
ENTRY = Table(
    "entry",
    _METADATA,
    Column("kind", String, primary_key=True, comment="what it is: order, label, counters"),
    Column("id", String, primary_key=True, comment="its own id within its kind"),
    Column("body", LargeBinary, nullable=False, comment="the entry as JSON, as it stands now"),
)


class Shelf:
    """Where entries are kept: in a file, or in memory when no file is named."""

    def __init__(self, file: Path | None = None) -> None:
        if file is not None:
            file.parent.mkdir(parents=True, exist_ok=True)
        # One connection, used by one thread at a time: the one that runs the server.
        self._engine = create_engine(
            f"sqlite:///{file}" if file else "sqlite://",
            poolclass=StaticPool,
            connect_args={"check_same_thread": False},
        )
        with self._engine.begin() as connection:
            connection.execute(text("pragma journal_mode = wal"))
            connection.execute(text("pragma synchronous = normal"))
            _METADATA.create_all(connection)

    def load(self, kind: str) -> list[tuple[str, bytes]]:
        """Give every entry of a kind, in the order in which they were first put."""
        query = select(ENTRY.c.id, ENTRY.c.body).where(ENTRY.c.kind == kind)
        with self._engine.begin() as connection:
            rows = connection.execute(query.order_by(text("rowid"))).all()
        return [(row.id, row.body) for row in rows]

    def put(self, kind: str, entries: Iterable[tuple[str, bytes]]) -> None:
        """Put entries, new or again, in one transaction: an answer may go out after this."""
        rows = [{"kind": kind, "id": id, "body": body} for id, body in entries]
        if not rows:
            return
        new = insert(ENTRY)
        again = new.on_conflict_do_update(
            index_elements=["kind", "id"], set_={"body": new.excluded.body}
        )
        with self._engine.begin() as connection:
            connection.execute(again, rows)

    def close(self) -> None:
        """Close the file."""
        self._engine.dispose()
