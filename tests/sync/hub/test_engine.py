"""The database and the vault: what they keep, and what they refuse."""

from __future__ import annotations

import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import event, insert, select
from sqlalchemy.exc import IntegrityError

from sync.hub import engine, setup, vault
from sync.hub.engine import open_store, upsert
from sync.hub.schema import meta, metadata, packer
from sync.hub.vault import NotOpened, Vault
from tests.sync.hub.world import opened


def test_what_is_sealed_opens_for_its_owner_alone(tmp_path: Path) -> None:
    safe = vault.at(tmp_path / "hub.key")
    sealed = safe.seal("李小龙".encode(), "address uk:1")
    assert "李小龙".encode() not in sealed
    assert vault.at(tmp_path / "hub.key").open(sealed, "address uk:1").decode() == "李小龙"
    other = Vault(bytes(32))
    changed = sealed[:-1] + bytes([sealed[-1] ^ 1])
    for box, owner, keeper in (
        (sealed, "address uk:2", safe),
        (sealed, "address uk:1", other),
        (changed, "address uk:1", safe),
        (b"", "address uk:1", safe),
    ):
        with pytest.raises(NotOpened, match="sealed with"):
            keeper.open(box, owner)


def test_the_same_secret_is_never_sealed_the_same() -> None:
    safe = Vault(bytes(32))
    assert safe.seal(b"x", "o") != safe.seal(b"x", "o")


def test_two_that_start_at_once_share_one_key(tmp_path: Path) -> None:
    made: list[Vault] = []
    threads = [
        threading.Thread(target=lambda: made.append(vault.at(tmp_path / "hub.key")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sealed = made[0].seal(b"x", "o")
    assert all(one.open(sealed, "o") == b"x" for one in made)


def test_a_transaction_that_fails_leaves_nothing(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path)

    def twice() -> None:
        with store.write() as connection:
            for _ in range(2):
                connection.execute(insert(meta).values(name="new", value="1"))

    with pytest.raises(IntegrityError):
        twice()
    with store.read() as connection:
        assert not connection.execute(select(meta).where(meta.c.name == "new")).all()
    store.close()


def test_who_stops_a_command_within_a_statement_reads_that_he_stopped_it(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def write() -> None:
        with store.write() as connection:
            connection.execute(insert(meta).values(name="new", value="1"))
            event.listen(store.engine, "before_cursor_execute", interrupt)
            connection.execute(insert(meta).values(name="newer", value="1"))

    with pytest.raises(KeyboardInterrupt):
        write()
    event.remove(store.engine, "before_cursor_execute", interrupt)
    with store.read() as connection:
        assert not connection.execute(select(meta).where(meta.c.name == "new")).all()
    store.close()


def test_writers_wait_for_each_other_and_readers_for_nobody(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path)
    inside, leave = threading.Event(), threading.Event()
    let_go: list[bool] = []

    def write() -> None:
        with store.write() as connection:
            connection.execute(insert(meta).values(name="new", value="1"))
            inside.set()
            let_go.append(leave.wait(240))

    writer = threading.Thread(target=write)
    writer.start()
    assert inside.wait(60)
    with store.read() as connection:
        assert not connection.execute(select(meta).where(meta.c.name == "new")).all()
    leave.set()
    writer.join()
    assert let_go == [True], "the reader waited until the writer gave up"
    with store.write() as connection:
        assert connection.execute(select(meta).where(meta.c.name == "new")).all()
    store.close()


def test_a_sqlite_that_may_corrupt_a_wal_file_gets_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "newest_sqlite", None)
    monkeypatch.setattr(engine, "WAL_SAFE", (99, 0, 0))
    store = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    setup.make(store)
    with store.read() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "delete"
    store.close()
    assert sqlite3.sqlite_version_info < (99, 0, 0)


def test_what_is_there_is_overwritten_and_what_is_new_is_added(tmp_path: Path) -> None:
    store, _, _ = opened(tmp_path)
    row = {"badge": "P1", "name": "Mia", "role": "packer", "language": ""}
    with store.write() as connection:
        upsert(connection, packer, [row], "badge")
        upsert(connection, packer, [{**row, "name": "Mo"}, {**row, "badge": "P2"}], "badge")
        upsert(connection, packer, [], "badge")
        found = connection.execute(select(packer.c.name).order_by(packer.c.badge)).scalars().all()
    assert found == ["Mo", "Mia"]
    store.close()


@pytest.mark.parametrize("name", metadata.tables)
def test_every_column_says_what_it_holds(name: str) -> None:
    for column in metadata.tables[name].columns:
        assert column.doc, column
