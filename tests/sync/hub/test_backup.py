"""Copies of the books: made while they are written, and streamed away."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from sync.hub import backup, metrics, place, setup, stream, tools
from sync.hub.cli import main
from sync.hub.engine import Store, open_store
from sync.hub.schema import bench as bench_table
from sync.hub.schema import entry, orders, trouble
from sync.hub.setup import Unfit
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
    folder = tmp_path / "copies"  # made, because of the slash
    assert said(capsys, "backup", f"{folder}/")[0] == 0
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
