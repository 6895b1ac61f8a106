"""Device files that are not here, tried at their byte boundary: pipes and pseudo-terminals."""

import contextlib
import errno
import fcntl
import os
import struct
import threading
import time
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import pytest

from drivers.scanners import READERS, Garbled, Scan
from drivers.transports import Cut, Occupied, Stalled, Unreachable, open_transport, usb
from drivers.transports.evdev import Evdev
from drivers.transports.usb import PAPER_EMPTY, Usb, needs

PATIENCE = 30.0


def soon() -> float:
    return time.monotonic() + PATIENCE


def now() -> float:
    return time.monotonic() + 0.05


def refuse(number: int) -> Callable[[int], NoReturn]:
    def ioctl(fd: int) -> NoReturn:
        raise OSError(number, os.strerror(number))

    return ioctl


class Node:
    """A device file: our end of a pseudo-terminal in raw mode, which takes 4 kB and waits."""

    def __init__(self) -> None:
        self.far, near = os.openpty()
        tty.setraw(near)
        self.path = os.ttyname(near)
        self._near = near

    def read(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            data += os.read(self.far, length - len(data))
        return data

    def unplug(self) -> None:
        for end in (self.far, self._near):
            os.close(end)


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node()
    yield node
    with contextlib.suppress(OSError):
        node.unplug()


def a_printer(node: Node, status: Callable[[int], int] = lambda fd: 0x18) -> Usb:
    wire = Usb(urlsplit(f"usb://{node.path}"), status)
    wire.connect(PATIENCE)
    return wire


def test_a_label_reaches_a_usb_printer_and_its_answer_comes_back(node: Node) -> None:
    wire = a_printer(node)
    label = bytes(range(256)) * 100
    taken: list[bytes] = []
    printer = threading.Thread(target=lambda: taken.append(node.read(len(label))))
    printer.start()
    wire.write(label, soon())
    printer.join()
    assert taken == [label]
    assert wire.read_until(now()) == b""
    os.write(node.far, b"\x02030,0,0\x03")
    assert wire.read_until(soon()) == b"\x02030,0,0\x03"
    wire.close()


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0x18 | PAPER_EMPTY, "out of paper"),
        (0x10, "open, jammed"),
        (0x08, "paused or offline"),
        (0x18, "takes no more"),
    ],
)
def test_a_usb_printer_that_takes_no_more_says_why(node: Node, status: int, words: str) -> None:
    wire = a_printer(node, lambda fd: status)
    with pytest.raises(Stalled, match=words) as stalled:
        wire.write(b"x" * 100_000, now())
    assert 0 < stalled.value.sent < 100_000
    node.read(stalled.value.sent)
    wire.close()


