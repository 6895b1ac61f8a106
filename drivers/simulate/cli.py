"""The command behind `packbench device simulate`: one virtual device, until told to stop.

Prints one line of JSON when the device is ready (`{"ready": …, "url": …}`), then one for every
line of words from standard input; ends at SIGTERM, SIGINT, never at the end of standard input.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from drivers.simulate import epl2, escpos, fault, scale, scanner, text, tspl, zpl
from drivers.simulate.control import Control, Obey, read_words
from drivers.simulate.label_printer import VirtualPrinter
from drivers.simulate.personality import Personality
from drivers.simulate.scale import PROTOCOLS, VirtualScale
from drivers.simulate.scanner import ENDINGS, Habits, VirtualScanner

_CANNOT = 1
_STANDARD_INPUT = 0
_LANGUAGES = ("zpl", "tspl", "epl2", "text")
_STANDARD_HEADS = (6, 8, 12, 24)
"""Dots in a millimetre of the heads that are sold: 152, 203, 300 and 600 dpi."""


def main(argv: list[str]) -> int:
    """Run the device that `argv` describes; 1 and a sentence when it cannot be."""
    options = _parser().parse_args(argv)
    with ExitStack() as stack:
        try:
            ready, obey = options.open(options, stack)
            if options.control:
                control = Control(options.control, obey)
                stack.callback(control.close)
                ready["control"] = control.url
        except (OSError, ValueError) as e:
            sys.stderr.write(f"This {options.device} cannot be simulated: {e}\n")
            return _CANNOT
        with _until_signalled() as told:
            _say(json.dumps({"ready": options.device, **ready}))
            read_words(_STANDARD_INPUT, obey, _say)
            told.wait()
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


@contextmanager
def _until_signalled() -> Iterator[threading.Event]:
    told = threading.Event()
    before = {
        number: signal.signal(number, lambda *_: told.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield told
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="packbench device simulate",
        description="A virtual device, to try the bench without hardware and to train people.",
    )
    devices = parser.add_subparsers(dest="device", required=True, metavar="DEVICE")
    _add_printer(devices.add_parser("label-printer", help="a label printer on a TCP port"), 9101)
    _add_printer(devices.add_parser("receipt-printer", help="a receipt printer (ESC/POS)"), 9102)
    _add_scanner(devices.add_parser("scanner", help="a scanner on a pseudo-terminal"))
    _add_scale(devices.add_parser("scale", help="a scale on a pseudo-terminal"))
    for device in devices.choices.values():
        device.add_argument(
            "--control", metavar="URL", help="take words at unix:///path or tcp://127.0.0.1:0"
        )
    return parser


def _add_printer(parser: argparse.ArgumentParser, port: int) -> None:
    label = port == 9101
    parser.add_argument("--listen", default=f"tcp://127.0.0.1:{port}", metavar="URL")
    if label:
        parser.add_argument(
            "--language", choices=_LANGUAGES, default="zpl", help="text: prints what it is told"
        )
        parser.add_argument("--serial", default="PACKBENCH1", metavar="TEXT", help="which it is")
        parser.add_argument("--dpmm", type=int, choices=_STANDARD_HEADS, default=8)
    parser.add_argument("--record", type=Path, metavar="DIR", help="keep what comes out here")
    parser.add_argument("--media", type=_count, metavar="N", help="labels on a roll (no end)")
    parser.add_argument("--ms-per-label", type=float, default=300.0, metavar="MS")
    parser.add_argument("--refill-after", type=float, metavar="SECONDS", help="somebody refills it")
    _add_faults(parser, fault.NAMES)
    parser.set_defaults(open=_open_printer)


def _add_scanner(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--link", type=Path, required=True, metavar="PATH", help="its stable name")
    parser.add_argument("--ending", choices=tuple(ENDINGS), default="cr")
    parser.add_argument("--aim", action="store_true", help="send the AIM identifier")
    parser.add_argument("--stx", action="store_true", help="send STX first")
    parser.add_argument("--ms-per-byte", type=float, default=0.0, metavar="MS")
    parser.add_argument("--double", action="store_true", help="read every code twice")
    parser.add_argument("--noise", type=float, default=0.0, metavar="SHARE")
    parser.add_argument("--seed", type=int, default=0, help="of the noise")
    _add_faults(parser, scanner.FAULTS)
    parser.set_defaults(open=_open_scanner)


def _add_scale(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--link", type=Path, required=True, metavar="PATH", help="its stable name")
    parser.add_argument("--protocol", choices=PROTOCOLS, default="mt-sics")
    parser.add_argument("--settle-seconds", type=float, default=0.6, metavar="SECONDS")
    parser.add_argument("--capacity", type=_count, default=30_000, metavar="GRAMS")
    _add_faults(parser, scale.FAULTS)
    parser.set_defaults(open=_open_scale)


def _add_faults(parser: argparse.ArgumentParser, known: Mapping[str, str]) -> None:
    names = "; ".join(f"{name}: {does}" for name, does in known.items())
    parser.add_argument(
        "--fault",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help=f"may be given again: {names}",
    )


Ready = dict[str, object]


def _open_printer(options: argparse.Namespace, stack: ExitStack) -> tuple[Ready, Obey]:
    address = urlsplit(options.listen)
    if address.scheme != "tcp" or not address.hostname:
        raise ValueError(f"it listens at tcp://HOST:PORT, not at {options.listen}")
    faults = [fault.parsed(text) for text in options.fault]
    personality = _personality(options)
    if personality.suffix != "zpl" and any(found.name in fault.ZPL_ONLY for found in faults):
        raise ValueError(f"only a ZPL printer can be told {', '.join(fault.ZPL_ONLY)}")
    printer = VirtualPrinter(
        personality,
        host=address.hostname,
        port=address.port or 0,
        record=options.record,
        media=options.media,
        ms_per_label=options.ms_per_label,
        refill_after=options.refill_after,
    )
    for found in faults:
        printer.strike(found)
    printer.start()
    stack.callback(printer.stop)
    return {"url": printer.url, "record": options.record and str(options.record)}, _words(printer)


def _personality(options: argparse.Namespace) -> Personality:
    if options.device == "receipt-printer":
        return escpos.personality()
    match options.language:
        case "zpl":
            return zpl.personality(options.dpmm, options.serial)
        case "tspl":
            return tspl.personality()
        case "epl2":
            return epl2.personality()
        case _:
            return text.personality()


def _words(printer: VirtualPrinter) -> Obey:
    """Return what it does when told: media N, fault NAME, take, [un]plug, clear, state."""

    def obey(line: str) -> dict[str, object]:
        word, _, rest = line.strip().partition(" ")
        words: dict[str, Callable[[], None]] = {
            "media": lambda: printer.load(_count(rest) if rest else None),
            "fault": lambda: printer.fault(rest),
            "take": printer.take_label,
            "unplug": printer.unplug,
            "plug": printer.plug,
            "clear": printer.clear,
            "state": lambda: None,
        }
        if word not in words:
            raise ValueError(f"a printer knows {', '.join(words)}; not {word!r}")
        words[word]()
        return printer.state()

    return obey


def _open_scanner(options: argparse.Namespace, stack: ExitStack) -> tuple[Ready, Obey]:
    habits = Habits(
        ending=options.ending,
        aim=options.aim,
        stx=options.stx,
        ms_per_byte=options.ms_per_byte,
        double=options.double,
        noise=options.noise,
    )
    device = VirtualScanner(options.link, habits, random.Random(options.seed))  # noqa: S311
    stack.callback(device.close)
    for name in options.fault:
        device.strike(name)
    return {"url": f"serial://{options.link.absolute()}"}, device.obey


def _open_scale(options: argparse.Namespace, stack: ExitStack) -> tuple[Ready, Obey]:
    device = VirtualScale(
        options.link,
        options.protocol,
        settle_seconds=options.settle_seconds,
        capacity=options.capacity,
    )
    stack.callback(device.close)
    for name in options.fault:
        device.strike(name)
    wire = "hidraw" if options.protocol == "hid" else "serial"
    url = f"{wire}://{options.link.absolute()}"
    return {"url": url, "protocol": options.protocol}, device.obey


def _count(text: str) -> int:
    if not text.isdigit():
        raise ValueError(f"{text!r} is no number")
    return int(text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
