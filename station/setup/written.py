"""How do new devices get into station.toml, with everything else in it as it was?

Comments, order, other tables and unknown formatting stay byte for byte. A table that is there
already keeps its other keys and comments; only the values that the set-up found are changed. What
comes out is read again before the file is replaced: if it does not say exactly what it should,
nothing is written and a sentence says why.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

import msgspec

from station.config import Config

Value = str | int | tuple[str, ...]
Tables = Mapping[str, Mapping[str, Value]]
"""By header ("printers.labels"): the keys to set."""
BEFORE = "station.toml.before"
"""The file as it was, kept beside the new one."""
_HEADER = re.compile(r"^\s*\[")


class Unwritable(Exception):
    """The file was left as it is; the sentence says why, and what to do."""


def merged(text: str, tables: Tables) -> str:
    r"""Return the file's new text. Raises Unwritable.

    >>> print(merged('# ours\n[scales.bench]\nurl = "a://b" # left\n', {"scales.bench":
    ...     {"url": "c://d", "protocol": "nci"}}))
    # ours
    [scales.bench]
    url = "c://d" # left
    protocol = "nci"
    <BLANKLINE>
    """
    for header, keys in tables.items():
        text = _with_table(text, header, keys)
    return text


def write(file: Path, tables: Tables) -> None:
    """Put the tables into the file. Raises Unwritable."""
    try:
        old = file.read_text("utf-8") if file.exists() else ""
    except (OSError, UnicodeDecodeError) as e:
        raise Unwritable(f"{file} cannot be read: {e}. Move it away and begin again.") from e
    new = merged(old, tables)
    _check(file, old, new, tables)
    fresh = file.with_name(f"{file.name}.new")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        if old:
            file.with_name(BEFORE).write_text(old, "utf-8")
        fresh.write_text(new, "utf-8")
        fresh.replace(file)
    except OSError as e:
        raise Unwritable(f"{file} cannot be written: {os.strerror(e.errno or 0)}.") from e


def _with_table(text: str, header: str, keys: Mapping[str, Value]) -> str:
    lines = text.splitlines(keepends=True)
    named = re.compile(rf"^\s*\[\s*{re.escape(header)}\s*\]\s*(#.*)?$")
    start = next((at for at, line in enumerate(lines) if named.match(line)), None)
    if start is None:
        gap = "" if not text.strip() else "\n" if text.endswith("\n") else "\n\n"
        return f"{text}{gap}[{header}]\n" + "".join(_line(k, v) for k, v in keys.items())
    end = next((at for at in range(start + 1, len(lines)) if _HEADER.match(lines[at])), len(lines))
    table = lines[start:end]
    if not table[-1].endswith("\n"):
        table[-1] += "\n"
    for key, value in keys.items():
        _set(table, key, value)
    return "".join((*lines[:start], *table, *lines[end:]))


def _set(table: list[str], key: str, value: Value) -> None:
    """Change a key's line, its comment kept; or add one below the last line that says something."""
    own = re.compile(rf"^(\s*{re.escape(key)}\s*=\s*)([^#\n]*?)(\s*#.*)?\n$")
    for at, line in enumerate(table):
        if found := own.match(line):
            table[at] = f"{found[1]}{_value(value)}{found[3] or ''}\n"
            return
    last = max(at for at, line in enumerate(table) if line.strip() and line.lstrip()[0] != "#")
    table.insert(last + 1, _line(key, value))


def _line(key: str, value: Value) -> str:
    return f"{key} = {_value(value)}\n"


def _value(value: Value) -> str:
    # TOML's basic strings, arrays of them and integers are JSON's.
    return msgspec.json.encode(value).decode("utf-8")


def _check(file: Path, old: str, new: str, tables: Tables) -> None:
    sorry = f"{file} is written in a way that cannot be changed safely: {{}}. Add by hand:\n{{}}"
    by_hand = merged("", tables)
    try:
        wanted = tomllib.loads(old)
        for header, keys in tables.items():
            kind, name = header.split(".")
            table = wanted.setdefault(kind, {}).setdefault(name, {})
            table |= {k: list(v) if isinstance(v, tuple) else v for k, v in keys.items()}
        if tomllib.loads(new) != wanted:
            raise Unwritable(sorry.format("one table is not where it was looked for", by_hand))
        msgspec.toml.decode(new.encode("utf-8"), type=Config)
    except (tomllib.TOMLDecodeError, msgspec.DecodeError, AttributeError, TypeError) as e:
        raise Unwritable(sorry.format(str(e), by_hand)) from e
