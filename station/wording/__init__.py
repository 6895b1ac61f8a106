"""Every sentence that a person reads at the bench, in every language.

Flows speak in `Text`: a key and what goes in its gaps, made by the typed functions of `word`,
`pieces`, `parcels`, `labels`, `orders`, `people`, `devices`, `setup` and `reasons`. The catalogues
`en` and `zh` have one sentence a key; `render` puts the two together, at the last moment, so that
the language can be switched at any time and a stored screen be shown in another one.

A sentence says what happened, or what to do: no codes, no blame, no exclamation mark.

>>> from station.wording import orders
>>> render(orders.to_go(1), "en"), render(orders.to_go(3), "en"), render(orders.to_go(3), "zh")
('1 piece to go', '3 pieces to go', '还差 3 件')
"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter

from station.prompt import Tone, Verdict
from station.session import Text
from station.wording import en, en_devices, en_setup, zh, zh_devices, zh_setup
from station.wording.people import CLICK_HERE, NOT_LISTENING, PRESS_AGAIN_TO_LEAVE, packed_today
from station.wording.word import ASLEEP, mode

CATALOGUES: Mapping[str, Mapping[str, str]] = {
    "en": en.SENTENCES | en_devices.SENTENCES | en_setup.SENTENCES,
    "zh": zh.SENTENCES | zh_devices.SENTENCES | zh_setup.SENTENCES,
}
LANGUAGES = tuple(CATALOGUES)
"""The first is what an unknown language falls back to."""


class _Formatter(Formatter):
    """`{n:piece|pieces}` is the word that goes with the number n; no other format is needed."""

    def format_field(self, value: object, format_spec: str) -> str:
        """Return what goes in a gap."""
        if "|" not in format_spec:
            return str(value)
        one, many = format_spec.split("|")
        return one if str(value) == "1" else many

    def get_value(self, key: int | str, args: object, kwargs: Mapping[str, object]) -> object:
        """Return a gap's value; a sentence from an older version may have other gaps."""
        return kwargs.get(str(key), "")


_FORMATTER = _Formatter()


def render(text: Text, language: str) -> str:
    """Return the sentence; "" for no text. Never raises: a stored key may be of another version."""
    if not text.key:
        return ""
    catalogue = CATALOGUES.get(language, CATALOGUES[LANGUAGES[0]])
    sentence = catalogue.get(text.key)
    if sentence is None:
        return text.key
    gaps = {gap: _inner(value, catalogue) for gap, value in text.args.items()}
    return _FORMATTER.vformat(sentence, (), gaps)


def headings(language: str) -> dict[str, str]:
    """The few words that the screen itself puts between the values: `prompt.Headings`."""
    names = ("sku", "name", "bin", "need", "done", "parcel", "lane", "next", "above", "below")
    return {name: render(Text(f"heading.{name}"), language) for name in names}


def asleep(language: str) -> Verdict:
    """The banner while the keyboard is in another window."""
    return Verdict(
        render(ASLEEP, language),
        Tone.ASLEEP,
        render(NOT_LISTENING, language),
        render(CLICK_HERE, language),
    )


def press_again_to_leave() -> Text:
    """Leaving takes the key twice."""
    return PRESS_AGAIN_TO_LEAVE


def _inner(value: str, catalogue: Mapping[str, str]) -> str:
    """`station.wording.text.inner` marks a text that goes in the gap of another."""
    return catalogue.get(value[1:], value) if value.startswith("@") else value


__all__ = [
    "CATALOGUES",
    "LANGUAGES",
    "asleep",
    "headings",
    "mode",
    "packed_today",
    "press_again_to_leave",
    "render",
]
