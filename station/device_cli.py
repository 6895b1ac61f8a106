"""What does `packbench device …` do? Lists what is plugged in, tests it, asks who it is.

`list` shows the devices of station.toml and what is plugged into this machine; `identify` asks
each device what it is; `test` waits for a scan or a weight, or prints a label. Simulated devices
(`device simulate`) are `drivers.simulate`'s business.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import msgspec

from drivers import scales, scanners
from drivers.label_printers import language, trial, zpl_status
from drivers.label_printers.capability import Capability
from drivers.transports import Transport, WireError, open_transport
from station import checkup, config, printer_trial
from station.config import BadConfig, Config, Printer, Scale, Scanner
from station.wording import devices as words
from station.wording import render

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 2.0
TEST_SECONDS = 15.0
"""How long a person may take to scan or to put something on the scale."""
PORTS = (
    ("serial", Path("/dev/serial/by-id"), "*"),
    ("usb", Path("/dev/usb"), "lp*"),
    ("evdev", Path("/dev/input/by-id"), "*-event-kbd"),
    ("hidraw", Path("/dev"), "hidraw*"),
)
"""Where devices show up: how their address begins, the folder, their names in it."""


class Found(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a device."""

    name: str
    kind: str
    """scanner | scale | printer | port."""
    url: str
    ok: bool | None = None
    """None: nobody asked."""
    said: str = ""
    """What it says of itself, or why it says nothing."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `device` and its verbs."""
    parser = subparsers.add_parser("device", help="list, test, identify or simulate devices")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another station.toml")
    verbs = parser.add_subparsers(dest="verb", required=True)
    for verb, help in (
        ("list", "what is plugged in"),
        ("identify", "what it says of itself"),
        ("test", "scan, weigh or print once"),
    ):
        command = verbs.add_parser(verb, help=help)
        command.add_argument("--json", action="store_true")
        if verb != "list":
            command.add_argument("name", nargs="*", help="of devices in station.toml; all if none")
        if verb == "test":
            command.add_argument(
                "--square", choices=tuple(trial.SQUARES), help="which of a test label was scanned"
            )
    verbs.add_parser("simulate", help="a virtual device: see `packbench device simulate --help`")


def run(args: argparse.Namespace) -> int:
    """Do what the parsed arguments say."""
    try:
        settings = config.read(args.config or config.home() / config.FILE)
    except BadConfig as e:
        sys.stderr.write(f"{e}\n")
        return 1
    if args.verb == "list":
        found = [*listed(settings), *ports()]
    else:
        square = args.square if args.verb == "test" else None
        ask = identify if args.verb == "identify" else partial(test, square=square)
        known = listed(settings)
        if missing := set(args.name) - {device.name for device in known}:
            sys.stderr.write(f"station.toml has no device called {', '.join(sorted(missing))}.\n")
            return 1
        found = [ask(settings, d) for d in known if not args.name or d.name in args.name]
    _tell(found, as_json=args.json)
    return 1 if any(device.ok is False for device in found) else 0


def listed(settings: Config) -> list[Found]:
    """Return the devices of station.toml."""
    kinds = (
        ("scanner", settings.scanners),
        ("scale", settings.scales),
        ("printer", settings.printers),
    )
    return [
        Found(name=name, kind=kind, url=device.url)
        for kind, devices in kinds
        for name, device in devices.items()
    ]


def ports() -> Iterator[Found]:
    """Return what is plugged into this machine, by the steadiest name that it has."""
    for scheme, folder, names in PORTS:
        for path in sorted(folder.glob(names)):
            yield Found(name=path.name, kind="port", url=f"{scheme}://{path}")


def identify(settings: Config, device: Found) -> Found:
    """Ask a device what it is."""
    match _settings(settings, device):
        case Printer(receipts=True) as printer:
            return _receipts(device, printer, settings.language)
        case Printer() as printer:
            return _asked(device, lambda wire: _identity(wire, printer))
        case Scale() as scale:
            return _asked(device, lambda wire: _weight(wire, scale, ANSWER_SECONDS))
        case Scanner():
            # A scanner has no question that every maker answers: being there is all we can ask.
            return _asked(device, lambda wire: "is plugged in; scan something to see more")


def test(settings: Config, device: Found, square: str | None) -> Found:
    """Use a device once. `square`: that of a printer's last test label that was scanned."""
    match _settings(settings, device):
        case Printer() if square is not None:
            return _take_square(device, square)
        case Printer(receipts=True) as printer:
            return _asked(device, lambda wire: _print_receipt(wire, printer, device.name))
        case Printer() as printer:
            return _asked(device, lambda wire: _print(wire, device.name, printer))
        case Scale() as scale:
            sys.stderr.write(f"{device.name}: put something on the scale.\n")
            return _asked(device, lambda wire: _weight(wire, scale, TEST_SECONDS, loaded=True))
        case Scanner() as scanner:
            sys.stderr.write(f"{device.name}: scan something.\n")
            return _asked(device, lambda wire: _scan(wire, scanner))


def _settings(settings: Config, device: Found) -> Printer | Scale | Scanner:
    match device.kind:
        case "printer":
            return settings.printers[device.name]
        case "scale":
            return settings.scales[device.name]
        case _:
            return settings.scanners[device.name]


class _NoAnswer(Exception):
    """The device is there and does not say what was asked for; the sentence says what to do."""


