"""A copy is put back: what is refused, what is kept, and what benches then tell."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.engine import make_url

from sync.hub import backup, benches, place, restore, setup, vault
from sync.hub.engine import open_store
from sync.hub.process import LEFT
from sync.hub.schema import bench as bench_table
from sync.hub.schema import channel, parcel, process
from sync.hub.setup import Unfit
from sync.protocol.messages import Heartbeat
from tests.builders import an_order
from tests.sync.hub.test_backup import at_home, count, hub, hub_at, said, url
from tests.sync.hub.test_entries import Hub

__all__ = ["at_home", "hub", "url"]


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.glob("hub.db.before-*") if path.suffix != ".lock"]


# -- back


def test_a_restored_copy_is_the_books_again_and_the_old_ones_are_kept(
    hub: Hub, url: str, at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub.add(an_order("in-the-copy"))
    assert said(capsys, "backup", str(tmp_path / "copy"))[0] == 0
    hub.add(an_order("after-it"))
    hub.store.close()
    status, words = said(capsys, "restore", str(tmp_path / "copy"), "--yes")
    assert status == 0, words
    assert "in epoch 2" in words
    again = hub_at(url, at_home)
    assert count(again.store)["orders"] == 4
    with again.store.read() as connection:
        assert setup.epoch(connection) == 2
        assert setup.noted(connection, "restored_at") is not None
    again.store.close()
    old = words.rpartition("kept as ")[2].strip()
    where = f"sqlite:///{old}" if "sqlite" in url else make_url(url).set(database=old)
    before = open_store(where)
    assert count(before)["orders"] == 5
    before.close()


def test_the_epoch_never_falls_however_old_the_copy_is(
    hub: Hub, url: str, at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "backup", str(tmp_path / "copy"))
    hub.store.close()
    for epoch in (2, 3):
        status, words = said(capsys, "restore", str(tmp_path / "copy"), "--yes")
        assert (status, f"in epoch {epoch};" in words) == (0, True), words
    status, words = said(capsys, "restore", str(tmp_path / "copy"), "--yes", "--epoch", "9")
    assert "in epoch 9;" in words


def test_two_lives_from_one_copy_give_no_claim_out_twice(
    hub: Hub, at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The disk is lost, a copy put back on a new one, and that is lost too."""
    first, later = (restore._new_epoch(0, now) for now in (1.7e9, 1.7e9 + 3600.0))
    assert 1 < first < later < 2**31
    assert said(capsys, "backup", str(tmp_path / "copy"))[0] == 0
    elsewhere = make_url(f"sqlite:///{tmp_path / 'new.db'}")
    if hub.store.embedded:
        made = restore.restore(elsewhere, str(tmp_path / "copy"), vault.at(at_home / "hub.key"))
        assert made.epoch > first, "nothing tells that this is not the second time"
    hub.store.close()


