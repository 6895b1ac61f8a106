"""Where a hub's books must not lie, and what is said about it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sync.hub import place
from sync.hub.cli import main
from sync.hub.engine import wal_safe
from sync.hub.place import remote, wrong_with
from sync.hub.setup import Unfit

MOUNTS = r"""sysfs /sys sysfs rw,nosuid,nodev,noexec,relatime 0 0
/dev/sda1 / ext4 rw,relatime,errors=remount-ro 0 0
tmpfs /tmp tmpfs rw 0 0
nas:/volume1/hub /srv/nas nfs4 rw,vers=4.2 0 0
//nas/share /srv/cifs cifs rw,username=u 0 0
u@host:/x /home/u/there fuse.sshfs rw 0 0
share /mnt/vm 9p rw 0 0
drive /mnt/drive fuse.rclone rw 0 0
nas:/two /srv/my\040disk nfs rw 0 0
/dev/sdb1 /srv/nas/local ext4 rw 0 0
/dev/fuse /run/user/0/doc fuse.portal rw 0 0
overlay /srv/lib overlay rw 0 0
nas:/old /srv/over nfs rw 0 0
/dev/sdc1 /srv/over ext4 rw 0 0
short line
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/var/lib/packbench/hub.db", ""),
        ("/srv/nas/hub.db", "nfs4"),
        ("/srv/nas/local/hub.db", ""),
        ("/srv/nasty/hub.db", ""),
        ("/srv/cifs/a/b/hub.db", "cifs"),
        ("/home/u/there/hub.db", "fuse.sshfs"),
        ("/home/u/hub.db", ""),
        ("/mnt/vm/hub.db", "9p"),
        ("/mnt/drive/hub.db", "fuse.rclone"),
        ("/srv/my disk/hub.db", "nfs"),
        ("/run/user/0/doc/hub.db", ""),
        ("/srv/lib/hub.db", ""),
        ("/srv/over/hub.db", ""),
    ],
)
def test_a_network_disk_is_known_by_what_is_mounted(path: str, kind: str) -> None:
    assert remote(MOUNTS, path) == kind


def test_nothing_is_said_where_nothing_is_known() -> None:
    assert remote("", "/srv/hub.db") == ""


def test_books_on_a_network_disk_are_refused(tmp_path: Path) -> None:
    mounts = f"nas:/x {tmp_path} nfs4 rw 0 0\n"
    said = wrong_with(tmp_path / "hub.db", mounts)
    assert "network disk (nfs4)" in said
    assert "PostgreSQL" in said


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PACKBENCH_HOME", str(tmp_path))
    monkeypatch.delenv("PACKBENCH_DATABASE", raising=False)
    return tmp_path


def refused(capsys: pytest.CaptureFixture[str], *said: str) -> str:
    """Run a command that is refused with one sentence; give it."""
    assert main(said) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err
    return err


@pytest.mark.parametrize("command", [("init",), ("serve", "--port", "0")])
def test_a_hub_does_not_start_on_a_network_disk(
    command: tuple[str, ...],
    at_home: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    mounts = at_home / "mounts"
    mounts.write_text(f"nas:/x {at_home.resolve()} nfs4 rw 0 0\n")
    monkeypatch.setattr(place, "MOUNTS", mounts)
    assert "lies on a network disk (nfs4)" in refused(capsys, *command)
    assert not (at_home / "hub.db").exists()


def test_a_new_database_is_its_owners_alone(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = os.umask(0)
    try:
        assert main(["init"]) == 0
    finally:
        os.umask(old)
    for file in at_home.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file


@pytest.mark.parametrize("command", [("init",), ("serve", "--port", "0")])
def test_a_database_that_others_may_read_is_refused(
    command: tuple[str, ...], at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    capsys.readouterr()
    (at_home / "hub.db").chmod(0o644)
    said = refused(capsys, *command)
    assert f"chmod 600 {at_home.resolve() / 'hub.db'}" in said


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Give a folder that everybody may reach."""
    folder = Path(tempfile.mkdtemp(prefix="packbench-"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


@contextmanager
def as_nobody() -> Iterator[None]:
    """Be a user who may do little: root may everything."""
    mine = os.geteuid()
    if mine == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(mine)


def test_a_folder_without_write_permission_is_refused(open_folder: Path) -> None:
    open_folder.chmod(0o555)
    with as_nobody():
        assert "may not write in" in wrong_with(open_folder / "hub.db", "")


def test_a_file_without_write_permission_is_refused(open_folder: Path) -> None:
    file = open_folder / "hub.db"
    file.touch(0o400)
    with as_nobody():
        assert "may not write" in wrong_with(file, "")
        assert "may not write" not in wrong_with(open_folder / "another.db", "")


def test_a_folder_that_is_not_there_is_refused(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = at_home / "gone" / "hub.db"
    assert "there is no folder" in refused(capsys, "init", "--database", f"sqlite:///{gone}")
    assert "is no file" in refused(capsys, "init", "--database", f"sqlite:///{at_home}")


@pytest.mark.parametrize(
    "url",
    ["nonsense", "sqlite://", "sqlite:///:memory:", "mysql://u@h/n", "postgresql://", "://", "x:y"],
)
def test_a_url_that_names_no_database_is_one_sentence(
    url: str, at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "postgresql+psycopg://" in refused(capsys, "serve", "--database", url)


def test_a_postgresql_that_does_not_answer_is_one_sentence_without_the_password(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for command in ("init", "serve"):
        url = "postgresql://ada:secret@127.0.0.1:9/hub"
        said = refused(capsys, command, "--database", url)
        assert "PostgreSQL at 127.0.0.1:9 does not let ada into hub" in said
        assert "secret" not in said


def test_a_file_that_is_no_database_is_one_sentence(
    at_home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = at_home / "hub.db"
    file.write_bytes(b"no database, but long enough to look at it" * 100)
    file.chmod(0o600)
    assert "is no database, or a damaged one" in refused(capsys, "serve")


def test_an_sqlite_that_may_damage_the_file_is_refused(
    at_home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(place, "wal_safe", lambda version: False)
    said = refused(capsys, "init")
    assert "may damage a file" in said
    assert "pip install pysqlite3" in said


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((4, 0, 0), True),
    ],
)
def test_each_sqlite_without_the_bug_is_known(version: tuple[int, ...], safe: bool) -> None:
    assert wal_safe(version) is safe


def test_whoever_needs_the_database_alone_waits_for_nobody_and_disturbs_nobody(
    at_home: Path,
) -> None:
    url = place.read(f"sqlite:///{at_home / 'hub.db'}")
    with place.in_use(url), place.in_use(url), pytest.raises(Unfit, match="stop the hub"):
        place.in_use(url, alone=True).__enter__()
    with place.in_use(url, alone=True), pytest.raises(Unfit, match="is being restored"):
        place.in_use(url).__enter__()
    with place.in_use(url):
        pass
