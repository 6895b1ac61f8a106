"""How is the link to the hub, and what do its lamps say of it as time goes by?"""

from __future__ import annotations

import logging
from collections.abc import Callable

from station.bench import Bench
from station.hub_lamp import clock_lamp, hub_lamp
from station.store import journal
from station.store.heard import Heard
from station.store.store import StoreError
from sync.client.link import LinkState, Offline, Online

log = logging.getLogger(__name__)


class HubWatch:
    """Paints the hub's lamp, and the clock's."""

    def __init__(self, bench: Bench, lamp: Callable[[str, str, str], None]) -> None:
        """`lamp` shows (name, state, words), from any thread."""
        self._bench, self._lamp = bench, lamp
        self._heard = Heard(bench.store)
        self._state: LinkState = Offline("")
        self._clock_lit = False

    def linked(self, state: LinkState) -> None:
        """The link is like that now."""
        self._state = state
        if isinstance(state, Online):
            self._heard.now()
        self.show()

    def aged(self) -> None:
        """What the bench knows grows old without anything that says so."""
        if not isinstance(self._state, Online):
            self.show()

    def show(self) -> None:
        """Paint both, in the bench's present language."""
        state, language = self._state, self._bench.session.language
        online = isinstance(state, Online)
        lamp = hub_lamp(
            state,
            None if online else self._heard.ago(),
            0 if online else self.owed(),
            lease_over=not online and self._bench.lease_over(),
            language=language,
        )
        self._lamp("hub", lamp.state, lamp.text)
        clock = clock_lamp(state, language)
        # A clock that is right needs no lamp; one that was wrong is said to be right again.
        if clock is not None and (clock.state != "ok" or self._clock_lit):
            self._clock_lit = True
            self._lamp("clock", clock.state, clock.text)

    def owed(self) -> int:
        """How many entries the hub has not got; 0 where the disk does not say."""
        try:
            with self._bench.store.turn(feed=True) as turn:
                return journal.owed(turn)
        except StoreError:
            log.warning("the disk does not say what is owed to the hub")
            return 0
