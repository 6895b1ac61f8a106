"""How is the hub's lamp, and what is said beside it? Pure: what the link met, and how long ago.

Offline is no trouble for a while; then what the bench shows grows old, and somebody should look.
"""

from __future__ import annotations

from station.prompt import Lamp
from station.session import Text
from station.wording import lamps, render
from sync.client.link import LinkState, Offline, Online, Outdated, Unwelcome

OLD_SECONDS = 900.0
"""Silent for longer, the hub's lamp is red: a buyer's cancellation is often younger than that."""
CLOCK_SECONDS = 90.0
"""Clocks that are further apart are said: due times are shown by the bench's."""


def hub_lamp(
    state: LinkState, silent: float | None, owed: int, *, lease_over: bool, language: str
) -> Lamp:
    """The lamp. `silent`: seconds since the hub was heard; `owed`: entries that it has not got."""
    match state:
        case Online(at=at):
            return Lamp("hub", "ok", at.astimezone().strftime("%H:%M"))
        case Offline():
            old = lease_over or (silent is not None and silent >= OLD_SECONDS)
            said = [lamps.offline(silent), *([lamps.NO_NEW] if lease_over else [])]
            return Lamp("hub", "bad" if old else "warn", _words(said, owed, language))
        case Outdated():
            return Lamp("hub", "bad", _words([lamps.OUTDATED], owed, language))
        case Unwelcome(why=why):
            return Lamp("hub", "bad", why)


def clock_lamp(state: LinkState, language: str) -> Lamp | None:
    """The clock's lamp; None where nothing is known of it."""
    if not isinstance(state, Online):
        return None
    apart = abs(state.offset)
    if apart <= CLOCK_SECONDS:
        return Lamp("clock", "ok")
    return Lamp("clock", "warn", render(lamps.clock_off(apart), language))


def _words(said: list[Text], owed: int, language: str) -> str:
    words = [render(text, language) for text in said]
    return " · ".join([*words, *([str(owed)] if owed else [])])
