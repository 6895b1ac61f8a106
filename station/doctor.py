"""What does `packbench doctor` do? Looks at everything a bench needs, and says what to do.

One line a thing: what was found, and where it is not well, what to do. Nothing is changed.
"""

from __future__ import annotations

import argparse
import locale
import os
import secrets
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from station import config
from station.config import BadConfig, Config

if TYPE_CHECKING:
    from station.checkup import Looked

ASK_SECONDS = 5.0
SMALLEST = (80, 24)
"""Columns and rows that the working screen needs."""
MOST_APART_SECONDS = 60.0
"""How far the clocks of hub and bench may be apart: ship-by times are counted down here, and they
are whole minutes."""
ROOM_MEBIBYTES = 200
"""Free room below which a busy bench may stand still before anybody looks again."""
SCRIPTS = {"Latin": "é", "Chinese": "包", "Thai": "ก", "Arabic": "ش"}


class Finding(msgspec.Struct, frozen=True):
    """What was found about one thing."""

    name: str
    ok: bool
    found: str
    do: str = ""
    """"" where there is nothing to do."""
    lamp: str = ""
    """Of a device: ok | warn | bad | off | unknown."""
    last: str = ""
    """What the device said of itself."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `doctor`."""
    parser = subparsers.add_parser("doctor", help="check everything, and say what to do")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--config", type=Path, metavar="FILE", help="another station.toml")


def run(args: argparse.Namespace) -> int:
    """Look at everything; 1 when something is not well."""
    home = config.home()
    findings = list(look(home, args.config or home / config.FILE))
    if args.json:
        sys.stdout.write(msgspec.json.encode(findings).decode() + "\n")
    else:
        for one in findings:
            sys.stdout.write(f"{'ok ' if one.ok else 'BAD'} {one.name:<14} {one.found}\n")
            if one.do:
                sys.stdout.write(f"{'':<18} -> {one.do}\n")
    return 0 if all(one.ok for one in findings) else 1


def look(home: Path, file: Path) -> Iterator[Finding]:
    """Look at everything, the cheapest first."""
    yield terminal()
    yield fonts()
    try:
        settings = config.read(file)
    except BadConfig as e:
        yield Finding("settings", False, str(e), "mend the file; the rest is looked at without it")
        settings = Config()
    else:
        where = str(file) if file.exists() else f"no {file}, so the defaults"
        yield Finding("settings", True, where)
    yield database(home)
    yield from hub(settings.hub or _kept(home, "hub"), home)
    yield from devices(settings)


def terminal() -> Finding:
    """Can the bench be shown here?"""
    from station.terminal import unfit  # it brings the terminal library along

    shown = sys.stdin.isatty() and sys.stdout.isatty()
    if shown and (why := unfit(os.environ, True)):
        return Finding("terminal", False, why, "start the bench in another terminal")
    size = shutil.get_terminal_size()
    if shown and (size.columns < SMALLEST[0] or size.lines < SMALLEST[1]):
        found = f"{size.columns} x {size.lines}"
        return Finding("terminal", False, found, "make the window larger, at least 80 x 24")
    encoding = locale.getpreferredencoding(False)
    if encoding.lower().replace("-", "") != "utf8":
        return Finding("terminal", False, f"it writes {encoding}", "set LANG to a UTF-8 locale")
    if not shown:
        return Finding("terminal", True, "not looked at: this output goes elsewhere")
    return Finding("terminal", True, f"{os.environ.get('TERM')}, {size.columns} x {size.lines}")


def fonts() -> Finding:
    """Can every script be drawn on a label?"""
    from drivers.label_printers import fonts as faces  # as above

    try:
        missing = [name for name, sign in SCRIPTS.items() if faces.face_for(sign, False) is None]
    except faces.FontMissing as e:
        return Finding("fonts", False, "a font is not installed", str(e))
    if missing:
        found = f"no letters for {', '.join(missing)}"
        return Finding("fonts", False, found, "install the Noto fonts of your system")
    return Finding("fonts", True, f"letters for {', '.join(SCRIPTS)}")


def database(home: Path) -> Finding:
    """Is the bench's file whole, and is there room for it?"""
    from station.config import DATABASE
    from station.store.store import Store, StoreError

    path = home / DATABASE
    if not path.exists():
        return Finding("database", False, f"no bench in {home}", "join a hub: packbench enrol")
    free = shutil.disk_usage(home).free >> 20
    if free < ROOM_MEBIBYTES:
        return Finding("database", False, f"{free} MiB free on its disk", "make room")
    try:
        store = Store(path)
        try:
            store.check()
            with store.turn(feed=True) as turn:
                version = turn.sql.exec_driver_sql("select sqlite_version()").scalar()
        finally:
            store.close()
    except StoreError as e:
        return Finding("database", False, str(e), "keep a copy of the file before anything else")
    return Finding("database", True, f"{path} is whole; SQLite {version}")


def _kept(home: Path, key: str) -> str:
    """Return what enrolling has left behind: `hub`, its address, or `enrolled`."""
    from station.config import DATABASE
    from station.store.store import Store, StoreError

    if not (home / DATABASE).exists():
        return ""
    try:
        store = Store(home / DATABASE)
    except StoreError:
        return ""
    try:
        with store.turn(feed=True) as turn:
            return turn.get(key)
    finally:
        store.close()


