import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.simulate.control import Control
from station.demo import hands
from station.demo.around import Around
from station.demo.hands import Hands
from station.session import Session
from sync.protocol.messages import Packer
from tests.builders import an_order

DEADLINE = 60.0
ADA = Packer(badge="P001", name="Ada")


class Devices:
    """Scanner, scale and printer, as far as the hands touch them."""

    def __init__(self, folder: Path) -> None:
        self.told: list[tuple[str, float]] = []
        self._news = threading.Condition()
        self._controls = [
            Control(f"unix://{folder / name}", self._obey) for name in ("scanner", "scale", "lp")
        ]

    def _obey(self, line: str) -> dict[str, object]:
        if line != "state":
            with self._news:
                self.told.append((line, time.monotonic()))
                self._news.notify_all()
        return {"grams": 0, "queued": 0, "paper_out": False}

    def wait(self, count: int) -> list[str]:
        with self._news:
            assert self._news.wait_for(lambda: len(self.told) >= count, DEADLINE), self.told
            return [line for line, _ in self.told]

    def close(self) -> None:
        for control in self._controls:
            control.close()


@pytest.fixture
def devices(tmp_path: Path) -> Iterator[Devices]:
    made = Devices(tmp_path)
    yield made
    made.close()


Make = Callable[[str], Hands]


@pytest.fixture
def make(tmp_path: Path, devices: Devices) -> Iterator[Make]:
    made: list[Hands] = []

    def pair(how: str) -> Hands:
        around = Around(
            scanner=f"unix://{tmp_path / 'scanner'}",
            scale=f"unix://{tmp_path / 'scale'}",
            printer=f"unix://{tmp_path / 'lp'}",
            record=str(tmp_path / "printed"),
            badge="P001",
            hands=how,
            mistakes=0.0,
        )
        made.append(Hands(around, lambda: None))
        return made[-1]

    yield pair
    for one in made:
        one.close()


def test_the_robot_scans_again_only_when_the_bench_has_heard(make: Make, devices: Devices) -> None:
    robot = make("robot")
    robot.saw(Session(bench="b1"))
    assert devices.wait(1) == ["scan PKUSRP001"]
    order = an_order()
    ready = Session(bench="b1", packer=ADA, flow="choose")
    robot.saw(ready, "", (order,))
    time.sleep(3 * hands.LOOK_SECONDS)  # it looks meanwhile, and must not act
    assert len(devices.told) == 1
    robot.saw(ready, "PKUSRP001", (order,))
    assert len(devices.wait(2)) == 2


def test_a_refused_badge_is_not_taken_for_a_held_trigger(make: Make, devices: Devices) -> None:
    robot = make("robot")
    for count in (1, 2):
        robot.saw(Session(bench="b1"), "PKUSRP001" if count > 1 else "")
        devices.wait(count)
    (_, first), (_, second) = devices.told
    assert second - first >= 0.8


def test_keys_make_the_moves_that_they_name(make: Make, devices: Devices) -> None:
    person = make("keys")
    person.saw(Session(bench="b1", packer=ADA, flow="choose"), "", (an_order(),))
    assert not person.pressed("f4")
    for count, (key, said) in enumerate(
        [
            ("ctrl+l", "scan PKUSRP001"),
            ("ctrl+u", "scan PKCMDUNDO"),
            ("ctrl+x", "scan 4006381333931"),
        ],
        start=1,
    ):
        assert person.pressed(key)
        assert devices.wait(count)[-1] == said
    assert person.notice.startswith("DEMO: Ctrl+N")


def test_nothing_moves_by_itself_when_a_person_packs(make: Make, devices: Devices) -> None:
    person = make("keys")
    person.saw(Session(bench="b1"))
    time.sleep(3 * hands.LOOK_SECONDS)  # it looks meanwhile, and must not act
    assert devices.told == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_hands_that_fall_say_why(make: Make, tmp_path: Path) -> None:
    robot = make("robot")
    robot.saw(None)  # type: ignore[arg-type]  # such a mistake is what this is about
    robot.saw("nonsense")  # type: ignore[arg-type]
    robot._thread.join(DEADLINE)
    assert "AttributeError" in (tmp_path / hands.FELL).read_text("utf-8")
