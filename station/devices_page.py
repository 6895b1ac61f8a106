"""What does the devices' page say? Each device's lamp, its last words, a test, what to do.

Fed from the threads of the running bench, which holds the wires: nothing here opens a device. A
page is made anew from what is known each time it is looked at.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from station.prompt import Entry, Key, LampState, Page
from station.session import Text
from station.wording import devices, render

BACK_KEYS = ("f2", "enter")
TEST_KEY = "f5"
_STATES: Mapping[str, LampState] = {
    "ok": "ok",
    "busy": "busy",
    "warn": "warn",
    "bad": "bad",
    "off": "off",
}


@dataclass(frozen=True, slots=True)
class Listed:
    """A device as the page lists it."""

    name: str
    kind: str
    """scanner | scale | printer | receipts | hub."""


class DevicesPage:
    """What `over.Leaf` promises; its other methods may be called from any thread."""

    closes = frozenset(BACK_KEYS)

    def __init__(
        self,
        listed: tuple[Listed, ...],
        test: Callable[[Listed], Text],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`test` tries a device and says what to do or what came of it."""
        self._listed, self._test, self._clock = listed, test, clock
        self._lock = threading.Lock()
        self._lamps: dict[str, tuple[str, str]] = {}
        self._heard: dict[str, tuple[Text, float]] = {}
        self._chosen = 0
        self._came = Text("")

    def lamp(self, name: str, state: str, word: str) -> None:
        """A lamp changed."""
        with self._lock:
            self._lamps[name] = (state, word)

    def heard(self, name: str, said: Text) -> None:
        """A device said something, or was sent something."""
        with self._lock:
            self._heard[name] = (said, self._clock())

    def page(self, language: str) -> Page:
        """Return what is to be seen now."""
        with self._lock:
            lamps, heard, chosen = dict(self._lamps), dict(self._heard), self._chosen
        now = self._clock()
        entries = tuple(
            _entry(one, lamps.get(one.name), heard.get(one.name), now, language)
            for one in self._listed
        )
        return Page(
            title=render(devices.TITLE, language),
            entries=entries,
            chosen=chosen,
            notice=render(self._came if entries else devices.NONE, language),
            instruction=render(devices.CHOOSE, language),
            keys=(
                Key(TEST_KEY, render(devices.KEY_TEST, language)),
                Key(BACK_KEYS[0], render(devices.KEY_BACK, language)),
            ),
        )

    def pressed(self, key: str) -> bool:
        """Choose another device, or test the chosen one."""
        if key in ("up", "down") and self._listed:
            step = 1 if key == "down" else -1
            with self._lock:
                self._chosen = (self._chosen + step) % len(self._listed)
            self._came = Text("")
            return True
        if key == TEST_KEY and self._listed:
            self._came = self._test(self._listed[self._chosen])
            return True
        return False


def _entry(
    one: Listed,
    lamp: tuple[str, str] | None,
    heard: tuple[Text, float] | None,
    now: float,
    language: str,
) -> Entry:
    state, word = lamp or ("unknown", "")
    if one.kind == "hub" and state == "ok":
        word = ""  # the hub's says as of when its orders are
    what, do = devices.state(state, word), devices.todo(state, word)
    if one.kind == "hub" and do != devices.NOTHING_TO_DO:
        do = devices.HUB_DO
    last = Text("") if one.kind == "hub" else devices.NEVER
    if heard is not None:
        last = devices.last(render(heard[0], language), max(0.0, now - heard[1]))
    return Entry(
        what=render(what, language),
        name=one.name,
        kind=render(devices.kind(one.kind), language),
        state=_STATES.get(state, "unknown"),
        last=render(last, language),
        do="" if do == devices.NOTHING_TO_DO else render(do, language),
    )
