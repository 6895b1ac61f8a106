"""What stands on the devices' page, and what keys do there."""

from __future__ import annotations

from station.devices_page import DevicesPage, Listed
from station.session import Text
from station.wording import devices

LISTED = (
    Listed("hand", "scanner"),
    Listed("bench", "scale"),
    Listed("labels", "printer"),
)


def a_page(tried: list[str] | None = None, now: list[float] | None = None) -> DevicesPage:
    def test(one: Listed) -> Text:
        (tried if tried is not None else []).append(one.name)
        return devices.TEST_LABEL_SENT

    clock = now or [100.0]
    return DevicesPage(LISTED, test, lambda: clock[0])


def test_a_device_that_nobody_has_heard_of_is_unknown_and_never_well() -> None:
    entry = a_page().page("en").entries[0]
    assert entry.state == "unknown"
    assert entry.do == "Look at it: cable, power, display."


def test_each_device_has_its_lamp_its_last_words_and_one_thing_to_do() -> None:
    now = [100.0]
    page = a_page(now=now)
    page.lamp("labels", "bad", "paper")
    page.lamp("bench", "ok", "")
    page.heard("bench", devices.weighed(850))
    now[0] = 112.0
    _, scale, printer = page.page("en").entries
    assert (scale.state, scale.what, scale.last) == ("ok", "It is well.", "weighed 850 g, 12 s ago")
    assert not scale.do
    assert (printer.state, printer.what) == ("bad", "It is out of paper.")
    assert printer.do == "Load a roll and close the lid."


def test_up_and_down_go_round_and_f5_tests_the_chosen_one() -> None:
    tried: list[str] = []
    page = a_page(tried)
    assert page.pressed("up")
    assert page.pressed("f5")
    assert page.pressed("down")
    assert page.page("en").notice == ""
    assert page.pressed("f5")
    assert tried == ["labels", "hand"]
    assert "Scan it" in page.page("en").notice


def test_other_keys_are_for_the_bench() -> None:
    page = a_page()
    assert not any(page.pressed(key) for key in ("f4", "f8", "enter", "f2", "ctrl+q", "a"))


def test_a_bench_without_devices_is_told_how_to_find_some() -> None:
    page = DevicesPage((), lambda one: devices.NO_TEST)
    assert not page.pressed("down")
    assert "packbench setup" in page.page("en").notice
