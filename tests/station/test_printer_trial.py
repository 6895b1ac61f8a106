"""What `packbench device test` learns of a printer, and keeps for the bench."""

from pathlib import Path

import msgspec
import pytest

from drivers.simulate import tspl, zpl
from drivers.simulate.label_printer import VirtualPrinter
from station import config, device_cli
from station.cli import main
from station.device_cli import Found


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(config.HOME, str(tmp_path))
    return tmp_path


def settings(home: Path, printer: VirtualPrinter, more: str = "") -> None:
    (home / config.FILE).write_text(f'[printers.labels]\nurl = "{printer.url}"\n{more}', "utf-8")


def told(capsys: pytest.CaptureFixture[str]) -> Found:
    [found] = msgspec.json.decode(capsys.readouterr().out, type=list[Found])
    return found


def test_a_test_label_finds_out_whether_the_printer_says_that_a_label_is_out(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with VirtualPrinter(ms_per_label=1) as printer:
        settings(home, printer)
        assert main(["device", "test", "labels", "--json"]) == 0
        assert "says when a label is out" in told(capsys).said
        known = device_cli.known_of("labels")
        assert known is not None
        assert (known.acknowledges, known.serial, known.graphics) == (True, "PACKBENCH1", "z64")
        assert main(["device", "test", "labels", "--square", "PACKBENCH-B", "--json"]) == 0
        assert told(capsys).said == "draws acs"
        known = device_cli.known_of("labels")
        assert known is not None
        assert (known.acknowledges, known.graphics) == (True, "acs")
        assert len(printer.printed) == 1


def test_a_test_label_on_another_printer_makes_it_the_printer(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("station.printer_trial.COMES_OUT_SECONDS", 0.2)
    for serial in ("ONE", "OTHER"):
        with VirtualPrinter(zpl.personality(serial_number=serial), ms_per_label=1) as printer:
            printer.fault("no-acknowledge")
            settings(home, printer)
            assert main(["device", "test", "labels", "--json"]) == 0
            assert "was sent one" in told(capsys).said
            known = device_cli.known_of("labels")
            assert known is not None
            assert (known.serial, known.acknowledges) == (serial, False)


def test_a_square_before_any_test_label_is_refused(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with VirtualPrinter(ms_per_label=1) as printer:
        settings(home, printer)
        assert main(["device", "test", "labels", "--square", "PACKBENCH-A", "--json"]) == 1
    assert "no test label" in told(capsys).said


def test_a_tspl_printer_gets_a_sample_and_no_question_of_another_language(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with VirtualPrinter(tspl.personality(), ms_per_label=1) as printer:
        settings(home, printer, 'language = "tspl"\n')
        assert main(["device", "test", "labels", "--json"]) == 0
        printer.wait_printed(1)
        assert printer.printed[0].data.startswith(b"SIZE")
        capsys.readouterr()
        assert main(["device", "identify", "labels", "--json"]) == 0
        assert "says how it is" in told(capsys).said
        printer.fault("mute")
        assert main(["device", "identify", "labels", "--json"]) == 0
        assert "says nothing" in told(capsys).said