def hub(url: str, home: Path) -> Iterator[Finding]:
    """Does the hub answer, is its clock ours, and are we a bench of it?"""
    from sync.client import unreached  # as above
    from sync.client.signer import CA, ssl_context

    if urlsplit(url).scheme not in ("http", "https"):
        found = f"{url} is no address of a hub" if url else "none is set"
        yield Finding("hub", False, found, "join one: packbench enrol HUB-URL CODE")
        return
    ca = home / CA if (home / CA).exists() else None
    trusted = ssl_context(ca) if url.startswith("https") else None
    try:
        asked = time.time()
        with urllib.request.urlopen(  # noqa: S310  # http or https, see above
            f"{url}/healthz", timeout=ASK_SECONDS, context=trusted
        ) as answer:
            answered, said = time.time(), answer.headers.get("Date", "")
    except (urllib.error.URLError, OSError) as e:
        if isinstance(e, urllib.error.HTTPError):
            e.close()  # it is an open answer as well
        found = f"{url} does not answer: {unreached.why(e)}"
        yield Finding("hub", False, found, "packing goes on; see to network and hub")
        return
    yield Finding("hub", True, f"{url} answers in {(answered - asked) * 1000:.0f} ms")
    there = parsedate_to_datetime(said).timestamp() if said else answered
    if said:
        yield clock(there, answered)
    yield from identity(url, home, ca, there - answered)


def identity(url: str, home: Path, ca: Path | None, ahead: float) -> Iterator[Finding]:
    """Does the hub know this machine? `ahead`: seconds that the hub's clock is before ours."""
    from sync.client.signer import KEY, authorization, open_key  # as above
    from sync.client.wire import Away, Wire
    from sync.protocol.messages import Enrolled, Me, Refusal

    body = _kept(home, "enrolled")
    if not body:
        return  # the database says so
    me = msgspec.json.decode(body, type=Enrolled)
    again = "join again: packbench enrol HUB-URL CODE"
    if not (home / KEY).exists():
        yield Finding("identity", False, f"{home / KEY} is not there", again)
        return
    try:
        signer = open_key(home / KEY)
    except (ValueError, OSError) as e:
        yield Finding("identity", False, str(e), again)
        return
    at, nonce = time.time() + ahead, secrets.token_hex(16)
    signed = authorization(signer, me.bench, me.incarnation, at, nonce, "GET", "/v1/me", b"")
    wire = Wire(url, ca)
    try:
        heard = wire.ask("GET", "/v1/me", b"", {"Authorization": signed}, ASK_SECONDS)
        if heard.status == 200:
            known = msgspec.json.decode(heard.body, type=Me)
            found = f"bench {known.bench}; the hub has {known.last_seq} of its entries"
            yield Finding("identity", True, found)
            return
        why = msgspec.json.decode(heard.body, type=Refusal).error
    except (Away, msgspec.DecodeError) as e:
        why = str(e)
    finally:
        wire.close()
    yield Finding("identity", False, why, again)


def clock(there: float, here: float) -> Finding:
    """Are two clocks the same, as far as it matters? Seconds since 1970.

    >>> clock(1000.0, 1003.0).ok, clock(1000.0, 1600.0).found
    (True, '600 s ahead of the hub')
    """
    apart = here - there
    if abs(apart) <= MOST_APART_SECONDS:
        return Finding("clock", True, "as the hub's")
    found = f"{abs(apart):.0f} s {'ahead of' if apart > 0 else 'behind'} the hub"
    return Finding("clock", False, found, "let both set their clocks by NTP")


def devices(settings: Config) -> Iterator[Finding]:
    """How is every device of station.toml, and what is to be done about it?"""
    from station.checkup import look as look_at  # serial ports are for here alone

    kinds = (
        ("scanner", settings.scanners),
        ("scale", settings.scales),
        ("printer", settings.printers),
    )
    every = [(name, kind, one) for kind, named in kinds for name, one in named.items()]
    for name, kind, device in every:
        yield _device(name, kind, device.url, look_at(device), settings.language)
    if not every:
        yield Finding("devices", True, "none in station.toml: packbench setup finds them")


def _device(name: str, kind: str, url: str, looked: Looked, language: str) -> Finding:
    from station import conflict
    from station.wording import devices as words
    from station.wording import render

    path = urlsplit(url).path
    what, do = words.state(looked.lamp, looked.word), words.todo(looked.lamp, looked.word)
    if looked.word == "occupied" and (held := conflict.holders(path)):
        what, do = words.held(held[0]), words.release(held[0])
    elif looked.word == "unplugged" and url.startswith("usb://") and conflict.nodeless_printer():
        taken = conflict.takers()
        what = words.node_taken(taken[0]) if taken else words.NODE_MISSING
        do = words.release(taken[0]) if taken else words.LOAD_DRIVER
    elif looked.lamp == "unknown" and not looked.word:
        what, do = words.CANNOT_BE_ASKED, words.NOTHING_TO_DO
    said = f" ({looked.said})" if looked.said else ""
    return Finding(
        name,
        looked.lamp not in ("bad", "off"),
        f"{kind} {url}: {render(what, language)}{said}",
        "" if do == words.NOTHING_TO_DO else render(do, language),
        lamp=looked.lamp,
        last=looked.said,
    )
