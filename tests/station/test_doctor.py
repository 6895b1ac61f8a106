import argparse
import json
import os
import pty
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from drivers.simulate.label_printer import VirtualPrinter
from station import config, doctor
from station.config import DATABASE
from station.doctor import Finding
from station.store.store import Store


@pytest.fixture
def hub() -> Iterator[str]:
    class Healthy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Healthy)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def found(home: Path) -> dict[str, Finding]:
    return {one.name: one for one in doctor.look(home, home / config.FILE)}


def test_a_fresh_machine_is_told_to_join_a_hub(tmp_path: Path) -> None:
    findings = found(tmp_path)
    assert findings["fonts"].ok
    assert findings["settings"].ok
    assert not findings["database"].ok
    assert not findings["hub"].ok
    assert "packbench enrol" in findings["database"].do


def test_a_bench_that_is_well_has_nothing_to_do(tmp_path: Path, hub: str) -> None:
    Store(tmp_path / DATABASE).close()
    with VirtualPrinter() as printer:
        (tmp_path / config.FILE).write_text(
            f'hub = "{hub}"\n[printers.labels]\nurl = "{printer.url}"\n', "utf-8"
        )
        findings = found(tmp_path)
    assert all(one.ok and not one.do for one in findings.values()), findings
    assert "ZD421" in findings["labels"].found
    assert findings["clock"].found == "as the hub's"


def test_a_printer_that_is_off_is_named(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_text('[printers.labels]\nurl = "tcp://127.0.0.1:1"\n', "utf-8")
    labels = found(tmp_path)["labels"]
    assert not labels.ok
    assert "Switch it on" in labels.do


def test_each_device_has_its_lamp_its_last_words_and_one_sentence(tmp_path: Path) -> None:
    with VirtualPrinter(media=0) as printer:
        (tmp_path / config.FILE).write_text(
            f'language = "zh"\n[printers.labels]\nurl = "{printer.url}"\n', "utf-8"
        )
        labels = found(tmp_path)["labels"]
    assert (labels.ok, labels.lamp) == (False, "bad")
    assert "ZD421" in labels.last
    assert labels.do == "请装一卷纸，合上盖子。"


def test_a_port_that_another_program_holds_names_it(tmp_path: Path) -> None:
    port = tmp_path / "tty"
    ours, theirs = pty.openpty()
    port.symlink_to(os.ttyname(theirs))
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import serial, sys; s = serial.Serial(sys.argv[1], exclusive=True);"
            "print('held', flush=True); sys.stdin.read()",
            str(port),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        (tmp_path / config.FILE).write_text(f'[scanners.hand]\nurl = "serial://{port}"\n', "utf-8")
        hand = found(tmp_path)["hand"]
        holder.kill()
    os.close(ours)
    os.close(theirs)
    assert not hand.ok
    assert "python" in hand.found
    assert "Close python" in hand.do


@pytest.mark.parametrize(("apart", "ok"), [(59, True), (-59, True), (61, False), (-61, False)])
def test_clocks_that_are_a_minute_apart_are_said(apart: int, ok: bool) -> None:
    assert doctor.clock(1000.0, 1000.0 + apart).ok is ok


def test_a_broken_file_is_said_and_the_rest_looked_at(tmp_path: Path) -> None:
    (tmp_path / config.FILE).write_text("hub = ", "utf-8")
    findings = found(tmp_path)
    assert not findings["settings"].ok
    assert "fonts" in findings


def test_a_damaged_database_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / DATABASE).write_bytes(b"not a database at all" * 500)
    assert not found(tmp_path)["database"].ok
    assert (tmp_path / DATABASE).read_bytes().startswith(b"not a database")


def test_json_has_nothing_else_on_standard_output(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(config.HOME, str(tmp_path))
    assert doctor.run(argparse.Namespace(json=True, config=None)) == 1
    names = [one["name"] for one in json.loads(capsys.readouterr().out)]
    assert names == ["terminal", "fonts", "settings", "database", "hub", "devices"]
