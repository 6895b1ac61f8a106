"""Copies of the books: made while they are written, put back, and what benches then tell."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.engine import make_url

from sync.hub import backup, benches, metrics, place, restore, setup, stream, tools, vault
from sync.hub.cli import main
from sync.hub.engine import Store, open_store
from sync.hub.schema import bench as bench_table
from sync.hub.schema import channel, entry, orders, parcel, process, trouble
from sync.hub.setup import Unfit
from sync.protocol.messages import Heartbeat
from tests.builders import an_order
from tests.sync.hub.test_entries import Hub
from tests.sync.hub.world import opened

PATIENCE_SECONDS = 60.0


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give a hub's folder."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("PACKBENCH_HOME", str(folder))
    monkeypatch.delenv("PACKBENCH_DATABASE", raising=False)
    return folder


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def url(request: pytest.FixtureRequest, at_home: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Name the hub's database, of either engine."""
    if request.param == "sqlite":
        return f"sqlite:///{at_home / 'hub.db'}"
    found: str = request.getfixturevalue("postgresql")
    monkeypatch.setenv("PACKBENCH_DATABASE", found)
    return found


@pytest.fixture
def hub(url: str, at_home: Path) -> Iterator[Hub]:
    """Give a hub in its folder, with three orders in its book."""
    made = hub_at(url, at_home)
    made.add(*(an_order(f"n-{number}") for number in range(3)))
    yield made
    made.store.close()


def hub_at(url: str, folder: Path) -> Hub:
    made = Hub.__new__(Hub)
    made.store, _, made.book = opened(folder, url)
    return made


def said(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    status = main(words)
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    return status, err


def count(store: Store) -> dict[str, int]:
    with store.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (orders, entry, bench_table)
        }


def kept(folder: Path) -> list[Path]:
    return [path for path in folder.glob("hub.db.before-*") if path.suffix != ".lock"]


# -- copies


