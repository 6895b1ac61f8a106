"""What a person sees of the devices: what is plugged in, and what may be asked."""

import os
import stat
import sys
from pathlib import Path

import pytest

from drivers.simulate import escpos
from drivers.simulate.label_printer import VirtualPrinter
from station import device_cli
from station.config import Config, Printer


def test_what_is_plugged_in_is_listed_by_its_steadiest_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("by-id/usb-Honeywell-if00", "usb/lp0", "input/usb-Netum-event-kbd", "hidraw3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "input/usb-Netum-event-mouse").touch()
    places = (
        ("serial", tmp_path / "by-id", "*"),
        ("usb", tmp_path / "usb", "lp*"),
        ("evdev", tmp_path / "input", "*-event-kbd"),
        ("hidraw", tmp_path, "hidraw*"),
        ("serial", tmp_path / "nowhere", "*"),
    )
    monkeypatch.setattr(device_cli, "PORTS", places)
    assert [port.url for port in device_cli.ports()] == [
        f"serial://{tmp_path}/by-id/usb-Honeywell-if00",
        f"usb://{tmp_path}/usb/lp0",
        f"evdev://{tmp_path}/input/usb-Netum-event-kbd",
        f"hidraw://{tmp_path}/hidraw3",
    ]


def test_a_question_to_a_printer_behind_cups_never_comes_out_on_paper(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, does in (("lpstat", "print('labels accepting requests')"), ("lp", "1 / 0")):
        command = tmp_path / name
        command.write_text(f"#!{sys.executable}\n{does}\n")
        command.chmod(command.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    settings = Config(printers={"labels": Printer(url="cups://labels")})
    [device] = device_cli.listed(settings)
    found = device_cli.identify(settings, device)
    assert found.ok
    assert "CUPS does not say" in found.said


def settings(url: str) -> Config:
    return Config(printers={"slips": Printer(url=url, language="escpos", prints=("paper",))})


def test_a_receipt_printer_says_what_it_needs() -> None:
    with VirtualPrinter(escpos.personality()) as printer:
        (slips,) = device_cli.listed(settings(printer.url))
        assert device_cli.identify(settings(printer.url), slips).ok
        printer.fault("paper-out")
        found = device_cli.identify(settings(printer.url), slips)
    assert (found.ok, found.said) == (False, "It is out of paper.")
    gone = device_cli.identify(settings(printer.url), slips)
    assert gone.ok is False


def test_a_receipt_printer_prints_a_test_receipt() -> None:
    with VirtualPrinter(escpos.personality(), ms_per_label=1) as printer:
        (slips,) = device_cli.listed(settings(printer.url))
        assert device_cli.test(settings(printer.url), slips, None).ok
        (receipt,) = printer.wait_printed(1, 60)
    assert receipt.data.startswith(b"\x1b@")
