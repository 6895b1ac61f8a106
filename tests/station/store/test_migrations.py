from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic.operations import Operations
from sqlalchemy import select, text

from station.session import Session, saved
from station.store import journal, migrations
from station.store import schema as t
from station.store.engine import open_file, sqlite
from station.store.keep import StoreKeep
from station.store.store import Newer, Store, StoreError
from sync.orders import Entry, apply
from sync.protocol import chain, digest
from sync.protocol.messages import Change, Enrolled, Heartbeat, Page
from tests.builders import NOON, a_line, an_order, up_to_close

VERSION_1 = (Path(__file__).parent / "version1.sql").read_text("utf-8")
LABEL = b"^XA^FDlabel^FS^XZ"
OTHERWISE = {
    "codes": "SELECT kind, code, s.id, CASE parcel WHEN 0 THEN '' ELSE s.id || '/' || parcel END "
    "FROM {0}codes JOIN {0}shipments AS s ON s.number = shipment",
    "needs": "SELECT gtin, several, n.urgency, s.id "
    "FROM {0}needs AS n JOIN {0}shipments AS s ON s.number = shipment",
}
"""What has other columns in version 1, as they are there."""
KEPT = f"bench.db.before-v{t.VERSION}"


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A file of version 1 with orders, unsent entries, a job, a label and a session."""
    made = tmp_path / "made.db"
    with closing(Store(made)) as store:
        _work(store)
    old = tmp_path / "bench.db"
    with closing(sqlite.connect(str(old), isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=WAL")
        file.executescript(VERSION_1)
        file.execute("ATTACH ? AS made", (str(made),))
        for table in t.tables.sorted_tables:
            columns = [row[1] for row in file.execute(f"PRAGMA main.table_info({table.name})")]
            if columns:
                names = ", ".join(columns)
                there = f"SELECT {names} FROM made.{table.name}"
                there = OTHERWISE.get(table.name, there).format("made.")
                file.execute(f"INSERT INTO main.{table.name} ({names}) {there}")
        file.execute("UPDATE meta SET value = '1' WHERE key = 'schema'")
    return old


def _work(store: Store) -> None:
    keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
    keep.enrol(Enrolled(bench="b1", incarnation=1, epoch=1, server_time=NOON))
    orders = [an_order(f"202-000000{n}-0000001", lines=(a_line(quantity=3),)) for n in range(1, 7)]
    orders = [apply(order, up_to_close(order)[0]) for order in orders]
    keep.take(
        Page(
            after="0.0",
            next="1.6",
            head="1.6",
            changes=tuple(
                Change(seq=n, shipment=order.shipments[0].id, order=order, through=0)
                for n, order in enumerate(orders, 1)
            ),
            server_time=NOON,
        )
    )
    with store.turn() as turn:
        journal.write_entries(
            turn,
            [
                Entry(id=f"{order.id}-{n}", order=order.id, at=NOON, bench="b1", fact=fact)
                for order in orders[:5]  # the last one has not been begun
                for n, fact in enumerate(up_to_close(order)[1:6])
            ],
        )
        journal.write_scan(turn, NOON, "x", "hand", saved(Session(bench="b1", quantity=7)))
        turn.sql.execute(
            t.jobs.insert().values(
                id="job",
                seq=1,
                printer="zebra",
                kind="label",
                order_id=orders[0].id,
                parcel_id="p",
                sha256=hashlib.sha256(LABEL).hexdigest(),
                state="sent",
            )
        )
        sha256 = hashlib.sha256(LABEL).hexdigest()
        turn.sql.execute(t.blobs.insert().values(sha256=sha256, data=LABEL))


def everything(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    """What is in the columns of version 1."""
    found = {}
    with closing(sqlite.connect(":memory:")) as pattern, closing(sqlite.connect(str(path))) as file:
        pattern.executescript(VERSION_1)
        for (name,) in pattern.execute("SELECT name FROM sqlite_master WHERE type = 'table'"):
            columns = [row[1] for row in pattern.execute(f"PRAGMA table_info({name})")]
            there = f"SELECT {', '.join(columns)} FROM {name}"
            if name in OTHERWISE and "shipment_id" not in shape(path)[name]:
                there = OTHERWISE[name].format("")
            found[name] = file.execute(f"{there} ORDER BY 1, 2").fetchall()
    found["meta"] = [row for row in found["meta"] if row[0] != "schema"]
    return found


def shape(path: Path) -> dict[str, dict[str, tuple[Any, ...]]]:
    """Every table's columns: type, whether it may be NULL, default, place in the key."""
    with closing(sqlite.connect(str(path))) as file:
        names = file.execute("SELECT name FROM sqlite_master WHERE type IN ('table', 'index')")
        return {
            name: {row[1]: row[2:] for row in file.execute(f"PRAGMA table_info({name})")}
            for (name,) in names.fetchall()
        }


