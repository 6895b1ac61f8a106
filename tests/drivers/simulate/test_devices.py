"""The virtual scanner and scale, over real pseudo-terminals, to our own readers."""

import itertools
import queue
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import scales
from drivers.scanners import Garbled, Scan, line
from drivers.simulate.scale import PROTOCOLS, Pan, Shown, VirtualScale, answer
from drivers.simulate.scanner import ENDINGS, Habits, VirtualScanner, bytes_of
from drivers.simulate.scanner import FAULTS as SCANNER_FAULTS
from drivers.transports import Down, Ended, LinkState, Listener, Occupied, Up, open_transport

PATIENCE = 30.0
MUG = "4006381333931"


class Bench:
    """Listens to a scanner, as the bench does."""

    def __init__(self, link: Path) -> None:
        self._reader = line.Reader()
        self.said: queue.Queue[Scan | Garbled] = queue.Queue()
        self.states: queue.Queue[LinkState] = queue.Queue()
        self.arrived: queue.Queue[bytes] = queue.Queue()
        self.listener = Listener(
            open_transport(f"serial://{link}?baud=115200"),
            self._receive,
            self.states.put,
            on_quiet=lambda at: self._say(self._reader.idle(at)),
        )
        self.listener.start()

    def _receive(self, data: bytes, at: float) -> None:
        self._say(self._reader.receive(data, at))
        self.arrived.put(data)

    def _say(self, said: list[Scan | Garbled]) -> None:
        for one in said:
            self.said.put(one)

    def hear(self) -> str:
        said = self.said.get(timeout=PATIENCE)
        return said.text if isinstance(said, Scan) else f"{said.flaw.value}: {said.text}"

    def state(self) -> LinkState:
        return self.states.get(timeout=PATIENCE)


@pytest.fixture
def link(tmp_path: Path) -> Path:
    return tmp_path / "usb-Virtual_Scanner-if00"


@pytest.fixture
def scanner(link: Path) -> Iterator[VirtualScanner]:
    scanner = VirtualScanner(link)
    yield scanner
    scanner.close()


@pytest.fixture
def bench(scanner: VirtualScanner, link: Path) -> Iterator[Bench]:
    assert scanner.fired == 0
    bench = Bench(link)
    assert bench.state() == Up()
    yield bench
    bench.listener.stop()


def test_every_code_fired_is_heard_in_order(scanner: VirtualScanner, bench: Bench) -> None:
    codes = [f"{i:013}" for i in range(300)]
    for code in codes:
        scanner.scan(code)
    assert [bench.hear() for _ in codes] == codes


def test_a_replugged_scanner_is_heard_again_soon(scanner: VirtualScanner, bench: Bench) -> None:
    scanner.unplug()
    assert isinstance(bench.state(), Down)
    scanner.plug()
    began = time.monotonic()
    assert bench.state() == Up()
    assert time.monotonic() - began < 15
    scanner.scan(MUG)
    assert bench.hear() == MUG


def test_half_a_code_before_the_cable_came_out_is_never_part_of_a_scan(link: Path) -> None:
    scanner = VirtualScanner(link, Habits(ending="none"))
    bench = Bench(link)
    assert bench.state() == Up()
    scanner.scan("40063")
    arrived = b""
    while arrived != b"40063":
        arrived += bench.arrived.get(timeout=PATIENCE)
    scanner.unplug()
    scanner.plug()
    assert isinstance(bench.state(), Down)
    assert bench.state() == Up()
    scanner.scan(MUG + r"\x0d")
    assert [bench.hear(), bench.hear()] == ["unfinished: 40063", MUG]
    bench.listener.stop()
    assert bench.state() == Ended()
    scanner.close()


def test_two_benches_cannot_share_a_scanner(bench: Bench, link: Path) -> None:
    assert bench
    second = open_transport(f"serial://{link}")
    with pytest.raises(Occupied):
        second.connect(PATIENCE)