def _asked(device: Found, ask: Callable[[Transport], str]) -> Found:
    try:
        wire = open_transport(device.url)
        try:
            wire.connect(CONNECT_SECONDS)
            said, ok = ask(wire), True
        finally:
            wire.close()
    except (WireError, _NoAnswer) as e:
        said, ok = str(e), False
    return msgspec.structs.replace(device, ok=ok, said=said)


def _heard(wire: Transport, seconds: float, ask: bytes = b"") -> Iterator[bytes]:
    """Yield what comes within so many seconds, asking again and again."""
    deadline = time.monotonic() + seconds
    while (now := time.monotonic()) < deadline:
        if ask:
            wire.write(ask, deadline)
        if data := wire.read_until(min(now + 0.2, deadline)):
            yield data


def _identity(wire: Transport, printer: Printer) -> str:
    if "cups://" in printer.url:
        return "is a queue that takes jobs; what becomes of them CUPS does not say"
    if printer.language == "tspl" and printer.answers:
        known = printer_trial.met(wire, printer)
        answers = known is not None and known.answers
        return f"takes a connection and {'says how it is' if answers else 'says nothing'} (TSPL)"
    if not printer.answers:
        return f"takes a connection; {printer.language.upper()} printers are not asked more"
    reader = zpl_status.Reader()
    wire.write(zpl_status.ASK_IDENTITY + b"\r\n", time.monotonic() + ANSWER_SECONDS)
    for data in _heard(wire, ANSWER_SECONDS):
        for said in reader.receive(data):
            if isinstance(said, zpl_status.Identity):
                return f"{said.model}, firmware {said.firmware}, {said.dots_per_mm} dots per mm"
    raise _NoAnswer("does not answer ~HI. Set language or asks in station.toml.")


def _print(wire: Transport, name: str, printer: Printer) -> str:
    found = printer_trial.met(wire, printer)
    if found is not None and found.language == "zpl":
        known = printer_trial.tried(wire, name, printer, found)
        keep_known(name, known)
        told = "says when a label is out" if known.acknowledges else "was sent one"
        return f"{told}; scan square A, or B if A is empty: `packbench device test {name} --square`"
    from layouts import builtin, draw  # drawing is 100 ms that `device list` does not need

    shipping = builtin("shipping")
    label = draw(shipping, shipping.sample)
    job = language(printer.language).render(label, printer.dots_per_mm)
    wire.write(job, time.monotonic() + TEST_SECONDS)
    return "was sent a sample label; look whether it came out"


def _take_square(device: Found, square: str) -> Found:
    known = known_of(device.name)
    if known is None:
        told = "has printed no test label yet"
        return msgspec.structs.replace(device, ok=False, said=told)
    learnt = printer_trial.scanned(known, square)
    if learnt is not None:
        keep_known(device.name, learnt)
    return msgspec.structs.replace(device, ok=True, said=f"draws {(learnt or known).graphics}")


def known_of(name: str) -> Capability | None:
    """Return what this bench knows of a printer."""
    # SQLAlchemy is not for `device list`.
    from station.store import printers
    from station.store.store import Store

    with closing(Store(config.home() / config.DATABASE)) as store, store.turn(feed=True) as turn:
        return printers.capability(turn, name)


def keep_known(name: str, known: Capability) -> None:
    """Keep it in the bench's file: from now on this is the printer of that name."""
    from station.store import printers
    from station.store.store import Store

    config.home().mkdir(parents=True, exist_ok=True)
    with closing(Store(config.home() / config.DATABASE)) as store, store.turn() as turn:
        printers.keep(turn, name, known)


def _receipts(device: Found, printer: Printer, language: str) -> Found:
    looked = checkup.look(printer)
    what = render(words.state(looked.lamp, looked.word), language)
    said = f"{what} {looked.said}".strip()
    return msgspec.structs.replace(device, ok=looked.lamp in ("ok", "warn"), said=said)


def _print_receipt(wire: Transport, printer: Printer, name: str) -> str:
    from station.trial import job  # drawing is 100 ms that `device list` does not need

    wire.write(job(printer, "TEST", name), time.monotonic() + TEST_SECONDS)
    return "was sent a test receipt; look whether it came out"


def _weight(wire: Transport, scale: Scale, seconds: float, *, loaded: bool = False) -> str:
    reader = scales.READERS[scale.protocol]()
    for data in _heard(wire, seconds, scales.ASK[scale.protocol]):
        for said in reader.receive(data):
            if isinstance(said, scales.Reading) and said.stable and said.grams >= loaded:
                return f"{said.grams} g"
    raise _NoAnswer(f"gives no weight. Is {scale.protocol} its protocol?")


def _scan(wire: Transport, scanner: Scanner) -> str:
    reader = scanners.READERS[scanner.framing]()
    for data in _heard(wire, TEST_SECONDS):
        for said in reader.receive(data, time.monotonic()):
            if isinstance(said, scanners.Scan):
                return repr(said.text)
            raise _NoAnswer("sent half a code. Does it send Enter after each one?")
    raise _NoAnswer("sent nothing. Is it set to serial, with Enter after each code?")


def _tell(found: list[Found], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(msgspec.json.encode(found).decode() + "\n")
        return
    for device in found:
        mark = {True: "ok ", False: "BAD", None: "   "}[device.ok]
        sys.stdout.write(f"{mark} {device.kind:<8} {device.name:<12} {device.url}  {device.said}\n")
    if not found:
        sys.stderr.write("station.toml names no devices, and none is plugged in.\n")
