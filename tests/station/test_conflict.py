"""Who keeps a device from us is found in the kernel's own books."""

from __future__ import annotations

import os
from pathlib import Path

from station import conflict


def process(proc: Path, pid: int, name: str, *files: str) -> None:
    fds = proc / str(pid) / "fd"
    fds.mkdir(parents=True)
    (proc / str(pid) / "comm").write_text(f"{name}\n")
    for n, file in enumerate(files):
        (fds / str(n)).symlink_to(file)


def interface(usb: Path, name: str, kind: str, driver: str = "") -> None:
    (usb / name).mkdir(parents=True)
    (usb / name / "bInterfaceClass").write_text(f"{kind}\n")
    if driver:
        (usb / driver).mkdir(exist_ok=True)
        (usb / name / "driver").symlink_to(usb / driver)


def test_the_program_that_has_the_file_open_is_named(tmp_path: Path) -> None:
    process(tmp_path, 12, "ModemManager", "/dev/null", "/dev/ttyACM0")
    process(tmp_path, 13, "bash", "/dev/tty1")
    (tmp_path / "self").mkdir()
    assert conflict.holders("/dev/ttyACM0", tmp_path) == ("ModemManager",)
    assert conflict.holders("/dev/ttyACM1", tmp_path) == ()


def test_a_stable_name_is_followed_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "ttyACM0").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyACM0")
    process(tmp_path / "proc", 12, "minicom", str(tmp_path / "ttyACM0"))
    assert conflict.holders(str(tmp_path / "by-id"), tmp_path / "proc") == ("minicom",)


def test_we_ourselves_are_nobody_else(tmp_path: Path) -> None:
    process(tmp_path, os.getpid(), "python", "/dev/ttyACM0")
    assert conflict.holders("/dev/ttyACM0", tmp_path) == ()


def test_a_printer_that_cups_or_ipp_usb_took_is_known(tmp_path: Path) -> None:
    interface(tmp_path, "1-1:1.0", "07", driver="usblp")
    interface(tmp_path, "1-2:1.0", "03")
    assert not conflict.nodeless_printer(tmp_path)
    interface(tmp_path, "1-3:1.0", "07", driver="usbfs")
    assert conflict.nodeless_printer(tmp_path)
    process(tmp_path / "proc", 5, "cupsd")
    assert conflict.takers(tmp_path / "proc") == ("cupsd",)


def test_where_nothing_can_be_read_nobody_is_accused(tmp_path: Path) -> None:
    assert conflict.holders("/dev/ttyACM0", tmp_path / "nowhere") == ()
    assert not conflict.nodeless_printer(tmp_path / "nowhere")
    (tmp_path / "17").mkdir()
    assert conflict.holders("/dev/ttyACM0", tmp_path) == ()