def test_a_copy_holds_what_is_in_the_books(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with hub.store.write() as connection:  # it stays open: the hub serves on
        assert setup.epoch(connection) == 1
    status, words = said(capsys, "backup", str(tmp_path / "copy"))
    assert (status, "hub.key" in words) == (0, True)
    copy = tmp_path / "copy"
    assert copy.stat().st_mode & 0o077 == 0
    if not hub.store.embedded:
        assert copy.read_bytes().startswith(b"PGDMP")
        return
    there = open_store(f"sqlite:///{copy}")
    assert count(there) == count(hub.store)
    there.close()


def test_a_copy_in_a_folder_is_named_by_its_moment_and_nothing_else_is_left(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "copies"
    folder.mkdir()
    assert said(capsys, "backup", str(folder))[0] == 0
    (made,) = folder.iterdir()
    assert made.suffix == (".db" if hub.store.embedded else ".dump")
    status, words = said(capsys, "backup", str(made))
    assert (status, "is there already" in words) == (1, True)
    assert list(folder.iterdir()) == [made]


def test_the_age_of_a_copy_is_among_the_figures(hub: Hub, tmp_path: Path) -> None:
    url = place.read(str(hub.store.engine.url.render_as_string(hide_password=False)))
    backup.copy(hub.store, url, tmp_path / "copy")
    with hub.store.read() as connection:
        written = metrics.text(connection, time.time() + 90, {})
    line = next(one for one in written.splitlines() if one.startswith("packbench_copy_seconds{"))
    assert 90 <= float(line.split()[1]) < 150


def test_a_copy_that_cannot_be_written_is_one_sentence(
    hub: Hub, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, words = said(capsys, "backup", str(tmp_path / "gone" / "copy"))
    assert (status, words.count("\n")) == (1, 1)
    assert "cannot write" in words


@pytest.mark.slow
def test_a_copy_made_under_load_is_whole(at_home: Path, tmp_path: Path) -> None:
    """While another process writes: each order comes with its entry, or not at all."""
    hub = hub_at(f"sqlite:///{at_home / 'hub.db'}", at_home)
    words = (
        "import sys, time\nfrom pathlib import Path\n"
        "from tests.builders import an_order\nfrom tests.sync.hub.world import opened\n"
        "from sync.orders import facts, HoldKind\n"
        "store, _, book = opened(Path(sys.argv[1]))\n"
        "for n in range(100000):\n"
        "    with store.write() as c:\n"
        "        o = an_order(f'w-{n}')\n"
        "        held = facts.OrderHeld(shipment=o.shipments[0].id, hold=HoldKind.FRAUD)\n"
        "        book.add(c, o, [held], time.time())\n"
        "    print(n, flush=True)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", words, str(at_home)], stdout=subprocess.PIPE
    ) as writer:
        try:
            assert writer.stdout is not None
            for _ in range(20):
                writer.stdout.readline()
            url = place.read(f"sqlite:///{at_home / 'hub.db'}")
            for number in range(3):
                backup.copy(hub.store, url, tmp_path / f"copy-{number}")
        finally:
            writer.kill()
    hub.store.close()
    for number in range(3):
        there = open_store(f"sqlite:///{tmp_path / f'copy-{number}'}")
        found = count(there)
        assert found["orders"] == found["entry"] >= 20
        there.close()


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


def test_a_copy_of_an_older_version_is_migrated_where_it_is_put(
    at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sync.hub import migrations  # Alembic, for this alone

    old = open_store(f"sqlite:///{tmp_path / 'old.db'}")
    with old.write() as connection:
        migrations.upgrade(connection, 0, 1)
        connection.execute(text("INSERT INTO meta VALUES ('schema', '1'), ('epoch', '4')"))
    old.close()
    status, words = said(capsys, "restore", str(tmp_path / "old.db"), "--yes")
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
        assert set(connection.execute(fresh).scalars()) == {setup.LOOK_UP_FIRST}
        found = connection.execute(select(channel.c.name, channel.c.pulled_until))
        assert {name: until for name, until in found} == {
            "new": pytest.approx(now - 7 * 86400),
            "old": pytest.approx(now - 30 * 86400),
            "never": None,
        }


# -- streams


def test_where_copies_go_is_read_and_shown_without_secrets(tmp_path: Path) -> None:
    assert stream.target(str(tmp_path)) == f"file://{tmp_path.resolve()}"
    assert stream.target("s3://bucket/hub?region=x") == "s3://bucket/hub?region=x"
    assert stream.shown("sftp://u:secret@host/hub?key=secret") == "sftp://host/hub"
    with pytest.raises(Unfit, match="s3://"):
        stream.target("ftp://host/x")


def test_a_stream_that_has_ended_is_a_trouble_until_it_goes_on(hub: Hub) -> None:
    def open_() -> list[str]:
        with hub.store.read() as connection:
            rows = select(trouble.c.sentence).where(trouble.c.resolved_at.is_(None))
            return list(connection.execute(rows).scalars())

    now = time.time()
    assert backup.watch(hub.store, now)
    with hub.store.write() as connection:
        backup.streaming(connection, "s3://bucket/hub", now)
    assert backup.watch(hub.store, now + 59)
    assert open_() == []
    for later in (61, 75):
        assert not backup.watch(hub.store, now + later)
    (sentence,) = open_()
    assert "s3://bucket/hub for 61 s" in sentence
    with hub.store.read() as connection:
        assert 'packbench_copy_seconds{kind="stream"} 75' in metrics.text(connection, now + 75, {})
    backup.streamed(hub.store, now + 80)
    assert backup.watch(hub.store, now + 81)
    assert open_() == []
    assert not backup.watch(hub.store, now + 200)
    with hub.store.write() as connection:
        backup.streaming(connection, None, now)
    assert backup.watch(hub.store, now + 300)
    assert open_() == []


def wait_for(what: Callable[[], bool]) -> None:
    """Look until it is so."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not what():
        assert time.monotonic() < end, "it did not come"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_stream_carries_everything_and_can_be_put_back(
    at_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tools.litestream()
    hub = hub_at(f"sqlite:///{at_home / 'hub.db'}", at_home)
    hub.add(an_order("first"))
    away = tmp_path / "away"
    words = [sys.executable, "-m", "sync.hub", "backup", "--stream", str(away)]

    def carried(since: float) -> bool:
        with hub.store.read() as connection:
            at = setup.noted(connection, "streamed_at")
        return at is not None and float(at) > since

    with subprocess.Popen(words, stderr=subprocess.PIPE) as streaming:
        try:
            wait_for(lambda: carried(0.0) and (away / "ltx").is_dir())
            assert "is being streamed already" in _second(words)
            hub.add(an_order("second"))
            status, refused = said(capsys, "restore", str(away), "--yes")
            assert (status, "is in use" in refused) == (1, True)
        finally:
            streaming.send_signal(signal.SIGTERM)
            assert streaming.wait(PATIENCE_SECONDS) == 1
    hub.store.close()
    status, told = said(capsys, "restore", str(away), "--yes")
    assert status == 0, told
    again = hub_at(f"sqlite:///{at_home / 'hub.db'}", at_home)
    assert count(again.store)["orders"] == 2
    again.store.close()


def _second(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stderr
