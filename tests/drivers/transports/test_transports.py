import queue
import socket
import threading
import time
from collections.abc import Iterator

import pytest

from drivers.transports import (
    BadAddress,
    Broken,
    Cut,
    Down,
    Ended,
    LinkState,
    Listener,
    Stalled,
    Unreachable,
    Up,
    open_transport,
)
from drivers.transports.loopback import device

PATIENCE = 30.0


def soon() -> float:
    return time.monotonic() + PATIENCE


@pytest.fixture
def port() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening


def url_of(port: socket.socket) -> str:
    host, number = port.getsockname()[:2]
    return f"tcp://{host}:{number}"


@pytest.mark.parametrize(
    "url",
    [
        "usb://",
        "tcp://",
        "tcp://host:port",
        "serial://",
        "serial:///dev/x?baud=fast",
        "serial:///dev/x?parity=mark",
        "serial:///dev/x?speed=9600",
        "loopback://",
        "/dev/ttyACM0",
        "tcp://[",
        "evdev://",
        "hidraw://",
        "cups://",
        "cups:///queue",
        "cups://-oraw",
        "capture:///file",
        "capture:///file?of=nothing://",
        "capture:///file?colour=red&of=loopback://x",
        "replay:///not/there",
        "replay:///dev/null?pace=slow",
    ],
)
def test_an_address_that_says_nothing_is_refused_before_anything_is_opened(url: str) -> None:
    with pytest.raises(BadAddress, match=r".+"):
        open_transport(url)


def test_nothing_was_sent_to_a_printer_that_is_not_there(port: socket.socket) -> None:
    url = url_of(port)
    port.close()
    wire = open_transport(url)
    with pytest.raises(Unreachable, match=url):
        wire.connect(PATIENCE)
    with pytest.raises(Cut) as cut:
        wire.write(b"label", soon())
    assert cut.value.sent == 0


def test_a_port_that_is_not_there_is_unreachable() -> None:
    with pytest.raises(Unreachable):
        open_transport("serial:///dev/serial/by-id/nothing").connect(PATIENCE)


def test_a_question_is_written_and_its_answer_read(port: socket.socket) -> None:
    wire = open_transport(url_of(port))
    wire.connect(PATIENCE)
    printer, _ = port.accept()
    with printer:
        wire.write(b"~HS", soon())
        assert printer.recv(99) == b"~HS"
        assert wire.read_until(time.monotonic() + 0.01) == b""
        printer.sendall(b"answer")
        assert wire.read_until(soon()) == b"answer"
    with pytest.raises(Cut):
        wire.read_until(soon())
    wire.close()


def test_closing_takes_in_what_still_comes_so_that_the_printer_gets_no_reset(
    port: socket.socket,
) -> None:
    wire = open_transport(url_of(port))
    wire.connect(PATIENCE)
    printer, _ = port.accept()
    with printer:
        wire.write(b"label", soon())
        printer.sendall(b"an answer nobody read")
        closing = threading.Thread(target=wire.close)
        closing.start()
        # The end of the stream, not a reset: and the label before it.
        assert printer.makefile("rb").read() == b"label"
    closing.join()


def test_a_printer_that_never_closes_does_not_hold_us(port: socket.socket) -> None:
    wire = open_transport(url_of(port))
    wire.connect(PATIENCE)
    began = time.monotonic()
    wire.close()
    assert time.monotonic() - began < 20


def test_a_printer_that_takes_no_more_is_stalled_and_we_know_how_far_it_came(
    port: socket.socket,
) -> None:
    wire = open_transport(url_of(port))
    wire.connect(PATIENCE)
    printer, _ = port.accept()
    with printer, pytest.raises(Stalled) as stalled:
        wire.write(b"x" * 50_000_000, time.monotonic() + 0.1)
    assert 0 < stalled.value.sent < 50_000_000
    wire.close()


def test_a_broken_wire_says_how_much_was_sent() -> None:
    assert Cut("printer: gone").sent == 0
    assert issubclass(Stalled, Broken)
    assert not issubclass(Unreachable, Broken)


class Ear:
    """Keeps what a listener hears."""

    def __init__(self, name: str, ask: bytes = b"") -> None:
        self.heard: queue.Queue[bytes] = queue.Queue()
        self.quiet: queue.Queue[float] = queue.Queue()
        self.states: queue.Queue[LinkState] = queue.Queue()
        self.listener = Listener(
            open_transport(f"loopback://{name}"),
            lambda data, at: self.heard.put(data),
            self.states.put,
            on_quiet=self.quiet.put,
            ask=ask,
            ask_every=0.01,
        )
        self.listener.start()

    def state(self) -> LinkState:
        return self.states.get(timeout=PATIENCE)