def test_a_copy_of_an_older_version_is_migrated_where_it_is_put(
    at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sync.hub import migrations  # Alembic, for this alone

    old = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    with old.write() as connection:
        migrations.upgrade(connection, 0, 1)
        connection.execute(text("INSERT INTO meta VALUES ('schema', '1'), ('epoch', '4')"))
    old.close()
    status, words = said(capsys, "restore", str(tmp_path / "old.db"), "--yes", "--epoch", "5")
    assert (status, "in epoch 5" in words) == (0, True), words
    again = open_store(f"sqlite:///{at_home / 'hub.db'}")
    setup.check(again)
    again.close()


def test_a_restore_is_refused_while_somebody_has_the_books(
    hub: Hub, url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said(capsys, "backup", str(tmp_path / "copy"))
    with place.in_use(place.read(url)):
        status, words = said(capsys, "restore", str(tmp_path / "copy"), "--yes")
    assert (status, words.count("\n")) == (1, 1)
    assert "stop the hub" in words
    with hub.store.read() as connection:
        assert setup.epoch(connection) == 1


@pytest.mark.slow
def test_a_restore_is_refused_after_a_hubs_beat(
    server: str, tmp_path: Path, postgresql: str, capsys: pytest.CaptureFixture[str]
) -> None:
    made = hub_at(postgresql, tmp_path)
    url = place.read(postgresql)
    backup.copy(made.store, url, tmp_path / "copy")
    row = {"name": "hub-1", "boot": "x", "beat_at": time.time(), "address": ""}
    with made.store.write() as connection:
        connection.execute(process.insert().values(**row))
    made.store.close()
    with pytest.raises(Unfit, match="lately"):
        restore.restore(url, str(tmp_path / "copy"), None)
    made = hub_at(postgresql, tmp_path)
    with made.store.read() as connection:
        assert setup.epoch(connection) == 1
    made.store.close()


def test_without_yes_nobody_is_asked_in_a_script(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", open(os.devnull))  # noqa: PTH123, SIM115
    status, words = said(capsys, "restore", str(tmp_path / "copy"))
    sys.stdin.close()
    assert (status, "--yes" in words) == (1, True)


def broken(copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 8192] = bytes(8192)
    copy.write_bytes(data)


def cut(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 3])


def not_ours(copy: Path) -> None:
    copy.unlink()
    other = open_store(f"sqlite:///{copy}")
    with other.write() as connection:
        connection.execute(text("CREATE TABLE t (a INTEGER)"))
    other.close()


def newer(copy: Path) -> None:
    there = open_store(f"sqlite:///{copy}")
    with there.write() as connection:
        setup.note(connection, "schema", "99")
    there.close()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (broken, "is damaged"),
        (cut, "is damaged"),
        (lambda copy: copy.write_bytes(b""), "is no copy"),
        (lambda copy: copy.write_bytes(b"PGDMP\1\2"), "of a PostgreSQL hub"),
        (lambda copy: copy.unlink(), "cannot read"),
        (not_ours, "not of a hub"),
        (newer, "upgrade the hub first"),
    ],
    ids=["broken", "cut", "empty", "dump", "gone", "not-ours", "newer"],
)
def test_a_copy_that_is_no_good_changes_nothing(
    spoil: Callable[[Path], object],
    why: str,
    at_home: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hub = hub_at(f"sqlite:///{at_home / 'hub.db'}", at_home)
    hub.add(*(an_order(f"n-{number}") for number in range(60)))
    copy = tmp_path / "copy"
    said(capsys, "backup", str(copy))
    hub.store.close()
    spoil(copy)
    before = sorted(path.name for path in at_home.iterdir())
    status, words = said(capsys, "restore", str(copy), "--yes")
    assert (status, words.count("\n")) == (1, 1)
    assert why in words
    assert sorted(path.name for path in at_home.iterdir() if path.suffix != ".lock") == [
        name for name in before if not name.endswith(".lock")
    ]


def test_a_copy_whose_key_is_not_here_is_refused(
    at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = hub_at(f"sqlite:///{at_home / 'hub.db'}", at_home)
    hub.add(an_order())
    said(capsys, "backup", str(tmp_path / "copy"))
    hub.store.close()
    (at_home / "hub.key").rename(tmp_path / "key")
    assert "hub.key does not open" in said(capsys, "restore", str(tmp_path / "copy"), "--yes")[1]
    vault.at(at_home / "hub.key")
    assert "hub.key does not open" in said(capsys, "restore", str(tmp_path / "copy"), "--yes")[1]
    assert kept(at_home) == []


def test_books_that_cannot_be_read_any_more_are_kept_too(
    at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hub = hub_at(f"sqlite:///{at_home / 'hub.db'}", at_home)
    hub.add(an_order())
    said(capsys, "backup", str(tmp_path / "copy"))
    hub.store.close()
    (at_home / "hub.db").write_bytes(b"what a falling disk left" * 999)
    assert said(capsys, "restore", str(tmp_path / "copy"), "--yes")[0] == 0
    (old,) = kept(at_home)
    assert old.read_bytes().startswith(b"what a falling disk left")
    again = hub_at(f"sqlite:///{at_home / 'hub.db'}", at_home)
    assert count(again.store)["orders"] == 1
    again.store.close()


# -- restore mode


def test_after_a_restore_nothing_is_given_out_until_each_bench_has_told_what_it_knows(
    hub: Hub,
) -> None:
    one, two = hub.bench("b1"), hub.bench("b2")
    now = time.time()
    with hub.store.write() as connection:
        setup.restored(connection, 2, now)
    for bench, beat, still in (
        (one, Heartbeat(bench="b1", pending=3), True),
        (one, Heartbeat(bench="b1", pending=0, last_seq=1), True),
        (one, Heartbeat(bench="b1"), True),
        (two, Heartbeat(bench="b2"), False),
    ):
        with hub.store.write() as connection:
            benches.beat(connection, bench.name, beat, now + 5)
            assert setup.restoring(connection, now + 5) is still
        hub.allot()
        bench.catch_up()
        assert bool(bench.orders) is not still


def test_a_bench_that_is_switched_off_is_waited_for_ten_minutes(hub: Hub) -> None:
    hub.bench()
    now = time.time()
    with hub.store.write() as connection:
        setup.restored(connection, 2, now)
        assert setup.restoring(connection, now + 599)
        assert not setup.restoring(connection, now + 600)
        connection.execute(update(bench_table).values(public_key=""))
        assert not setup.restoring(connection, now + 1)  # nobody is waited for


def test_after_a_restore_what_is_due_is_looked_up_and_channels_are_read_again(hub: Hub) -> None:
    now = time.time()
    hub.bench()
    hub.allot()
    row = {
        "market": "amazon",
        "base_url": "",
        "token_url": "",
        "credentials": b"",
        "confirm_at": "closed",
        "rate_scale": 1.0,
        "time_scale": 1.0,
        "error": "",
        "added_at": 0.0,
    }
    with hub.store.write() as connection:
        for name, until in (("new", now - 60), ("old", now - 30 * 86400), ("never", None)):
            connection.execute(channel.insert().values(name=name, pulled_until=until, **row))
        fresh = select(parcel.c.due_at).where(parcel.c.label_work)
        assert set(connection.execute(fresh).scalars()) == {0.0}
        setup.restored(connection, 2, now)
        assert set(connection.execute(fresh).scalars()) == {LEFT}
        found = connection.execute(select(channel.c.name, channel.c.pulled_until))
        assert {name: until for name, until in found} == {
            "new": pytest.approx(now - 7 * 86400),
            "old": pytest.approx(now - 30 * 86400),
            "never": None,
        }
