"""What does `packbench scan TEXT` do? It says what a scan would mean, without doing it."""

from __future__ import annotations

import argparse
import dataclasses
import sys

import msgspec

from station import codes


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `scan`."""
    parser = subparsers.add_parser("scan", help="what a scan would mean here")
    parser.add_argument("text", help=r"as the scanner sends it; \x1d is the GS of GS1")
    parser.add_argument("--json", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Say it."""
    meaning = explained(args.text.replace(r"\x1d", "\x1d"))
    if args.json:
        sys.stdout.write(msgspec.json.encode(meaning).decode() + "\n")
        return 0
    beside = [f"{name} {value}" for name, value in meaning.items() if name not in ("kind", "value")]
    sys.stdout.write(", ".join([f"{meaning['kind']}: {meaning['value']}", *beside]) + "\n")
    return 0


def explained(text: str) -> dict[str, str | int]:
    """Return the kind of a code, its value, and whatever else it says.

    >>> explained("4006381333931")
    {'kind': 'gtin', 'value': '04006381333931'}
    >>> explained("pkcmdqty12")
    {'kind': 'command', 'value': 'QTY', 'n': 12}
    """
    code = codes.read(text)
    kind = type(code).__name__.removesuffix("Code").lower()
    (_, value), *others = (
        (field.name, getattr(code, field.name)) for field in dataclasses.fields(code)
    )
    if kind == "tracking":
        value, others = code.number, [("carrier", code.carrier)]  # type: ignore[union-attr]  # that is its kind
    silent = {"count": 1, "n": 0}
    said = {name: other for name, other in others if other and other != silent.get(name)}
    return {"kind": kind, "value": value, **said}
