"""What does `packbench setup` do? Finds the devices, tries them, and writes station.toml."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from station import config
from station.config import BadConfig


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `setup`."""
    parser = subparsers.add_parser("setup", help="find the devices, try them, write station.toml")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another station.toml")
    parser.add_argument("--language", choices=("en", "zh"), help="of the questions")
    parser.add_argument(
        "--port",
        action="append",
        default=[],
        metavar="URL",
        help="offer this address too, such as serial:///dev/ttyUSB0; may be given again",
    )


def run(args: argparse.Namespace) -> int:
    """Ask, try, write; 1 when it was left before the end."""
    # The terminal and everything that drives a device are for this command alone.
    from station import device_cli, trial
    from station.bench_cli import take_alone
    from station.setup.app import SetupApp
    from station.setup.plan import Plan
    from station.terminal import harden, refuse_dumb_terminal

    home = config.home()
    home.mkdir(parents=True, exist_ok=True)
    file = args.config or home / config.FILE
    try:
        settings = config.read(file)
    except BadConfig as e:
        sys.stderr.write(f"{e}\n")
        return 1
    alone = take_alone(home)
    if alone is None:
        sys.stderr.write(f"The bench of {home} runs, and holds its devices: close it first.\n")
        return 1
    refuse_dumb_terminal()
    harden()
    ports = (*args.port, *(found.url for found in device_cli.ports()))
    begun = Plan(ports=ports, trial_code=trial.CODE)
    app = SetupApp(file, begun, args.language or settings.language)
    with alone:
        app.run()
    return app.return_code or 0