def test_a_bench_that_starts_before_its_scanner_waits_for_it(link: Path) -> None:
    bench = Bench(link)
    assert isinstance(bench.state(), Down)
    scanner = VirtualScanner(link)
    assert bench.state() == Up()
    bench.listener.stop()
    scanner.close()


def test_the_words_move_a_scanner(scanner: VirtualScanner, bench: Bench) -> None:
    well = {"faults": [], "beeps": ""}
    assert scanner.obey(MUG) == {"fired": 1, "plugged": True} | well
    assert bench.hear() == MUG
    scanner.obey(r"scan ]C10104006381333931\x1d10ABC")
    assert bench.hear() == "0104006381333931\x1d10ABC"
    assert scanner.obey("unplug") == {"fired": 2, "plugged": False} | well
    assert scanner.obey("plug") == {"fired": 2, "plugged": True} | well
    assert scanner.obey("state")["fired"] == 2


@given(
    text=st.text("0123456789ABC-", min_size=1, max_size=40),
    ending=st.sampled_from(["cr", "lf", "crlf"]),
    aim=st.booleans(),
    stx=st.booleans(),
    double=st.booleans(),
)
def test_whatever_its_habits_a_scanner_is_understood(
    text: str, ending: str, aim: bool, stx: bool, double: bool
) -> None:
    habits = Habits(ending=ending, aim=aim, stx=stx, double=double)
    said = line.Reader().receive(bytes_of(text, habits, random.Random(1)), at=0.0)
    assert [s.text for s in said] == [text] * (1 + double)
    assert all(isinstance(s, Scan) and (s.aim is not None) == aim for s in said)


def test_a_noisy_scanner_never_sends_a_code_of_ours() -> None:
    wire = bytes_of(MUG, Habits(noise=1.0), random.Random(1))
    [said] = line.Reader().receive(wire, at=0.0)
    assert said.text == "�" + MUG


def test_the_symbology_is_told_as_a_scanner_would() -> None:
    codes = [MUG, "40123455", "0104006381333931\x1d10A", "TOTE-17", "]Q3x"]
    wires = [bytes_of(code, Habits(aim=True), random.Random(1)) for code in codes]
    assert [wire[:3] for wire in wires] == [b"]E0", b"]E4", b"]C1", b"]C0", b"]Q3"]


GS1 = r"]C10104006381333931\x1d10ABC"
STRIKES: dict[str, tuple[str, list[str]]] = {
    "no-suffix": (MUG, [f"unfinished: {MUG}"]),
    "crlf": (MUG, [MUG]),
    "slow=0.2": (MUG, [MUG]),
    "lost-gs": (GS1, ["010400638133393110ABC"]),
    "no-aim": (MUG, [MUG]),
    "double": (MUG, [MUG, MUG]),
    "noise": (MUG, ["\ufffd" + MUG]),
    f"several={MUG}": ("TOTE-1", ["TOTE-1", MUG]),
    "deaf": (MUG, [MUG]),
}


@pytest.mark.parametrize("fault", STRIKES)
def test_what_a_scanner_does_wrong_is_heard_as_it_is_and_ends_when_cleared(
    fault: str, scanner: VirtualScanner, bench: Bench
) -> None:
    code, heard = STRIKES[fault]
    assert scanner.obey(f"fault {fault}")["faults"] == [fault.partition("=")[0]]
    scanner.scan(code)
    assert [bench.hear() for _ in heard] == heard
    scanner.obey("clear")
    scanner.scan(MUG)
    assert bench.hear() == MUG


def test_every_fault_of_a_scanner_is_tried() -> None:
    elsewhere = {"out-of-range", "wrong-baud", "unplug-mid-code"}
    assert {name.partition("=")[0] for name in STRIKES} | elsewhere == set(SCANNER_FAULTS)


