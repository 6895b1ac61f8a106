"""What does `{{ … }}` in a layout mean, and what may it not do?

Jinja in its sandbox: a layout file may come from anybody, so it can read the data that it is
given and nothing else. A name that is not there is an error, never an empty space on a label.
Orders' own texts are values, never templates: a buyer called `{{ 7*7 }}` prints as that.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, UndefinedError
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from layouts.errors import BrokenLayout, DataMissing
from layouts.source import suggestion

# Any, here and below: templates take and give whatever an order holds.

_LONGEST = 5_000
"""Characters of one field; a label holds fewer, and a runaway `*` must not fill the memory."""

_FRACTION_DIGITS = {"JPY": 0, "KRW": 0, "VND": 0, "CLP": 0, "TWD": 0, "IDR": 0, "KWD": 3, "BHD": 3}
"""ISO 4217 minor units where they are not two; TWD and IDR as their marketplaces write them."""


class _Sandbox(ImmutableSandboxedEnvironment):
    intercepted_binops = frozenset(("*", "**"))

    def call_binop(  # Jinja's own signature
        self,
        context: Any,  # noqa: ANN401
        operator: str,
        left: Any,  # noqa: ANN401
        right: Any,  # noqa: ANN401
    ) -> Any:  # noqa: ANN401
        if operator == "**" or isinstance(left, str) or isinstance(right, str):
            raise SecurityError(f"'{operator}' is not for layouts here")
        return super().call_binop(context, operator, left, right)


def kg(grams: int, digits: int = 2) -> str:
    """Write grams as a parcel label does; customs want three digits, or tea would weigh nothing.

    >>> kg(1234), kg(4, 3)
    ('1.23 kg', '0.004 kg')
    """
    return f"{Decimal(grams) / 1000:.{digits}f} kg"


def money(minor: int, currency: str) -> str:
    """Write minor units as an amount.

    >>> money(1999, "EUR"), money(500, "JPY")
    ('19.99 EUR', '500 JPY')
    """
    digits = _FRACTION_DIGITS.get(currency, 2)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f} {currency}"


_SANDBOX = _Sandbox(
    undefined=StrictUndefined,
    autoescape=False,  # paper is no HTML; each printer language escapes for itself
    finalize=lambda value: "" if value is None else value,
    cache_size=0,
)
_SANDBOX.filters["kg"] = kg
_SANDBOX.filters["money"] = money
_SANDBOX.globals.clear()


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled template or expression that knows where it stands."""

    where: str
    source: str
    run: Callable[[Mapping[str, Any]], Any]
    short_cut: Callable[[Mapping[str, Any]], str | None] | None = None
    """Another way to the text, where there is one; None from it: it must be `run`."""

    def value(self, data: Mapping[str, Any]) -> Any:  # noqa: ANN401  # whatever an order holds
        """Evaluate. Raises DataMissing for a name that is not there, BrokenLayout for the rest."""
        try:
            found = self.run(data)
            if isinstance(found, Undefined):
                found = str(found)  # raises, as StrictUndefined does whatever one asks of it
        except UndefinedError as error:
            raise DataMissing(self.where, _wanted(str(error), data)) from error
        except (SecurityError, TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise BrokenLayout(
                self.where, f"{self.source!r} cannot be worked out: {error}"
            ) from error
        return found

    def text(self, data: Mapping[str, Any]) -> str:
        """Evaluate to text."""
        found = self.short_cut(data) if self.short_cut is not None else None
        if found is None:
            found = str(self.value(data))
        if len(found) > _LONGEST:
            raise BrokenLayout(self.where, f"makes {len(found)} characters; no label holds that")
        return found


def _wanted(said: str, data: Mapping[str, Any]) -> str:
    """Say which name is not there, and which was perhaps meant: "'wrods' is undefined"."""
    name = (re.findall(r"'([^']*)'", said) or [said])[-1]
    known = list(dict.fromkeys(_names(data)))
    meant = suggestion(name, known)
    help_ = f"give it, or write `{name} | default('')`"
    return f"needs `{name}`, which is not there; {meant if 'mean' in meant else help_}"


def _names(data: Any) -> Iterator[str]:  # noqa: ANN401  # a tree of anything
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield str(key)
            yield from _names(value)
    elif isinstance(data, (list, tuple)) and data:
        yield from _names(data[0])


def template(source: str, where: str) -> Expression:
    """Compile a text with {{ … }} in it. Raises BrokenLayout."""
    try:
        return Expression(where, source, _SANDBOX.from_string(source).render, _plain(source))
    except TemplateSyntaxError as error:
        raise BrokenLayout(where, f"{source!r} is not a template: {error}") from error


def expression(source: str, where: str) -> Expression:
    """Compile a bare expression. Raises BrokenLayout."""
    try:
        compiled = _SANDBOX.compile_expression(source, undefined_to_none=False)
    except TemplateSyntaxError as error:
        raise BrokenLayout(where, f"{source!r} is not an expression: {error}") from error
    return Expression(where, source, _asked(source, compiled))


Run = Callable[[Mapping[str, Any]], Any]
ShortCut = Callable[[Mapping[str, Any]], str | None]


def _plain(source: str) -> ShortCut | None:
    """Return a short cut for a text of words and plain names, "{{ parcel }} / {{ parcels }}".

    Most fields are that, and Jinja's own way takes ten times as long. What is not there, or no
    dict, goes Jinja's way, which also has the sentence for it.
    """
    pieces = _NAMES.split(source)
    words, fields = pieces[::3], list(zip(pieces[1::3], pieces[2::3], strict=True))
    if any("{" in word or "\n" in word for word in words):
        return None
    if any(hasattr(dict, step) for name, _ in fields for step in name.split(".")[1:]):
        return None  # to Jinja, `line.items` is the dict's own
    steps = [
        (name.split("."), kg if filtered else None, word)
        for (name, filtered), word in zip(fields, words[1:], strict=True)
    ]

    if words == ["", ""] and not fields[0][1] and "." not in fields[0][0]:
        return _named(fields[0][0])

    def run(data: Mapping[str, Any]) -> str | None:
        text = words[0]
        for names, written, word in steps:
            value: Any = data
            for name in names:
                if type(value) is not dict or name not in value:
                    return None
                value = value[name]
            if written is not None:
                value = written(value)
            elif value is None:
                value = ""
            text += f"{value}{word}"
        return text

    return run


def _named(name: str) -> ShortCut:
    """Return the short cut for nothing but one name."""

    def run(data: Mapping[str, Any]) -> str | None:
        if name not in data:
            return None
        value = data[name]
        return "" if value is None else str(value)

    return run


def _asked(source: str, compiled: Callable[..., Any]) -> Run:
    """Return how to ask; "note | default('')" is asked of so many parts that it has a short cut."""
    default = _DEFAULT.fullmatch(source)
    if default is None:
        return lambda data: compiled(**data)
    name = default[1]
    if default[2]:
        return lambda data: data.get(name, 0) > 0
    return lambda data: data.get(name, "")


_NAMES = re.compile(r"\{\{ ([a-z_]+(?:\.[a-z_]+)*)( \| kg)? \}\}")
_DEFAULT = re.compile(r"([a-z_]+) \| default\((?:''\)|(0\) > 0))")