def test_a_usb_printer_gets_its_last_piece_before_the_file_is_closed(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Closing throws away what the kernel holds: with a printer that takes nothing, we wait.
    monkeypatch.setattr(usb, "_DRAIN_SECONDS", 0.2)
    wire = a_printer(node)
    with pytest.raises(Stalled):
        wire.write(b"x" * 100_000, now())
    began = time.monotonic()
    wire.close()
    assert time.monotonic() - began >= 0.2


def test_a_usb_printer_without_a_status_only_takes_no_more(node: Node) -> None:
    wire = a_printer(node, refuse(errno.EPIPE))
    with pytest.raises(Stalled, match="takes no more"):
        wire.write(b"x" * 100_000, now())
    node.read(4096)
    wire.close()


def test_the_status_of_a_usb_printer_is_read_as_the_class_defines_it() -> None:
    assert [needs(status) for status in (0x18, 0x38, 0x30)] == ["", *["out of paper"] * 2]
    assert struct.unpack("i", struct.pack("i", 0x38)) == (0x38,)


def test_a_usb_printer_that_cups_holds_is_occupied_and_says_by_whom(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    # TIOCEXCL makes a terminal what usblp is: one program at a time.
    holder = os.open(node.path, os.O_RDWR | os.O_NOCTTY)
    fcntl.ioctl(holder, 0x540C)
    if os.geteuid() == 0:  # root is let through TIOCEXCL, and through nothing else here
        monkeypatch.setattr(os, "open", lambda *_: refuse(errno.EBUSY)(0))
    with pytest.raises(Occupied, match=r"CUPS"):
        open_transport(f"usb://{node.path}").connect(PATIENCE)
    os.close(holder)


def test_a_usb_printer_whose_node_vanished_says_that_cups_may_have_taken_it(tmp_path: Path) -> None:
    with pytest.raises(Unreachable, match=r"not there.*CUPS"):
        open_transport(f"usb://{tmp_path}/lp0").connect(PATIENCE)


def test_a_usb_printer_that_is_unplugged_cuts_the_wire(node: Node) -> None:
    wire = a_printer(node)
    node.unplug()
    with pytest.raises(Cut):
        wire.read_until(soon())
    with pytest.raises(Cut):
        wire.write(b"x", soon())
    wire.close()


def test_a_printer_that_comes_back_as_lp1_is_found_by_a_name_of_its_own(tmp_path: Path) -> None:
    lp0, lp1, name = Node(), Node(), tmp_path / "labels"
    name.symlink_to(lp0.path)
    wire = open_transport(f"usb://{name}")
    wire.connect(PATIENCE)
    wire.write(b"half a la", soon())
    lp0.unplug()
    with pytest.raises(Cut):
        wire.read_until(soon())
    wire.close()
    name.unlink()
    name.symlink_to(lp1.path)
    wire.connect(PATIENCE)
    wire.write(b"~HS", soon())
    assert lp1.read(3) == b"~HS"
    wire.close()
    lp1.unplug()


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A pipe in the place of an input device, and its writing end."""
    path = tmp_path / "event-kbd"
    os.mkfifo(path)
    end = os.open(path, os.O_RDWR)
    yield path, end
    os.close(end)


def events(*strokes: tuple[int, int]) -> bytes:
    """As the kernel writes them: time, EV_KEY, code, value; then the report's end."""
    return b"".join(
        struct.pack("llHHi", 0, 0, 1, code, value) + struct.pack("llHHi", 0, 0, 0, 0, 0)
        for code, value in strokes
    )


# Left shift and "a", then "1", then Enter: recorded from linux/input-event-codes.h by hand.
A1 = events((42, 1), (30, 1), (30, 0), (42, 0), (2, 1), (2, 0), (28, 1), (28, 0))


def test_a_grabbed_keyboard_scanner_is_heard_and_what_it_typed_before_is_forgotten(
    pipe: tuple[Path, int],
) -> None:
    path, keyboard = pipe
    taken: list[int] = []
    os.write(keyboard, events((3, 1), (3, 0)))
    wire = Evdev(urlsplit(f"evdev://{path}"), taken.append)
    wire.connect(PATIENCE)
    assert len(taken) == 1
    os.write(keyboard, A1)
    said: list[Scan | Garbled] = []
    reader = READERS["keys-us"]()
    while not said:
        said = reader.receive(wire.read_until(soon()), at=1.0)
    assert said == [Scan("A1", None, 1.0)]
    assert wire.read_until(now()) == b""
    with pytest.raises(Cut, match="takes no bytes"):
        wire.write(b"\x07", soon())
    wire.close()
    with pytest.raises(Cut):
        wire.read_until(soon())


def test_a_keyboard_that_another_program_grabbed_is_occupied(pipe: tuple[Path, int]) -> None:
    wire = Evdev(urlsplit(f"evdev://{pipe[0]}"), refuse(errno.EBUSY))
    with pytest.raises(Occupied):
        wire.connect(PATIENCE)


def test_a_file_that_is_no_keyboard_is_never_taken_for_one(pipe: tuple[Path, int]) -> None:
    with pytest.raises(Unreachable, match="device of that kind"):
        open_transport(f"evdev://{pipe[0]}").connect(PATIENCE)


def test_a_keyboard_that_this_user_may_not_read_says_what_to_allow(
    pipe: tuple[Path, int],
) -> None:
    wire = Evdev(urlsplit(f"evdev://{pipe[0]}"), refuse(errno.EACCES))
    with pytest.raises(Unreachable, match="group"):
        wire.connect(PATIENCE)


def test_a_scale_that_is_no_serial_port_sends_its_reports(node: Node) -> None:
    wire = open_transport(f"hidraw://{node.path}")
    wire.connect(PATIENCE)
    os.write(node.far, bytes((3, 4, 2, 0, 0x52, 0x03)))
    assert wire.read_until(soon()) == bytes((3, 4, 2, 0, 0x52, 0x03))
    wire.write(b"\x02\x01", soon())
    assert node.read(2) == b"\x02\x01"
    node.unplug()
    with pytest.raises(Cut):
        wire.read_until(soon())
    wire.close()
