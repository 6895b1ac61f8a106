"""Is the text of a layout file right, and on which line is it not?

msgspec knows what is wrong with a file, but of a list it says `part[...]`, and it knows no lines.
So each part of a wrong file is looked at by itself, and its line is found in the text.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import msgspec

from layouts.errors import BrokenLayout
from layouts.format import (
    BoxPart,
    Code128Part,
    DataMatrixPart,
    LayoutFile,
    LinePart,
    Part,
    QrPart,
    RepeatPart,
    TextPart,
)

# Any, here and below: TOML is a tree of anything until it has been checked.

_KINDS: Mapping[str, type[msgspec.Struct]] = {
    "text": TextPart,
    "code128": Code128Part,
    "qr": QrPart,
    "datamatrix": DataMatrixPart,
    "line": LinePart,
    "box": BoxPart,
    "repeat": RepeatPart,
}
_PLAIN = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "str": "text in quotes",
    "object": "a table",
    "array": "a list",
}

_HEADER = re.compile(r"\s*\[\[\s*(part(?:\s*\.\s*part)*)\s*\]\]")
_TABLE = re.compile(r"\s*\[")
_KEY = re.compile(r"\s*([A-Za-z_][\w-]*)\s*=\s*(\"\"\"|''')?")
_TOP = ""


@dataclass(frozen=True, slots=True)
class Lines:
    """Where in a file each part and each of its keys stands."""

    file: str
    found: Mapping[tuple[str, str], int]
    """By the part's number ("" is the file itself, "2.1" lies in part 2) and key ("": its head)."""

    def where(self, number: str = _TOP, name: str = "", key: str = "") -> str:
        """Say where something is: "tote.toml, line 12, part 2.1 (name)"."""
        line = self.found.get((number, key)) or self.found.get((number, ""), 1)
        parts = [self.file, f"line {line}"]
        if number:
            parts.append(f"part {number}" + (f" ({name})" if name else ""))
        return ", ".join(parts)


def read(file: str, source: str) -> tuple[LayoutFile, Lines]:
    """Return what the text says, and where it says it. Raises BrokenLayout."""
    lines = Lines(file, _found(source))
    try:
        tree = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        said = re.fullmatch(r"(.*) \(at (?:line (\d+).*|end of document)\)", str(error))
        line = (said and said[2]) or str(source.count("\n") + 1)
        why = said[1] if said else str(error)
        where = f"{file}, line {line}"
        raise BrokenLayout(where, f"is no TOML here: {why}; mend this line") from error
    except RecursionError as error:
        raise BrokenLayout(file, "is nested too deeply to be read; flatten it") from error
    try:
        return msgspec.convert(tree, LayoutFile), lines
    except msgspec.ValidationError as error:
        parts = tree.get("part")
        _blame(parts if isinstance(parts, list) else [], lines, "")
        raise _refused(error, LayoutFile, lines, _TOP, "") from error


def _found(source: str) -> dict[tuple[str, str], int]:
    found: dict[tuple[str, str], int] = {}
    counts: list[int] = []
    number, fence = _TOP, ""
    for at, line in enumerate(source.split("\n"), 1):
        if fence:
            fence = "" if fence in line else fence
        elif header := _HEADER.match(line):
            depth = header[1].count("part")
            counts = (counts + [0] * depth)[:depth]
            counts[-1] += 1
            number = ".".join(map(str, counts))
            found[number, ""] = at
        elif _TABLE.match(line):
            number = "sample"
            found.setdefault((number, ""), at)
        elif key := _KEY.match(line):
            found.setdefault((number, key[1]), at)
            if key[2] and key[2] not in line[key.end() :]:
                fence = key[2]
    return found


def _blame(parts: list[Any], lines: Lines, above: str) -> None:
    """Raise BrokenLayout for the first part that is wrong; return if none is."""
    for i, part in enumerate(parts):
        number = f"{above}{i + 1}"
        inner = part.get("part") if isinstance(part, dict) else None
        if isinstance(inner, list):
            _blame(inner, lines, f"{number}.")
        try:
            msgspec.convert(part, Part)
        except msgspec.ValidationError as error:
            table = part if isinstance(part, dict) else {}
            kind, name = str(table.get("kind", "")), str(table.get("name", ""))
            shape = _KINDS.get(kind, TextPart)
            raise _refused(error, shape, lines, number, name, kind) from error


def _refused(
    error: msgspec.ValidationError,
    shape: type[msgspec.Struct],
    lines: Lines,
    number: str,
    name: str,
    kind: str = "",
) -> BrokenLayout:
    said = str(error)
    at = re.search(r" - at `\$\.(\w+)", said)
    key = at[1] if at else ""
    known = [field.encode_name for field in msgspec.structs.fields(shape)]
    if shape is not LayoutFile:
        known.append("kind")
    if unknown := re.search(r"unknown field `(.*?)`", said):
        key = unknown[1]
        sentence = f"there is no `{key}` here; {suggestion(key, known)}"
    elif missing := re.search(r"missing required field `(.*?)`", said):
        sentence = f"lacks `{missing[1]}`; write it"
    elif key == "kind":
        sentence = f"there is no such kind of part; {suggestion(kind, list(_KINDS))}"
    elif kinds := re.search(r"Expected `(\w+).*?`, got `(\w+)`", said):
        want, got = (_PLAIN.get(kinds[i], kinds[i]) for i in (1, 2))
        sentence = f"`{key}` is {got}; write {want}"
    elif choice := re.search(r"Invalid enum value '(.*?)'", said):
        sentence = f"`{key}` cannot be {choice[1]!r}; {_choices(shape, key)}"
    else:
        sentence = f"is not as a layout must be: {said}"
    return BrokenLayout(lines.where(number, name, key), sentence)


def suggestion(word: str, known: list[str]) -> str:
    """Return what was perhaps meant, else all that there is.

    >>> suggestion("heigth", ["width", "height"])
    'did you mean `height`?'
    """
    close = get_close_matches(word, known, n=1)
    if close:
        return f"did you mean `{close[0]}`?"
    return f"there are {', '.join(f'`{one}`' for one in sorted(known))}"


def _choices(shape: type[msgspec.Struct], key: str) -> str:
    field = next(f for f in msgspec.structs.fields(shape) if f.encode_name == key)
    return f"it is one of {', '.join(field.type.__args__)}"
