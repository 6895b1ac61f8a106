"""A queue of CUPS, with commands in the place of its own that keep what they are given."""

import os
import stat
import sys
import time
from pathlib import Path

import pytest

from drivers.transports import Cut, Transport, Unreachable, open_transport

PATIENCE = 30.0
LP = """#!{python}
import sys, pathlib
here = pathlib.Path({folder!r})
queue = sys.argv[sys.argv.index("-d") + 1]
if (here / "broken").exists():
    sys.exit("lp: Unable to connect to server")
jobs = len(list(here.glob("job-*")))
(here / f"job-{{jobs}}").write_bytes(sys.stdin.buffer.read())
(here / f"argv-{{jobs}}").write_text(" ".join(sys.argv[1:]))
"""
LPSTAT = """#!{python}
import sys
queue = sys.argv[sys.argv.index("-a") + 1]
if queue == "labels":
    print("labels accepting requests since Mon Nov 30 08:00:00 2026")
elif queue == "closed":
    print("closed not accepting requests since Mon Nov 30 08:00:00 2026 -\\n\\tRejecting Jobs")
else:
    sys.exit(f"lpstat: Invalid destination name in list \\"{{queue}}\\".")
"""


@pytest.fixture
def cups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `lp` and `lpstat`, first in the path; jobs are kept in it."""
    for name, text in (("lp", LP), ("lpstat", LPSTAT)):
        command = tmp_path / name
        command.write_text(text.format(python=sys.executable, folder=str(tmp_path)))
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return tmp_path


def connected(url: str) -> Transport:
    wire = open_transport(url)
    wire.connect(PATIENCE)
    return wire


def soon() -> float:
    return time.monotonic() + PATIENCE


def test_a_label_is_one_raw_job_byte_for_byte(cups: Path) -> None:
    wire = connected("cups://labels")
    label = b"^XA" + bytes(range(256)) * 400 + b"^XZ"
    wire.write(label, soon())
    wire.close()
    assert (cups / "job-0").read_bytes() == label
    assert (cups / "argv-0").read_text() == "-d labels -o raw -s -"


def test_nothing_ever_comes_back_so_nothing_is_proven(cups: Path) -> None:
    wire = connected("cups://labels")
    assert wire.read_until(time.monotonic() + 0.01) == b""


@pytest.mark.parametrize(
    ("queue", "words"), [("nowhere", "Invalid destination"), ("closed", "takes no jobs")]
)
def test_a_queue_that_takes_nothing_got_nothing(cups: Path, queue: str, words: str) -> None:
    wire = open_transport(f"cups://{queue}")
    with pytest.raises(Unreachable, match=words):
        wire.connect(PATIENCE)
    with pytest.raises(Cut) as cut:
        wire.write(b"label", soon())
    assert cut.value.sent == 0


def test_a_job_that_failed_on_its_way_may_come_out_all_the_same(cups: Path) -> None:
    wire = connected("cups://labels")
    (cups / "broken").touch()
    with pytest.raises(Cut, match="Unable to connect") as cut:
        wire.write(b"label", soon())
    assert cut.value.sent == 5


def test_a_computer_without_cups_says_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unreachable, match="cups-client"):
        open_transport("cups://labels").connect(PATIENCE)
