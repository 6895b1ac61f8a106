import queue
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.scales import NotEmptied, Settled
from drivers.scanners import Flaw, Garbled, Scan
from drivers.simulate.scale import VirtualScale
from drivers.simulate.scanner import Habits, VirtualScanner
from drivers.transports.loopback import device
from station import devices
from station.config import Scale, Scanner
from station.devices import Devices, Said

SECONDS = 30.0
Lamp = tuple[str, str, str]


class Heard:
    """What the bench was told, from whatever thread."""

    def __init__(self) -> None:
        self.said: queue.Queue[tuple[str, Said]] = queue.Queue()
        self.lamps: queue.Queue[Lamp] = queue.Queue()

    def post(self, name: str, said: Said) -> None:
        self.said.put((name, said))

    def lamp(self, name: str, state: str, word: str) -> None:
        self.lamps.put((name, state, word))

    def next(self) -> Said:
        return self.said.get(timeout=SECONDS)[1]

    def scan(self) -> str:
        said = self.next()
        assert isinstance(said, Scan)
        return said.text

    def wait_lamp(self, *lamp: str) -> None:
        while self.lamps.get(timeout=SECONDS) != lamp:
            pass


@contextmanager
def listening(
    scanners: dict[str, Scanner] | None = None, scales: dict[str, Scale] | None = None
) -> Iterator[Heard]:
    heard = Heard()
    at_the_bench = Devices(scanners or {}, scales or {}, heard.post, heard.lamp)
    at_the_bench.start()
    try:
        yield heard
    finally:
        at_the_bench.stop()


def a_scanner(link: Path) -> dict[str, Scanner]:
    return {"hand": Scanner(url=f"serial://{link}?baud=115200")}


def test_a_scan_comes_with_its_symbology_its_scanner_and_its_time(tmp_path: Path) -> None:
    scanner = VirtualScanner(tmp_path / "scanner", Habits(aim=True))
    with listening(a_scanner(tmp_path / "scanner")) as heard:
        heard.wait_lamp("hand", "ok", "")
        scanner.scan("4006381333931")
        name, said = heard.said.get(timeout=SECONDS)
    assert name == "hand"
    assert isinstance(said, Scan)
    assert (said.text, said.aim) == ("4006381333931", "]E0")
    scanner.close()


def test_half_a_code_is_garbled_and_never_glued_to_the_next(tmp_path: Path) -> None:
    scanner = VirtualScanner(tmp_path / "scanner", Habits(ending="none"))
    other = Habits()
    with listening(a_scanner(tmp_path / "scanner")) as heard:
        heard.wait_lamp("hand", "ok", "")
        scanner.scan("40063813")
        said = heard.next()
        assert isinstance(said, Garbled)
        assert said.flaw is Flaw.UNFINISHED
        scanner._habits = other
        scanner.scan("4006381333931")
        assert heard.scan() == "4006381333931"
    scanner.close()


def test_an_unplugged_scanner_turns_its_lamp_off_and_is_heard_again(tmp_path: Path) -> None:
    scanner = VirtualScanner(tmp_path / "scanner")
    with listening(a_scanner(tmp_path / "scanner")) as heard:
        heard.wait_lamp("hand", "ok", "")
        scanner.unplug()
        heard.wait_lamp("hand", "off", "unplugged")
        scanner.plug()
        heard.wait_lamp("hand", "ok", "")
        scanner.scan("4006381333931")
        assert heard.scan() == "4006381333931"
    scanner.close()


def test_a_burst_of_scans_is_heard_whole_and_in_order(tmp_path: Path) -> None:
    scanner = VirtualScanner(tmp_path / "scanner")
    with listening(a_scanner(tmp_path / "scanner")) as heard:
        heard.wait_lamp("hand", "ok", "")
        codes = [f"CODE{n:04}" for n in range(200)]
        for code in codes:
            scanner.scan(code)
        assert [heard.scan() for _ in codes] == codes
    scanner.close()


def test_a_scanner_that_another_program_holds_says_so(tmp_path: Path) -> None:
    scanner = VirtualScanner(tmp_path / "scanner")
    with listening(a_scanner(tmp_path / "scanner")) as first:
        first.wait_lamp("hand", "ok", "")
        with listening(a_scanner(tmp_path / "scanner")) as second:
            second.wait_lamp("hand", "bad", "occupied")
    scanner.close()


def test_an_address_that_means_nothing_leaves_the_other_devices_alone() -> None:
    scanners = {"wrong": Scanner(url="loopback://"), "hand": Scanner(url="loopback://right")}
    with listening(scanners) as heard:
        heard.wait_lamp("wrong", "bad", "address")
        heard.wait_lamp("hand", "ok", "")
        device("right").feed(b"4006381333931\r")
        assert heard.scan() == "4006381333931"


def test_a_mistake_of_ours_loses_one_scan_and_not_the_scanner(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard = Heard()

    def post(name: str, said: Said) -> None:
        if isinstance(said, Scan) and said.text == "bad":
            raise ZeroDivisionError
        heard.post(name, said)

    at_the_bench = Devices({"hand": Scanner(url="loopback://mistaken-post")}, {}, post, heard.lamp)
    at_the_bench.start()
    heard.wait_lamp("hand", "ok", "")
    device("mistaken-post").feed(b"bad\r")
    heard.wait_lamp("hand", "bad", "mistake")
    device("mistaken-post").feed(b"good\r")
    assert heard.scan() == "good"
    heard.wait_lamp("hand", "ok", "")
    at_the_bench.stop()
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_ends_is_started_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "RESTART_SECONDS", 0.01)
    heard, falls = Heard(), [True]

    def lamp(name: str, state: str, word: str) -> None:
        heard.lamp(name, state, word)
        if falls and state == "ok":
            falls.pop()
            raise ZeroDivisionError

    at_the_bench = Devices({"hand": Scanner(url="loopback://ended")}, {}, heard.post, lamp)
    at_the_bench.start()
    heard.wait_lamp("hand", "bad", "mistake")
    heard.wait_lamp("hand", "ok", "")
    device("ended").feed(b"good\r")
    assert heard.scan() == "good"
    at_the_bench.stop()


@pytest.mark.parametrize("protocol", ["mt-sics", "toledo-8217", "nci"])
def test_a_parcel_is_weighed_once_by_every_scale(tmp_path: Path, protocol: str) -> None:
    scale = VirtualScale(tmp_path / "scale", protocol, settle_seconds=0.2)
    url = f"serial://{tmp_path / 'scale'}?baud=115200"
    with listening(scales={"pan": Scale(url=url, protocol=protocol)}) as heard:
        heard.wait_lamp("pan", "ok", "")
        scale.put(850)
        assert heard.next() == Settled(850)
        scale.put(1200)
        assert heard.next() == NotEmptied(1200)
    assert heard.said.empty()
    scale.close()


def test_a_scale_that_does_not_answer_is_silent_and_then_well_again() -> None:
    with listening(scales={"pan": Scale(url="loopback://pan")}) as heard:
        heard.wait_lamp("pan", "busy", "")
        heard.wait_lamp("pan", "bad", "silent")
        device("pan").feed(b"S S      0.000 kg\r\n")
        heard.wait_lamp("pan", "ok", "")
        device("pan").feed(b"S +\r\n")
        heard.wait_lamp("pan", "bad", "too heavy")


def test_a_bench_with_a_keyboard_wedge_alone_listens_to_nothing() -> None:
    with listening() as heard:
        pass
    assert heard.lamps.empty()
