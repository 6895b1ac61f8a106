import contextlib
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.simulate import scale, scanner
from drivers.simulate.cli import main
from drivers.simulate.fault import NAMES
from drivers.transports import open_transport

PATIENCE = 30.0
Answer = dict[str, Any]  # JSON


@contextlib.contextmanager
def simulated(*argv: str) -> Iterator[subprocess.Popen[str]]:
    """Run a virtual device as the command does; it must end well when told to."""
    with subprocess.Popen(
        [sys.executable, "-m", "drivers.simulate.cli", *argv],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
            process.send_signal(signal.SIGTERM)
            _, complaints = process.communicate(timeout=PATIENCE)
            assert (process.returncode, complaints) == (0, "")
        finally:
            process.kill()


def said(process: subprocess.Popen[str]) -> Answer:
    assert process.stdout is not None
    answer: Answer = json.loads(process.stdout.readline())
    return answer


def tell(process: subprocess.Popen[str], words: str) -> Answer:
    assert process.stdin is not None
    process.stdin.write(words + "\n")
    process.stdin.flush()
    return said(process)


def test_a_label_printer_is_ready_prints_records_and_takes_words(tmp_path: Path) -> None:
    argv = ["--listen", "tcp://127.0.0.1:0", "--language", "zpl", "--record", str(tmp_path)]
    with simulated("label-printer", *argv, "--media", "1", "--ms-per-label", "1") as process:
        ready = said(process)
        wire = open_transport(ready["url"])
        wire.connect(5)
        wire.write(b"^XA^FDone^FS^XZ^XA^FDtwo^FS^XZ", time.monotonic() + PATIENCE)
        wire.close()
        while not (state := tell(process, "state"))["paper_out"]:
            assert state["ok"]
        assert (state["printed"], state["queued"]) == (1, 1)
        assert tell(process, "media 5")["paper_out"] is False
        while tell(process, "state")["printed"] < 2:
            pass
        assert tell(process, "fault drop-after=half")["armed"] == ["drop-after=half"]
        assert tell(process, "dance")["ok"] is False
    assert len((tmp_path / "printed.jsonl").read_text().splitlines()) == 2


def test_a_scanner_and_a_scale_are_moved_through_a_control_address(tmp_path: Path) -> None:
    link, control = tmp_path / "scanner", f"unix://{tmp_path}/control"
    with simulated("scanner", "--link", str(link), "--control", control) as process:
        assert said(process)["url"] == f"serial://{link}"
        wire = open_transport(f"serial://{link}")
        wire.connect(5)
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as words:
            words.connect(f"{tmp_path}/control")
            words.sendall(b"4006381333931\n")
            with words.makefile() as answers:
                assert json.loads(answers.readline())["fired"] == 1
        got = b""
        while not got.endswith(b"\r"):
            got += wire.read_until(time.monotonic() + PATIENCE)
        assert got == b"4006381333931\r"
        wire.close()
    assert not link.is_symlink()
    with simulated("scale", "--link", str(link), "--protocol", "nci") as process:
        assert said(process)["protocol"] == "nci"
        assert tell(process, "put 850")["ok"]


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["label-printer", "--listen", "udp://x:1"], "tcp://HOST:PORT"),
        (["label-printer", "--listen", "tcp://127.0.0.1:0", "--fault", "explode"], "drop-after"),
        (
            ["label-printer", "--language", "tspl", "--fault", "silent-when-error"],
            "ZPL",
        ),
        (["scanner", "--link", "/proc/none/x"], "cannot be simulated"),
        (["scanner", "--link", "{here}/x", "--fault", "explode"], "unplug-mid-code"),
        (["scale", "--link", "{here}/x", "--fault", "explode"], "byte-by-byte"),
    ],
)
def test_what_cannot_be_simulated_is_refused_with_a_sentence(
    argv: list[str], sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([word.format(here=tmp_path) for word in argv]) == 1
    assert sentence in capsys.readouterr().err


def test_a_wrong_option_is_a_matter_of_usage() -> None:
    with pytest.raises(SystemExit) as end:
        main(["scale", "--link", "x", "--protocol", "smoke-signals"])
    assert end.value.code == 2


def test_help_names_every_fault(capsys: pytest.CaptureFixture[str]) -> None:
    for device, names in (
        ("label-printer", NAMES),
        ("scanner", scanner.FAULTS),
        ("scale", scale.FAULTS),
    ):
        with pytest.raises(SystemExit):
            main([device, "--help"])
        # argparse breaks lines within the names.
        shown = "".join(capsys.readouterr().out.split())
        assert all(name in shown for name in names)
