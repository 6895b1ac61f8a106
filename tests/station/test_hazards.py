"""What scanners send that stops, deafens or misleads a stock Textual app; through a real pty.

The table runs over every program in ``PROGRAMS``: each names its command, what its first screen
shows and how to read what it heard. One process serves the whole table: after every hazard it must
still be the same process, alive, on the same screen.
"""

import json
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from station import wording
from station.terminal import LOST_TERMINAL
from tests.terminal import Terminal

Heard = list[tuple[str, str]]
"""What the program heard, in order: kind (scan, key, half, damaged, long) and text."""

PASTE, PASTE_END = b"\x1b[200~", b"\x1b[201~"
CODE = "4006381333931"


@dataclass(frozen=True)
class Program:
    """A floor app to try."""

    name: str
    command: Callable[[Path], list[str]]
    """Given a folder of its own."""
    ready: str
    """On the first screen."""
    heard: Callable[[Path], Heard]
    asleep: str
    """What it says when another window has the keyboard."""
    environ: Callable[[Path], dict[str, str]] = lambda folder: {}
    tells_apart: bool = True
    """Does what it heard name keys, and why a broken scan is broken?"""
    shows_text: bool = True
    """Does the verdict of an unknown code show the code?"""
    has_traps: bool = True
    """Does F2 open a field and F3 a button?"""

    def expects(self, heard: Heard) -> Heard:
        """What of this it can tell."""
        if self.tells_apart:
            return heard
        return [("scan", text) for kind, text in heard if kind != "key"]


def _sample_heard(folder: Path) -> Heard:
    journal = folder / "journal"
    if not journal.exists():
        return []
    return [tuple(json.loads(line)) for line in journal.read_text(encoding="utf-8").splitlines()]


def _bench_heard(folder: Path) -> Heard:
    """What lies in the bench's own file, control characters and all."""
    database = folder / "bench.db"
    if not database.exists():
        return []
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as bench:
        query = "SELECT text FROM scans WHERE source != '' ORDER BY seq"
        return [("scan", text) for (text,) in bench.execute(query)]


PROGRAMS = [
    Program(
        name="floor_sample",
        command=lambda folder: [
            sys.executable, "-m", "tests.station.floor_sample", str(folder / "journal"),
        ],
        ready="Scan a tote",
        heard=_sample_heard,
        asleep="Another window has the keyboard",
    ),
    Program(
        name="packbench bench",
        command=lambda folder: [sys.executable, "-m", "station.cli", "bench"],
        environ=lambda folder: {"PACKBENCH_HOME": str(folder)},
        ready="Scan your badge",
        heard=_bench_heard,
        asleep=wording.asleep("en").line1,
        tells_apart=False,
        shows_text=False,
        has_traps=False,
    ),
]  # fmt: skip


@dataclass(frozen=True)
class Hazard:
    """Bytes, and what must have been heard."""

    name: str
    sent: bytes
    heard: list[tuple[str, str]] = field(default_factory=list)
    shown: str = ""
    """Part of the screen afterwards."""
    by_hand: bool = False
    """A person presses these keys, one by one."""


def scans(*texts: str) -> list[tuple[str, str]]:
    return [("scan", text) for text in texts]


