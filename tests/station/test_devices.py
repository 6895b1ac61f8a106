import queue
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers.scales import Frozen, NotEmptied, NoWeight, Settled, Why, settle
from drivers.scanners import Answer, Batch, Flaw, Garbled, Scan
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


def test_a_scanner_at_the_wrong_speed_is_said_to_be_set_wrong(tmp_path: Path) -> None:
    scanner = VirtualScanner(tmp_path / "scanner")
    scanner.strike("wrong-baud")
    with listening(a_scanner(tmp_path / "scanner")) as heard:
        heard.wait_lamp("hand", "ok", "")
        for _ in range(devices.SET_WRONG):
            scanner.scan("4006381333931")
            assert isinstance(heard.next(), Garbled)
        heard.wait_lamp("hand", "warn", "check its set-up")
        scanner.clear()
        scanner.scan("4006381333931")
        assert heard.scan() == "4006381333931"
        heard.wait_lamp("hand", "ok", "")
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
        texts: list[str] = []
        while len(texts) < len(codes):
            said = heard.next()
            assert isinstance(said, Scan | Batch)
            texts += [said.text] if isinstance(said, Scan) else [s.text for s in said.scans]
        assert texts == codes
    scanner.close()


def test_what_a_scanner_kept_out_of_range_is_one_batch_and_then_it_scans_again(
    tmp_path: Path,
) -> None:
    scanner = VirtualScanner(tmp_path / "scanner")
    url = f"serial://{tmp_path / 'scanner'}"
    with listening({"hand": Scanner(url=url, memory=True)}) as heard:
        heard.wait_lamp("hand", "ok", "")
        scanner.strike("out-of-range")
        codes = [f"OLD-{n}" for n in range(12)]
        for code in codes:
            scanner.scan(code)
        scanner.clear()
        texts: list[str] = []
        while len(texts) < len(codes):
            said = heard.next()
            assert isinstance(said, Batch), "none of them is a scan of now"
            texts += [scan.text for scan in said.scans]
        assert texts == codes
        scanner.scan("4006381333931")
        assert heard.scan() == "4006381333931"
    scanner.close()


def test_old_scans_behind_a_replugged_cable_are_a_batch_and_not_scans_of_now() -> None:
    with listening({"hand": Scanner(url="loopback://replugged-batch")}) as heard:
        heard.wait_lamp("hand", "ok", "")
        cable = device("replugged-batch")
        cable.unplug()
        heard.wait_lamp("hand", "off", "unplugged")
        cable.plug()
        heard.wait_lamp("hand", "ok", "")
        cable.feed(b"OLD-1\rOLD-2\rOLD-3\r")
        said = heard.next()
        assert isinstance(said, Batch)
        assert [scan.text for scan in said.scans] == ["OLD-1", "OLD-2", "OLD-3"]


def test_a_scanner_that_another_program_holds_says_so(tmp_path: Path) -> None:
    scanner = VirtualScanner(tmp_path / "scanner")
    with listening(a_scanner(tmp_path / "scanner")) as first:
        first.wait_lamp("hand", "ok", "")
        with listening(a_scanner(tmp_path / "scanner")) as second:
            second.wait_lamp("hand", "bad", "occupied")
    scanner.close()


@pytest.mark.parametrize(
    ("model", "beeps"),
    [
        ("datalogic", b"BF"),
        ("honeywell", b"\x1b7,\x1b8,\x1b4,"),
        ("zebra", b"\x07\x07\x07\x07"),
        ("none", b""),
    ],
)
def test_a_scanner_beeps_as_the_bench_judges(model: str, beeps: bytes) -> None:
    name = f"beeps-{model}"
    heard = Heard()
    scanners = {"hand": Scanner(url=f"loopback://{name}", feedback=model)}
    at_the_bench = Devices(scanners, {}, heard.post, heard.lamp)
    at_the_bench.start()
    heard.wait_lamp("hand", "ok", "")
    for answer in (Answer.GOOD, Answer.BAD, Answer.IGNORED):
        at_the_bench.answer("hand", answer)
        at_the_bench.answer("wedge", answer)
    device(name).feed(b"4006381333931\r")
    assert heard.scan() == "4006381333931"
    assert device(name).wait_written(lambda written: written == beeps, SECONDS) == beeps
    at_the_bench.stop()


def test_a_grabbed_keyboard_is_a_scanner_like_any(tmp_path: Path) -> None:
    # KEY_4, KEY_2, KEY_ENTER, as the kernel tells of them.
    keys = (5, 3, 28)
    event = struct.Struct("llHHi")
    wire = b"".join(event.pack(0, 0, 1, key, value) for key in keys for value in (1, 0))
    with listening({"table": Scanner(url="loopback://table", framing="keys-us")}) as heard:
        heard.wait_lamp("table", "ok", "")
        device("table").feed(wire)
        assert heard.scan() == "42"


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


def test_a_scale_that_speaks_unasked_is_silent_when_it_stops() -> None:
    with listening(scales={"pan": Scale(url="loopback://hid", protocol="hid")}) as heard:
        heard.wait_lamp("pan", "bad", "silent")
        device("hid").feed(bytes((3, 2, 2, 0, 0, 0)))
        heard.wait_lamp("pan", "ok", "")
    assert device("hid").written == b""


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"S +\r\n", Why.TOO_HEAVY),
        (b"S S     12 PCS\r\n", Why.WRONG_UNIT),
        (b"S S Error 1b\r\n", Why.OUT_OF_ORDER),
    ],
)
def test_a_scale_that_cannot_weigh_is_told_once_and_not_for_a_hand_on_the_pan(
    answer: bytes, why: Why
) -> None:
    name = f"helpless-{why.name}"
    with listening(scales={"pan": Scale(url=f"loopback://{name}")}) as heard:
        heard.wait_lamp("pan", "busy", "")
        zero = b"S S      0.000 kg\r\n"
        device(name).feed(answer * 4 + zero + answer * 4 + b"S I\r\n" * 9 + answer * 4 + zero)
        heard.wait_lamp("pan", "ok", "")
        assert heard.said.empty()
        device(name).feed(answer * 9)
        assert heard.next() == NoWeight(why)
        heard.wait_lamp("pan", "bad", why.value)
        device(name).feed(b"S S      0.000 kg\r\n" + b"S S      0.850 kg\r\n" * 3)
        assert heard.next() == Settled(850)


def test_a_scale_that_hangs_says_so_and_goes_on_saying_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settle, "FROZEN_SECONDS", 0.5)
    scale = VirtualScale(tmp_path / "scale", settle_seconds=0.01)
    with listening(scales={"pan": Scale(url=f"serial://{tmp_path / 'scale'}")}) as heard:
        heard.wait_lamp("pan", "ok", "")
        scale.put(850)
        assert heard.next() == Settled(850)
        scale.strike("frozen")
        scale.lift()
        assert heard.next() == Frozen(850)
        heard.wait_lamp("pan", "warn", "frozen")
        scale.clear()
        assert heard.lamps.get(timeout=SECONDS) == ("pan", "ok", "")
        scale.put(1200)
        assert heard.next() == Settled(1200)
    scale.close()


def test_a_bench_with_a_keyboard_wedge_alone_listens_to_nothing() -> None:
    with listening() as heard:
        pass
    assert heard.lamps.empty()
