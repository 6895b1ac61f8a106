"""The whole demo, as somebody runs it: processes, wires, ends counted."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PACKBENCH = (sys.executable, "-m", "station.cli")
PROMISED = {
    "orders",
    "cancelled",
    "held",
    "restarts",
    "parcels",
    "labels_printed",
    "labels_duplicate",
    "labels_missing",
    "confirmed",
    "unconfirmed",
    "scans",
    "scan_to_screen_ms",
    "last_piece_to_first_byte_ms",
    "seconds",
}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


def demo(*words: str) -> tuple[dict[str, Any], str]:
    done = subprocess.run(
        [*PACKBENCH, "demo", "--headless", *words], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    return json.loads(done.stdout), done.stderr


def holds(report: dict[str, Any]) -> None:
    assert set(report) == PROMISED
    told = report["confirmed"] + report["unconfirmed"] + report["cancelled"] + report["held"]
    assert told == report["orders"]
    assert (report["unconfirmed"], report["labels_duplicate"], report["labels_missing"]) == (0,) * 3
    assert report["labels_printed"] >= report["confirmed"] > 0
    assert report["scans"] > report["parcels"]
    assert report["scan_to_screen_ms"]["p99"] >= report["scan_to_screen_ms"]["p50"] > 0


def test_the_totals_hold_when_two_robots_pack_and_are_killed() -> None:
    report, _ = demo("--orders", "12", "--benches", "2", "--seed", "6", "--kill", "2")
    holds(report)
    assert report["restarts"] == 2


def test_what_cannot_be_done_in_time_is_said_with_its_ends_counted(tmp_path: Path) -> None:
    done = subprocess.run(
        [*PACKBENCH, "demo", "--headless", "--orders", "3", "--deadline", "0.1"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert json.loads(done.stdout)["unconfirmed"] > 0
    assert "It was not done after 0 s." in done.stderr


def test_a_stopped_demo_leaves_no_process_behind(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*PACKBENCH, "demo", "--headless", "--orders", "12", "--keep", str(tmp_path)],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr is not None
        # The bar is painted once the benches are open.
        while line := running.stderr.readline():
            if "orders:" in line:
                break
        running.send_signal(signal.SIGTERM)
        assert running.wait(120) == 130
    assert _processes_of(tmp_path) == []


def _processes_of(folder: Path) -> list[str]:
    """Command lines and homes of the processes that work in that folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                said = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            except OSError:
                continue
            if re.search(re.escape(str(folder)).encode(), said):
                found.append(entry.name)
    return found
