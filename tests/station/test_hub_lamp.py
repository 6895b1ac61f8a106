"""The hub's lamp while the hub is there, and while it is not."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.hub_lamp import OLD_SECONDS, clock_lamp, hub_lamp
from station.store.heard import Heard
from station.store.store import Store
from sync.client.link import LinkState, Offline, Online, Outdated, Unwelcome
from tests.builders import NOON


@pytest.mark.parametrize(
    ("silent", "owed", "over", "state", "english", "chinese"),
    [
        (None, 0, False, "warn", "offline", "离线"),
        (20.0, 0, False, "warn", "offline", "离线"),
        (14 * 60.0, 0, False, "warn", "offline 14 min", "离线 14 分钟"),
        (14 * 60.0, 23, False, "warn", "offline 14 min · 23", "离线 14 分钟 · 23"),
        (OLD_SECONDS, 0, False, "bad", "offline 15 min", "离线 15 分钟"),
        (5 * 3_600.0, 0, False, "bad", "offline 5 h", "离线 5 小时"),
        (
            60.0,
            2,
            True,
            "bad",
            "offline 1 min · no new orders · 2",
            "离线 1 分钟 · 不接新单 · 2",
        ),
        (3 * 86_400.0, 0, False, "bad", "offline 3 days", "离线 3 天"),
    ],
)
def test_offline_says_how_old_the_news_is_and_turns_red(
    silent: float | None, owed: int, over: bool, state: str, english: str, chinese: str
) -> None:
    for language, text in (("en", english), ("zh", chinese)):
        lamp = hub_lamp(Offline("gone"), silent, owed, lease_over=over, language=language)
        assert (lamp.name, lamp.state, lamp.text) == ("hub", state, text)


@pytest.mark.parametrize(
    ("met", "state", "text"),
    [
        (Outdated("426"), "bad", "update Packbench here"),
        (Unwelcome("enrol this bench anew"), "bad", "enrol this bench anew"),
    ],
)
def test_what_only_a_person_can_mend_is_red(met: LinkState, state: str, text: str) -> None:
    lamp = hub_lamp(met, None, 0, lease_over=False, language="en")
    assert (lamp.state, lamp.text) == (state, text)


@pytest.mark.parametrize(
    ("offset", "state", "text"),
    [
        (0.0, "ok", ""),
        (90.0, "ok", ""),
        (-91.0, "warn", "2 min off"),
        (3_600.0, "warn", "60 min off"),
        (400 * 86_400.0, "warn", "400 days off"),
    ],
)
def test_a_clock_that_is_not_the_hubs_is_said(offset: float, state: str, text: str) -> None:
    lamp = clock_lamp(Online(NOON, offset), "en")
    assert lamp is not None
    assert (lamp.state, lamp.text) == (state, text)


def test_nothing_is_said_of_the_clock_while_nobody_knows() -> None:
    assert clock_lamp(Offline(""), "en") is None


def test_how_long_ago_the_hub_was_heard_outlives_the_program(tmp_path: Path) -> None:
    store = Store(tmp_path / "bench.db")
    clock, wall = [100.0], [NOON]
    heard = Heard(store, lambda: clock[0], lambda: wall[0])
    assert heard.ago() is None
    heard.now()
    clock[0] += 30.0
    assert heard.ago() == 30.0
    wall[0] = NOON.replace(minute=14)
    assert Heard(store, lambda: 5.0, lambda: wall[0]).ago() == 14 * 60.0
    store.close()
