"""What does `packbench …` do? One row a command; the command's own module does the rest.

Only the module of the command that was asked for is imported: `packbench scan` must not wait for
a terminal library, nor `packbench demo --headless` for a database. A module offers
`add_parser(subparsers)` and `run(args) -> int`; a row without a module is promised for later.
"""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, cast

DONE, REFUSED, STOPPED = 0, 1, 130
"""Exit statuses; 2, wrong usage, is argparse's. 130 is what a shell says of Ctrl-C."""


class Module(Protocol):
    """What the module of a command offers."""

    def add_parser(self, subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
        """Add the commands that it has."""

    def run(self, args: argparse.Namespace) -> int:
        """Do what the parsed arguments say; return the exit status."""


@dataclass(frozen=True, slots=True)
class Command:
    """A row of `packbench --help`."""

    module: str
    help: str


COMMANDS = {
    "demo": Command("station.demo.cli", "everything on this machine, with virtual devices"),
    "bench": Command("station.bench_cli", "the packer's terminal"),
    "enrol": Command("station.bench_cli", "join this bench to a hub"),
    "orders": Command("station.bench_cli", "this bench's own queue"),
    "scan": Command("station.scan_cli", "what a scan would mean here"),
    "doctor": Command("station.doctor", "check everything, and say what to do"),
    "setup": Command("station.setup.cli", "find the devices, try them, write station.toml"),
    "device": Command("station.device_cli", "list, test, identify or simulate devices"),
    "label": Command("station.paper_cli", "layouts: list, draw, read back, watch"),
    "cards": Command("station.cards_cli", "the command sheet: every command as a barcode"),
    "board": Command("", "the supervisor's terminal (comes later)"),
    "night": Command("", "batch shipping (comes later)"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; 0 done, 1 refused or failed, 2 wrong usage."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words[:2] == ["device", "simulate"]:
            return _simulate(words[2:])
        return _run(words)
    except KeyboardInterrupt:
        return STOPPED
    except BrokenPipeError:
        # Whoever read us has enough; Python would complain at exit when it flushes.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED


def _run(words: list[str]) -> int:
    asked = next((word for word in words if not word.startswith("-")), "")
    command = COMMANDS.get(asked)
    if command is not None and not command.module:
        sys.stderr.write(
            f"`packbench {asked}` is not built yet; the bench itself (`packbench bench`) is.\n"
        )
        return REFUSED
    parser = argparse.ArgumentParser(
        prog="packbench", description="The packing bench: scan, pick, pack, label, confirm."
    )
    parser.add_argument("--version", action="version", version=f"packbench {_version(words)}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    module = _module(command.module) if command is not None else None
    if module is not None:
        module.add_parser(subparsers)
    for name, other in COMMANDS.items():
        if name not in subparsers.choices:
            subparsers.add_parser(name, help=other.help)
    args = parser.parse_args(words)
    # argparse has refused every word that is no command, so there is a module.
    return cast(Module, module).run(args)


def _module(name: str) -> Module:
    return cast(Module, importlib.import_module(name))  # import_module gives any module


def _simulate(words: list[str]) -> int:
    from drivers.simulate import cli  # only this command needs the virtual devices

    return cli.main(words)


def _version(words: list[str]) -> str:
    if "--version" not in words:
        return ""
    from importlib.metadata import version  # 15 ms that no other command pays

    return version("packbench")


if __name__ == "__main__":
    sys.exit(main())
