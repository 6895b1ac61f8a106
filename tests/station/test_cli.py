import json
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.label_printers import readback
from station import bench_cli, cli
from station.commands import COMMANDS, payloads

HEAVY = ("textual", "sqlalchemy", "zpl", "PIL", "httpx", "serial", "layouts", "station.demo.hands")


def packbench(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "station.cli", *words], capture_output=True, text=True, check=False
    )


def loaded_by(*words: str) -> set[str]:
    """The modules that are loaded once the command has run."""
    program = (
        "import sys, contextlib\n"
        "from station import cli\n"
        "with contextlib.suppress(SystemExit): cli.main(sys.argv[1:])\n"
        "print(file=sys.stderr)\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *words], capture_output=True, text=True, check=True
    )
    return set(done.stderr.splitlines()[-1].split())


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"], ["scan", "4006381333931"]])
def test_a_command_loads_no_library_that_it_does_not_need(words: list[str]) -> None:
    assert loaded_by(*words).isdisjoint(HEAVY)


def test_help_names_every_command() -> None:
    said = packbench("--help").stdout
    assert all(name in said for name in cli.COMMANDS)


@pytest.mark.parametrize("words", [[], ["pack"], ["--frobnicate"], ["scan"]])
def test_wrong_usage_is_2(words: list[str]) -> None:
    done = packbench(*words)
    assert (done.returncode, done.stdout) == (2, "")
    assert "usage: packbench" in done.stderr


@pytest.mark.parametrize("name", ["board", "night"])
def test_what_comes_later_says_so_in_one_sentence(name: str) -> None:
    done = packbench(name)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.count("\n") == 1
    assert "is not built yet" in done.stderr


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("4006381333931", {"kind": "gtin", "value": "04006381333931"}),
        ("PKCMDUNDO", {"kind": "command", "value": "UNDO"}),
        ("RR123456785GB", {"kind": "tracking", "value": "RR123456785GB"}),
        ("", {"kind": "garbled", "value": ""}),
        (
            r"]C10104006381333931\x1d10AB",
            {"kind": "gtin", "value": "04006381333931", "lot": "AB"},
        ),
    ],
)
def test_a_scan_is_explained_as_json(text: str, meant: dict[str, str]) -> None:
    done = packbench("scan", "--json", text)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == meant


def test_a_simulated_device_takes_its_own_arguments() -> None:
    done = packbench("device", "simulate", "scale", "--help")
    assert done.returncode == 0
    assert "--protocol" in done.stdout


def test_the_command_sheet_bears_every_command_as_a_barcode(tmp_path: Path) -> None:
    file = tmp_path / "cards.pdf"
    assert packbench("cards", "-o", str(file)).returncode == 0
    said = {code.text for code in readback.codes_in(file.read_bytes(), 8)}
    assert said == {text for command in COMMANDS for text in payloads(command)}


def test_a_bench_that_runs_already_is_not_started_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACKBENCH_HOME", str(tmp_path))
    running = bench_cli.take_alone(tmp_path)
    assert running is not None
    with running:
        second = packbench("bench")
    assert second.returncode == 1
    assert "runs already" in second.stderr
    assert "runs already" not in packbench("bench").stderr, "the first one has ended"
