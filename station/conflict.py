"""Which program keeps a device from us? Looked up in what the kernel tells of open files.

A device file has one reader. Who else wants it is nearly always one of a few services, and each has
its own way out; the sentences are in `station.wording.devices`. What belongs to other users is not
seen unless we are root: then nobody is named, and nobody is accused.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROC, USB = Path("/proc"), Path("/sys/bus/usb/devices")
_PRINTER_CLASS = "07"
"""bInterfaceClass of a printer: USB Device Class Definition for Printing Devices."""
TAKERS = ("cupsd", "ipp-usb")
"""Services that take a USB printer's node away: they unbind the kernel's driver from it."""


def holders(path: str, proc: Path = PROC) -> tuple[str, ...]:
    """Name the other programs that have a device file open."""
    real = os.path.realpath(path)
    names = {
        name
        for process in _processes(proc)
        if process.name != str(os.getpid()) and real in _open_files(process)
        for name in [_name(process)]
        if name
    }
    return tuple(sorted(names))


def takers(proc: Path = PROC) -> tuple[str, ...]:
    """Name the running services that take USB printers for themselves."""
    running = {_name(process) for process in _processes(proc)}
    return tuple(name for name in TAKERS if name in running)


def nodeless_printer(usb: Path = USB) -> bool:
    """Whether a USB printer is plugged in that the kernel's printer driver does not have."""
    for interface in usb.glob("*/bInterfaceClass"):
        try:
            printer = interface.read_text("ascii").strip() == _PRINTER_CLASS
        except (OSError, UnicodeDecodeError):
            continue
        driver = interface.with_name("driver")
        if printer and (not driver.exists() or driver.resolve().name != "usblp"):
            return True
    return False


def _processes(proc: Path) -> Iterator[Path]:
    try:
        yield from (each for each in proc.iterdir() if each.name.isdigit())
    except OSError:
        return


def _open_files(process: Path) -> set[str]:
    found = set()
    try:
        for fd in (process / "fd").iterdir():
            found.add(str(fd.readlink()))
    except OSError:  # it ended meanwhile, or is another user's
        pass
    return found


def _name(process: Path) -> str:
    try:
        return (process / "comm").read_text("utf-8", errors="replace").strip()
    except OSError:
        return ""