HAZARDS = [
    # facts measured on a stock Textual app: each line of that table, in its order
    Hazard("DC1, the quit key", b"AB\x11CD\r", scans("AB\x11CD"), "AB␑CD"),
    Hazard("DLE, the palette, then quit", b"AB\x10quit\r", scans("AB\x10quit"), "AB␐quit"),
    Hazard("GS1 with GS", b"0104006381333931\x1d10ABC\x1d21XYZ\r",
           scans("0104006381333931\x1d10ABC\x1d21XYZ"), "10ABC␝21XYZ"),
    Hazard("TAB for an end, three times", b"12345678\t87654321\t99999999\t",
           scans("12345678", "87654321", "99999999"), "99999999"),
    Hazard("ETX for an end, the interrupt key", b"12345678\x03", scans("12345678"), "12345678"),
    Hazard("a paste of two lines", PASTE + b"4006381333931\n4012345678901" + PASTE_END + b"\r",
           scans("4006381333931", "4012345678901"), "4012345678901"),
    Hazard("ESC inside", b"AB\x1bCD\r", scans("AB\x1bCD"), "AB␛CD"),
    Hazard("markup", b"AB[/]C[b]D[\r", scans("AB[/]C[b]D["), "AB[/]C[b]D["),
    Hazard("a byte that is no UTF-8", b"M\xfcller\r", scans("M\ufffdller"), "M\ufffdller"),
    # and what we found beyond it
    Hazard("CR LF", b"11112222\r\n", scans("11112222"), "11112222"),
    Hazard("ETX and EOT after CR", b"22223333\r\x03\x04", scans("22223333"), "22223333"),
    Hazard("keypad Enter", b"33334444\x1bOM", scans("33334444"), "33334444"),
    Hazard("a chord first", b"\x1133334445\r", scans("\x1133334445"), "␑33334445"),
    Hazard("a frame", b"\x0244445555\x03\r", scans("44445555"), "44445555"),
    Hazard("Kitty keys: bare shifts, GS by name",
           b"".join(b"\x1b[%d;;%du" % (c, c) for c in b"0104") + b"\x1b[57441;2u\x1b[97;2;65u"
           + b"\x1b[93;5u\x1b[50;;50u\x1b[13u", scans("0104A\x1d2"), "0104A␝2"),
    Hazard("a Kitty key that is no character", b"55\x1b[99999999999u66\r",
           scans("55\x1b[99999999999u66"), "55␛[99999999999u66"),
    Hazard("an F-key inside", b"55556666\x1b[21~7\r", [("damaged", "555566667")], "RESCAN"),
    Hazard("an F-key first", b"\x1b[21~66667777\r", [("damaged", "66667777")], "RESCAN"),
    Hazard("arrows inside", b"66\x1b[A\x1b[B77\r", [("damaged", "6677")], "RESCAN"),
    Hazard("half a code", b"40063", [("half", "40063")], "RESCAN"),
    Hazard("two frames run together", b"\x02400638\x024006381333931\r",
           [("damaged", "400638\x024006381333931")], "RESCAN"),
    Hazard("4 kB", b"7" * 4096 + b"\r", scans("7" * 4096), "7777"),
    Hazard("more than 4 kB", b"8" * 6000 + b"\r", [("long", "8" * 4097)], "RESCAN"),
    Hazard("a size report of a giant terminal", b"1\x1b[48;99999;99999;1;1t2222\r",
           scans("12222"), "12222"),
    Hazard("a paste that never ends", PASTE + b"77778888", scans("77778888"), "77778888"),
    Hazard("twenty scans in one write", b"".join(b"%08d\r" % n for n in range(20)),
           scans(*(f"{n:08d}" for n in range(20))), "00000019"),
    Hazard("Chinese, Thai, Arabic, emoji", "绿茶ชาشاي🍵\r".encode(), scans("绿茶ชาشاي🍵"), "绿茶"),
    Hazard("every control character", bytes(set(range(32)) - {2, 3, 9, 10, 13, 27}) + b"end\r",
           scans("".join(map(chr, sorted(set(range(32)) - {2, 3, 9, 10, 13, 27}))) + "end"), "␁"),
    Hazard("the quit key alone, by hand", b"\x11", [("key", "ctrl+q")], by_hand=True),
]  # fmt: skip


@dataclass
class Running:
    program: Program
    folder: Path
    terminal: Terminal

    def heard(self) -> Heard:
        return self.program.heard(self.folder)

    def hears(self, expected: Heard, since: int) -> None:
        expected = self.program.expects(expected)
        self.terminal.wait_until(
            lambda: len(self.heard()) >= since + len(expected), f"{expected} to be heard"
        )
        assert self.heard()[since:] == expected


# The sample is quick and finds what the input layer does wrong; the bench itself is the proof.
TRIED = [
    pytest.param(program, marks=pytest.mark.slow if number else (), id=program.name)
    for number, program in enumerate(PROGRAMS)
]