def test_a_listener_tells_of_bytes_then_silence_once_then_its_end() -> None:
    ear = Ear("told")
    assert ear.state() == Up()
    device("told").feed(b"scan")
    assert ear.heard.get(timeout=PATIENCE) == b"scan"
    assert ear.quiet.get(timeout=PATIENCE) <= time.monotonic()
    ear.listener.stop()
    assert ear.state() == Ended()
    assert ear.quiet.empty()


def test_silence_is_told_even_when_the_wire_was_cut_in_between() -> None:
    ear = Ear("cut")
    assert ear.state() == Up()
    device("cut").feed(b"half a co")
    assert ear.heard.get(timeout=PATIENCE)
    device("cut").unplug()
    assert isinstance(ear.state(), Down)
    assert ear.quiet.get(timeout=PATIENCE)
    ear.listener.stop()


def test_a_listener_says_once_that_the_wire_is_down_and_comes_back() -> None:
    device("replugged").unplug()
    ear = Ear("replugged")
    down = ear.state()
    assert isinstance(down, Down)
    assert "unplugged" in str(down.error)
    device("replugged").plug()
    assert ear.state() == Up()
    device("replugged").unplug()
    assert isinstance(ear.state(), Down)
    device("replugged").plug()
    assert ear.state() == Up()
    ear.listener.stop()


def test_a_scale_is_asked_again_and_again_also_after_a_replug() -> None:
    ear = Ear("asked", ask=b"SI\r\n")
    scale = device("asked")
    scale.wait_written(lambda written: written.count(b"SI") >= 3)
    scale.unplug()
    scale.plug()
    so_far = len(scale.written)
    scale.wait_written(lambda written: len(written) > so_far + 4)
    ear.listener.stop()


def test_a_beep_is_sent_when_the_wire_is_up_and_forgotten_when_it_is_not() -> None:
    scanner = device("beeping")
    scanner.unplug()
    ear = Ear("beeping")
    assert isinstance(ear.state(), Down)
    ear.listener.say(b"yesterday")
    scanner.plug()
    assert ear.state() == Up()
    ear.listener.say(b"B")
    assert scanner.wait_written(bool) == b"B"
    ear.listener.stop()


class Deaf:
    """A scanner that sends codes and takes no bytes: its flow control is stuck."""

    url = "loopback://deaf"

    def __init__(self) -> None:
        self._wire = open_transport(self.url)

    def connect(self, timeout: float) -> None:
        self._wire.connect(timeout)

    def write(self, data: bytes, deadline: float) -> None:
        raise Stalled("it takes nothing")

    def read_until(self, deadline: float) -> bytes:
        return self._wire.read_until(deadline)

    def close(self) -> None:
        self._wire.close()


def test_a_scanner_that_takes_no_beep_is_heard_all_the_same() -> None:
    heard: queue.Queue[bytes] = queue.Queue()
    states: queue.Queue[LinkState] = queue.Queue()
    listener = Listener(Deaf(), lambda data, at: heard.put(data), states.put, answered=True)
    listener.start()
    assert states.get(timeout=PATIENCE) == Up()
    for code in (b"one", b"two"):
        device("deaf").feed(code)
        assert heard.get(timeout=PATIENCE) == code
        listener.say(b"B")
    listener.stop()
    assert states.get(timeout=PATIENCE) == Ended()


def test_an_answer_to_a_scan_goes_out_before_the_silence_behind_it_is_over() -> None:
    heard: queue.Queue[float] = queue.Queue()
    quiet: queue.Queue[float] = queue.Queue()
    listener = Listener(
        open_transport("loopback://answered"),
        lambda data, at: heard.put(at),
        lambda state: None,
        on_quiet=quiet.put,
        answered=True,
    )
    listener.start()
    device("answered").feed(b"4006381333931\r")
    heard.get(timeout=PATIENCE)
    listener.say(b"B")
    assert device("answered").wait_written(bool, PATIENCE) == b"B"
    assert quiet.empty()
    listener.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_mistake_in_a_callback_puts_the_lamp_out() -> None:
    states: queue.Queue[LinkState] = queue.Queue()

    def mistake(data: bytes, at: float) -> None:
        raise ZeroDivisionError

    listener = Listener(open_transport("loopback://mistaken"), mistake, states.put)
    listener.start()
    assert states.get(timeout=PATIENCE) == Up()
    device("mistaken").feed(b"x")
    assert states.get(timeout=PATIENCE) == Ended()
    listener.stop()