def test_a_cable_lost_in_the_middle_of_a_code_never_makes_another_code(
    scanner: VirtualScanner, bench: Bench
) -> None:
    scanner.obey("fault unplug-mid-code")
    scanner.scan(MUG)
    assert isinstance(bench.state(), Down)
    assert bench.state() == Up()
    scanner.scan("TOTE-1")
    heard = [bench.hear()]
    if heard[0] != "TOTE-1":  # its first half may be lost in the cable, too
        heard.append(bench.hear())
    assert heard in (["TOTE-1"], ["unfinished: 400638", "TOTE-1"])


def test_a_scanner_out_of_range_sends_all_it_read_when_it_is_back(
    scanner: VirtualScanner, bench: Bench
) -> None:
    scanner.obey("fault out-of-range")
    codes = [f"OLD-{i}" for i in range(20)]
    for code in codes:
        scanner.scan(code)
    assert bench.said.empty()
    scanner.obey("clear")
    assert [bench.hear() for _ in codes] == codes


def test_a_scanner_at_the_wrong_speed_never_sends_a_code_of_ours(
    scanner: VirtualScanner, bench: Bench
) -> None:
    scanner.obey("fault wrong-baud")
    scanner.scan(MUG)
    assert "4006" not in bench.hear()


def test_the_beeps_of_the_bench_are_seen_in_a_scanners_state(
    scanner: VirtualScanner, bench: Bench
) -> None:
    bench.listener.say(b"B")
    deadline = time.monotonic() + PATIENCE
    while scanner.obey("state")["beeps"] != "B":
        assert time.monotonic() < deadline


def test_every_ending_is_known() -> None:
    assert set(ENDINGS) == {"cr", "lf", "crlf", "none"}


class Weighing:
    """Asks a scale again and again, as the bench does, and keeps what counts."""

    def __init__(self, link: Path, protocol: str) -> None:
        self._reader = scales.READERS[protocol]()
        self._settler = scales.Settler(needed=2)
        self.counted: queue.Queue[scales.Settled | scales.NotEmptied | scales.Frozen] = (
            queue.Queue()
        )
        self.zeroed: queue.Queue[None] = queue.Queue()
        self.listener = Listener(
            open_transport(f"serial://{link}"),
            self._hear,
            lambda state: None,
            ask=scales.ASK[protocol],
            ask_every=0.01,
        )
        self.listener.start()

    def _hear(self, data: bytes, at: float) -> None:
        for reading in self._reader.receive(data):
            if (said := self._settler.receive(reading, at)) is not None:
                self.counted.put(said)
            elif reading == scales.Reading(0, stable=True):
                self.zeroed.put(None)

    def weight(self) -> scales.Settled | scales.NotEmptied | scales.Frozen:
        return self.counted.get(timeout=PATIENCE)

    def see_zero(self) -> None:
        while not self.zeroed.empty():
            self.zeroed.get()
        self.zeroed.get(timeout=PATIENCE)


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_parcel_is_weighed_by_itself_in_every_protocol(protocol: str, tmp_path: Path) -> None:
    scale = VirtualScale(tmp_path / "scale", protocol, settle_seconds=0.05)
    bench = Weighing(tmp_path / "scale", protocol)
    bench.see_zero()
    scale.put(850)
    assert bench.weight() == scales.Settled(850)
    scale.lift()
    bench.see_zero()
    scale.put(1200)
    assert bench.weight() == scales.Settled(1200)
    scale.put(2400)
    assert bench.weight() == scales.NotEmptied(2400)
    bench.listener.stop()
    scale.close()


def test_a_scale_keeps_answering_after_a_replug_and_shows_what_was_left_on_it(
    tmp_path: Path,
) -> None:
    scale = VirtualScale(tmp_path / "scale", settle_seconds=0.01)
    bench = Weighing(tmp_path / "scale", "mt-sics")
    bench.see_zero()
    scale.obey("unplug")
    scale.obey("plug")
    bench.see_zero()
    scale.obey("residue 40")
    scale.obey("lift")
    assert bench.weight() == scales.Settled(40)
    scale.obey("850")
    assert bench.weight() == scales.NotEmptied(850)
    with pytest.raises(ValueError, match="whole grams"):
        scale.obey("put heavy")
    bench.listener.stop()
    scale.close()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("unit", [True, False])