@pytest.fixture(scope="module", params=TRIED)
def running(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    program: Program = request.param
    folder = tmp_path_factory.mktemp(program.name)
    with Terminal(program.command(folder), environ=program.environ(folder)) as terminal:
        terminal.wait_for(program.ready)
        yield Running(program, folder, terminal)


@pytest.mark.parametrize("hazard", HAZARDS, ids=lambda hazard: hazard.name)
def test_the_bench_hears_exactly_what_was_scanned(running: Running, hazard: Hazard) -> None:
    before = len(running.heard())
    if hazard.by_hand:
        running.terminal.type(hazard.sent, gap=0.1)
    else:
        running.terminal.write(hazard.sent)
    running.hears(hazard.heard, before)
    if hazard.shown and running.program.shows_text:
        running.terminal.wait_for(hazard.shown)
    assert running.terminal.alive
    # The next scan is as good as any: nothing of the hazard is left in the decoder.
    running.terminal.write(CODE.encode() + b"\r")
    running.hears(scans(CODE), before + len(running.program.expects(hazard.heard)))
    if running.program.shows_text:
        running.terminal.wait_for(CODE)


def test_no_control_character_of_a_scan_reaches_the_terminal(running: Running) -> None:
    before = len(running.heard())
    running.terminal.write(b"A\x1d\x9c\xc2\x9bB\r")
    running.hears(scans("A\x1d\ufffd\x9bB"), before)
    if running.program.shows_text:
        running.terminal.wait_for("A␝")
    shown = running.terminal.output[-20_000:]
    assert b"\x1d" not in shown
    assert b"\xc2\x9b" not in shown


def test_a_code_typed_by_hand_is_heard_at_any_speed(running: Running) -> None:
    before = len(running.heard())
    running.terminal.type(b"4006", gap=0.08)
    running.terminal.wait_for("4006_")
    running.terminal.type(b"381\r", gap=0.04)
    running.hears(scans("4006381"), before)


def test_it_says_so_when_another_window_has_the_keyboard(running: Running) -> None:
    running.terminal.focus(False)
    running.terminal.wait_for(running.program.asleep)
    running.terminal.focus(True)
    running.terminal.wait_until(
        lambda: running.program.asleep not in running.terminal.text, "the verdict to come back"
    )


def test_a_key_shows_that_the_keyboard_is_back(running: Running) -> None:
    running.terminal.focus(False)
    running.terminal.wait_for(running.program.asleep)
    before = len(running.heard())
    running.terminal.write(b"12344321\r")
    running.hears(scans("12344321"), before)
    running.terminal.wait_until(
        lambda: running.program.asleep not in running.terminal.text, "the verdict to come back"
    )


def test_it_follows_the_size_of_the_window(running: Running) -> None:
    terminal = running.terminal
    for columns, rows in ((80, 24), (200, 60), (40, 12), (120, 38)):
        terminal.resize(columns, rows)
        terminal.wait_until(
            lambda rows=rows: "F1" in terminal.lines[rows - 1],  # type: ignore[misc]  # bound now
            f"the keys in the last of {rows} rows",
        )
        before = len(running.heard())
        terminal.write(CODE.encode() + b"\r")
        running.hears(scans(CODE), before)
        if running.program.shows_text:
            terminal.wait_for(CODE)


def test_a_scan_never_presses_the_button_that_has_focus(running: Running) -> None:
    if not running.program.has_traps:
        pytest.skip("this program has no field and no button")
    before = len(running.heard())
    running.terminal.write(b"\x1bOR")
    running.terminal.wait_for("Delete order")
    running.terminal.write(b"4006381333931\r87654321\t99999999\r")
    running.hears([("key", "f3"), *scans(CODE, "87654321", "99999999")], before)
    running.terminal.write(b"\x1bOS")
    running.hears([("key", "f4")], before + 4)


def test_a_scan_never_lands_in_a_field_and_typing_does(running: Running) -> None:
    if not running.program.has_traps:
        pytest.skip("this program has no field and no button")
    before = len(running.heard())
    running.terminal.write(b"\x1bOQ")
    running.terminal.wait_for("a note")
    running.terminal.write(b"4006381333931\r")
    running.hears([("key", "f2"), *scans(CODE)], before)
    running.terminal.type(b"torn\r", gap=0.05)
    running.hears([("note", "torn")], before + 2)


@pytest.mark.slow
@pytest.mark.parametrize("program", TRIED)
def test_it_ends_when_its_terminal_is_gone_without_a_word(program: Program, tmp_path: Path) -> None:
    before = os.times()
    with Terminal(
        program.command(tmp_path), environ=program.environ(tmp_path), controlling=False
    ) as terminal:
        terminal.wait_for(program.ready)
        terminal.hang_up()
        assert terminal.wait_for_exit() == LOST_TERMINAL
        used = os.times()
    assert used.children_user - before.children_user < 10, "it must not spin on a dead descriptor"


@pytest.mark.parametrize("program", TRIED)
def test_it_refuses_a_terminal_that_cannot_show_it(program: Program, tmp_path: Path) -> None:
    with Terminal(
        program.command(tmp_path), environ={**program.environ(tmp_path), "TERM": "dumb"}
    ) as terminal:
        assert terminal.wait_for_exit() == 1
        assert "cannot show the bench" in terminal.text