@contextmanager
def breaking(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it a migration ends in an error, after it has changed the tables."""

    def breaks(op: Operations) -> None:
        migrations.v3.upgrade(op)
        op.get_bind().execute(text("INSERT INTO nowhere VALUES (1)"))

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "STEPS", {**migrations.STEPS, t.VERSION: breaks})
        yield


def test_unsent_entries_of_an_older_file_go_up_byte_for_byte(old: Path) -> None:
    before = everything(old)
    with closing(Store(old)) as store:
        assert everything(old) == before
        batch = StoreKeep(store, lambda: Heartbeat(bench="b1")).batch(500)
        assert batch is not None
        assert len(batch.entries) == len(before["entries"]) == 25
        link = batch.previous
        for numbered in batch.entries:
            link = chain.link(link, numbered.seq, numbered.entry)
            assert numbered.hash == link
            assert (numbered.boot, numbered.boottime) == ("", 0.0)
        with store.turn() as turn:
            session = journal.last_session(turn)
        assert session is not None
        assert session.quantity == 7


def test_an_older_files_replica_has_the_digest_of_the_hub(old: Path) -> None:
    with closing(Store(old)) as store, store.turn() as turn:
        rows = turn.sql.execute(
            text(
                "SELECT shipments.id, share, version FROM shipments "
                "JOIN orders ON orders.id = order_id"
            )
        ).all()
    assert len(rows) == 6
    assert all(row.share == digest.share(row.id, row.version) for row in rows)


def test_what_leaves_an_older_file_is_found_no_more(old: Path) -> None:
    before = everything(old)
    with closing(Store(old)) as store:
        gone = [id for id, *_ in before["shipments"]]
        keep = StoreKeep(store, lambda: Heartbeat(bench="b1"))
        changes = tuple(
            Change(seq=n, shipment=id, order=None, through=0) for n, id in enumerate(gone, 7)
        )
        keep.take(Page(after="1.6", next="1.12", head="1.12", changes=changes, server_time=NOON))
        with store.turn() as turn:
            left = [turn.sql.execute(select(table)).all() for table in (t.codes, t.needs)]
    assert before["codes"]
    assert before["needs"]
    assert left == [[], []]


def test_an_older_file_becomes_what_a_new_one_is(old: Path, tmp_path: Path) -> None:
    Store(old).close()
    Store(tmp_path / "new.db").close()
    assert shape(old) == shape(tmp_path / "new.db")


def test_a_copy_of_the_older_file_is_kept(old: Path) -> None:
    before = everything(old)
    Store(old).close()
    assert everything(old.with_name(KEPT)) == before


def test_a_file_is_brought_up_once(old: Path) -> None:
    Store(old).close()
    copy = old.with_name(KEPT)
    copy.unlink()
    Store(old).close()
    assert not copy.exists()


def test_an_upgrade_that_fails_leaves_the_file_as_it_was(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, tables = everything(old), shape(old)
    with breaking(monkeypatch), pytest.raises(StoreError, match="it is as it was"):
        Store(old)
    assert (everything(old), shape(old)) == (before, tables)
    Store(old).close()
    assert everything(old) == before


def test_no_room_for_the_copy_leaves_the_file_as_it_was(old: Path) -> None:
    before = everything(old)
    old.with_name(f"{KEPT}.making").mkdir()
    with pytest.raises(StoreError, match="it is as it was"):
        Store(old)
    assert everything(old) == before


def test_a_file_of_a_newer_version_is_refused_and_not_touched(tmp_path: Path) -> None:
    with closing(Store(tmp_path / "bench.db")) as store, store.turn() as turn:
        turn.set("schema", str(t.VERSION + 1))
    with closing(open_file(tmp_path / "bench.db", synchronous="FULL").raw_connection()) as file:
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    before = (tmp_path / "bench.db").read_bytes()
    with pytest.raises(Newer, match="newer"):
        Store(tmp_path / "bench.db")
    assert (tmp_path / "bench.db").read_bytes() == before