@pytest.mark.parametrize("well", [True, False])
def test_a_scale_that_is_not_well_says_so_in_every_protocol(
    protocol: str, unit: bool, well: bool
) -> None:
    word = b"SI" if protocol == "mt-sics" else b"W"
    wire = answer(protocol, word, Shown(850, False, unit=unit, well=well), capacity=30_000)
    [said] = scales.READERS[protocol]().receive(wire)
    if not well:
        assert said == scales.NoWeight(scales.Why.OUT_OF_ORDER)
    elif not unit and protocol != "toledo-8217":
        assert said == scales.NoWeight(scales.Why.WRONG_UNIT)
    else:
        assert said == scales.Reading(850, stable=True)


@pytest.mark.parametrize("fault", ["garbage", "byte-by-byte", "lost-reply=3"])
def test_a_scale_on_a_bad_wire_weighs_all_the_same(fault: str, tmp_path: Path) -> None:
    scale = VirtualScale(tmp_path / "scale", settle_seconds=0.01)
    assert scale.obey(f"fault {fault}")["faults"] == [fault.partition("=")[0]]
    bench = Weighing(tmp_path / "scale", "mt-sics")
    bench.see_zero()
    scale.put(850)
    assert bench.weight() == scales.Settled(850)
    bench.listener.stop()
    scale.close()


@pytest.mark.parametrize("fault", ["frozen", "silent", "restless"])
def test_a_scale_that_hangs_or_never_rests_gives_no_weight_until_it_is_well(
    fault: str, tmp_path: Path
) -> None:
    scale = VirtualScale(tmp_path / "scale", settle_seconds=0.01)
    bench = Weighing(tmp_path / "scale", "mt-sics")
    bench.see_zero()
    scale.obey(f"fault {fault}")
    scale.put(850)
    scale.lift()
    scale.obey("clear")
    bench.see_zero()
    assert bench.counted.empty()
    scale.put(1200)
    assert bench.weight() == scales.Settled(1200)
    bench.listener.stop()
    scale.close()


def test_a_fault_that_does_not_exist_is_refused_with_those_that_do(tmp_path: Path) -> None:
    scale = VirtualScale(tmp_path / "scale", "toledo-8217")
    for words, sentence in (
        ("fault explode", "there are frozen"),
        ("fault wrong-unit", "sends no unit"),
        ("fault lost-reply=many", "no number"),
    ):
        with pytest.raises(ValueError, match=sentence):
            scale.obey(words)
    scale.close()


@given(st.integers(0, 30_000), st.integers(0, 30_000), st.floats(0, 2))
def test_a_pan_moves_then_rests_at_its_weight(first: int, second: int, passed: float) -> None:
    pan = Pan(settle_seconds=0.6)
    pan.put(first, at=0.0)
    pan.put(second, at=10.0)
    shown = pan.shown(10.0 + passed)
    assert shown.moving == (passed < 0.6) or passed == pytest.approx(0.6)
    if passed > 0.61:
        assert shown == Shown(second, moving=False)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@given(grams=st.integers(-500, 29_999), moving=st.booleans())
def test_our_reader_reads_what_a_scale_shows(protocol: str, grams: int, moving: bool) -> None:
    word = b"SI" if protocol == "mt-sics" else b"W"
    wire = answer(protocol, word, Shown(grams, moving), capacity=30_000)
    [said] = scales.READERS[protocol]().receive(wire)
    if isinstance(said, scales.Reading):
        assert said == scales.Reading(grams, stable=not moving)
    else:
        assert moving or grams < 0


def test_an_overloaded_scale_says_so_in_every_protocol() -> None:
    for protocol, moving in itertools.product(PROTOCOLS, (False, True)):
        word = b"SI" if protocol == "mt-sics" else b"W"
        wire = answer(protocol, word, Shown(31_000, moving), capacity=30_000)
        assert scales.READERS[protocol]().receive(wire) == [scales.NoWeight(scales.Why.TOO_HEAVY)]
