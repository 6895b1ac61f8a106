"""Databases of older versions: brought up to date in place, on both engines, and at work after."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, Table, func, insert, select, text, update

from sync.hub import feed, migrations, setup, vault
from sync.hub.book import Book
from sync.hub.engine import Store, open_store
from sync.hub.migrations.versions import v1
from sync.hub.schema import SCHEMA, entry, meta, metadata
from sync.hub.schema import bench as bench_table
from sync.hub.schema import feed as feed_table
from sync.hub.setup import Unfit
from sync.orders import State, facts
from sync.protocol import cursor, digest
from sync.protocol.messages import Page, Verdict
from tests.builders import an_order
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import Bench

SLOW = pytest.mark.slow


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=SLOW)])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give the URL of an empty database, of either engine."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'migrated.db'}"
    found: str = request.getfixturevalue("postgresql")
    return found


@pytest.fixture
def store(url: str) -> Iterator[Store]:
    made = open_store(url)
    yield made
    made.close()


def differences(connection: Connection) -> list[Any]:
    """Say in what the tables are not those of `schema`."""

    def ours(thing: object, name: str | None, kind: str, *_: object) -> bool:
        # Durable work keeps tables of its own in this database.
        return kind != "table" or name in metadata.tables

    def other_default(*said: object) -> bool | None:
        here, wanted = (str(one or "").strip("()'") for one in (said[3], said[5]))
        if connection.dialect.name == "postgresql":
            return None  # Alembic asks the server
        return here != wanted

    options = {"compare_server_default": other_default, "include_object": ours}
    context = MigrationContext.configure(connection, opts=options)
    found: list[Any] = compare_metadata(context, metadata)
    return found


def test_a_database_that_was_migrated_from_the_first_version_has_the_tables_of_a_new_one(
    store: Store,
) -> None:
    with store.write() as connection:
        migrations.upgrade(connection, 0, SCHEMA)
    with store.read() as connection:
        assert differences(connection) == []


def test_a_new_database_has_the_tables_of_the_schema(store: Store) -> None:
    assert setup.make(store) is False
    with store.read() as connection:
        assert differences(connection) == []
        assert setup.noted(connection, "schema") == str(SCHEMA)
    setup.check(store)


def test_there_is_a_revision_for_each_version_of_the_schema() -> None:
    names = {path.stem for path in (migrations.FOLDER / "versions").glob("v*.py")}
    assert names == {f"v{number}" for number in range(1, SCHEMA + 1)}


def older(store: Store, first: Store) -> None:
    """Make a database of version 1 that holds what a newer one holds."""
    with store.write() as connection:
        migrations.upgrade(connection, 0, 1)
        connection.execute(text("DROP TABLE alembic_version"))  # version 1 knew no Alembic
        with first.read() as there:
            for table in v1.tables.sorted_tables:
                _copy(there, connection, table)
        connection.execute(update(meta).where(meta.c.name == "schema").values(value="1"))


def _copy(there: Connection, here: Connection, table: Table) -> None:
    now = metadata.tables[table.name]
    rows = [
        row._asdict() for row in there.execute(select(*(c for c in now.c if c.name in table.c)))
    ]
    if table.name == "bench":
        rows = [{**row, "token_hash": "t"} for row in rows]
    if rows:
        here.execute(insert(table), rows)
    if here.dialect.name == "postgresql" and table.name == "trouble":
        here.execute(text("SELECT setval('trouble_id_seq', (SELECT max(id) + 1 FROM trouble))"))


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[tuple[Hub, list[Bench]]]:
    """Give a hub with two benches at work: packed, taken back, cancelled, not begun."""
    hub = Hub(tmp_path)
    for number in range(6):
        hub.add(an_order(f"n-{number}"))
    at = [hub.bench("b1"), hub.bench("b2")]
    hub.allot()
    for bench in at:
        bench.catch_up()
    one, two = (next(iter(bench.orders.values())) for bench in at)
    assert at[0].say(one, facts.PackStarted(shipment=one.shipments[0].id)) == [Verdict.OK]
    hub.record(two.id, facts.AllocationWithdrawn(shipment=two.shipments[0].id))
    # An entry of whom nobody knows: a trouble stands in the book, too.
    lost = an_order("never-came")
    at[1].say(lost, facts.PackStarted(shipment=lost.shipments[0].id))
    yield hub, at
    hub.store.close()


def shares(store: Store, name: str) -> dict[str, int]:
    with store.read() as connection:
        rows = connection.execute(
            select(feed_table.c.row, feed_table.c.share).where(
                feed_table.c.bench == name, feed_table.c.share != 0
            )
        )
        return {row.row: row.share for row in rows}


def versions(store: Store, book: Book, name: str) -> dict[str, int]:
    """Give what a bench reads from 0: shipments, and the versions of their orders."""
    with store.read() as connection:
        page = feed.page(connection, book, name, cursor.START, 500, time.time())
    assert isinstance(page, Page)
    return {one.shipment: one.order.version for one in page.changes if one.order is not None}


def test_a_database_of_version_1_works_on_after_it_is_migrated(
    tmp_path: Path, floor: tuple[Hub, list[Bench]], store: Store
) -> None:
    hub, at = floor
    older(store, hub.store)
    with pytest.raises(Unfit, match="packbench-hub migrate"):
        setup.check(store)
    assert setup.make(store) is True
    setup.check(store)
    with store.read() as connection:
        assert differences(connection) == []
        count = select(func.count()).select_from(entry)
        with hub.store.read() as before:
            was = before.execute(count).scalar_one()
        assert connection.execute(count).scalar_one() == was
    book = Book(vault.at(tmp_path / "hub.key"))
    _digests_are_right(store, book)
    with store.write() as connection:  # they had tokens, and join anew, once
        connection.execute(update(bench_table).values(public_key="0" * 64))
    _work_goes_on(hub, at, store, book)
    _digests_are_right(store, book)


def _digests_are_right(store: Store, book: Book) -> None:
    for name in ("b1", "b2"):
        known = {id: digest.share(id, at) for id, at in versions(store, book, name).items()}
        assert shares(store, name) == known
        assert known
        with store.read() as connection:
            total = select(bench_table.c.digest).where(bench_table.c.name == name)
            assert connection.execute(total).scalar_one() == digest.moved(0, (), known.values())


def _work_goes_on(hub: Hub, at: list[Bench], store: Store, book: Book) -> None:
    hub.store.close()
    hub.store, hub.book = store, book
    for bench in at:
        bench.store, bench.book = store, book
        bench.catch_up()
    begun = next(o for o in at[0].orders.values() if o.state is State.PACKING)
    parcel = facts.ParcelPlanned(parcel=f"{begun.shipments[0].id}/1")
    assert at[0].say(begun, parcel) == [Verdict.OK]
    hub.add(an_order("n-new"))
    hub.allot()
    for bench in at:
        bench.catch_up()
    assert "amazon-uk:n-new#1" in {*at[0].orders, *at[1].orders}
    lost = an_order("never-came-either")
    at[1].say(lost, facts.PackStarted(shipment=lost.shipments[0].id))


def test_a_migration_that_fails_leaves_the_database_as_it_was(
    floor: tuple[Hub, list[Bench]], store: Store
) -> None:
    hub, _ = floor
    older(store, hub.store)
    with store.write() as connection:
        connection.execute(text("CREATE TABLE process (name INTEGER)"))
    with pytest.raises(Exception, match="already exists"):
        setup.make(store)
    with store.read() as connection:
        assert setup.noted(connection, "schema") == "1"
        columns = connection.execute(text("SELECT * FROM counter")).keys()
    assert list(columns) == ["name", "value"]


def test_a_newer_database_is_refused(store: Store) -> None:
    setup.make(store)
    with store.write() as connection:
        setup.note(connection, "schema", str(SCHEMA + 1))
    for look in (setup.check, setup.make):
        with pytest.raises(Unfit, match="upgrade the hub first"):
            look(store)


def test_nothing_loads_the_migrations_that_does_not_migrate() -> None:
    words = (
        "import sys, sync.hub.cli.serve, sync.hub.cli.database\n"
        "from sync.hub import setup\n"
        "from sync.hub.engine import open_store\n"
        "store = open_store('sqlite://'); setup.make(store); store.close()\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'alembic']"
    )
    subprocess.run([sys.executable, "-c", words], check=True)
