import inspect
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual import events
from textual._xterm_parser import XTermParser
from textual.drivers import linux_driver

from station.terminal import SturdyParser, clean, harden, unfit


def test_textual_still_is_where_we_reach_into_it() -> None:
    source = inspect.getsource(linux_driver.LinuxDriver.run_input_thread)
    assert 'getincrementaldecoder("utf-8")().decode' in source
    assert "parser = XTermParser(self._debug)" in source
    assert "for event in feed(unicode_data)" in source
    assert "for event in tick()" in source
    driver = vars(linux_driver)
    assert "getincrementaldecoder" in driver
    assert issubclass(driver["XTermParser"], XTermParser)
    for method in ("_parse_extended_key", "_sequence_to_key_events", "feed", "tick"):
        assert callable(getattr(XTermParser, method))


def test_hardened_the_driver_reads_any_byte(monkeypatch: pytest.MonkeyPatch) -> None:
    driver = vars(linux_driver)
    monkeypatch.setattr(linux_driver, "getincrementaldecoder", driver["getincrementaldecoder"])
    monkeypatch.setattr(linux_driver, "XTermParser", driver["XTermParser"])
    harden()
    harden()
    decode = vars(linux_driver)["getincrementaldecoder"]("utf-8")().decode
    assert decode(b"M\xfcller") == "M\ufffdller"
    assert vars(linux_driver)["XTermParser"] is SturdyParser


ATOMS = st.sampled_from(
    ["\x1b", "\x1b[", "\x1bO", "<", "?", ";", ":", "M", "m", "u", "~", "t", "$y", "48;",
     "99999999999", "1", "5", "A", "\r", "\x80", "x", "-1", "I", "13", "\x00", "绿"]
)  # fmt: skip


@given(st.lists(ATOMS, max_size=16).map("".join), st.integers(1, 20))
def test_no_input_stops_the_parser(text: str, cut: int) -> None:
    parser = SturdyParser()
    for at in range(0, len(text), cut):
        for message in parser.feed(text[at : at + cut]):
            assert message is not None
    after = [m.character for m in parser.feed("\x1b[Ik" * 2) if isinstance(m, events.Key)]
    assert "k" in after


def test_a_paste_that_nobody_ends_is_ended() -> None:
    clock = [100.0]
    parser = SturdyParser(clock=lambda: clock[0])
    assert not list(parser.feed("\x1b[200~77778888"))
    assert not list(parser.tick())
    clock[0] += 0.6
    [paste] = parser.tick()
    assert isinstance(paste, events.Paste)
    assert paste.text == "77778888"
    [key] = parser.feed("9")
    assert isinstance(key, events.Key)


def test_a_paste_in_pieces_is_one_paste() -> None:
    parser = SturdyParser()
    heard = [m for part in ("\x1b[2", "00~AB\nC", "D\x1b[20", "1~", "9") for m in parser.feed(part)]
    assert [type(m) for m in heard] == [events.Paste, events.Key]
    assert isinstance(heard[0], events.Paste)
    assert heard[0].text == "AB\nCD"


@given(st.text())
def test_clean_text_is_safe_to_draw_and_as_wide_as_it_looks(text: str) -> None:
    shown = clean(text)
    assert not any(c < " " or "\x7f" <= c < "\xa0" for c in shown)
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert clean(shown) == shown


def test_a_name_cannot_turn_the_row_around() -> None:
    assert clean("abc\u202egpj.exe\u2066") == "abcgpj.exe"


def test_a_terminal_that_cannot_show_the_bench_is_refused_with_a_sentence() -> None:
    assert not unfit({"TERM": "foot"}, interactive=True)
    for environ, interactive in (({"TERM": "dumb"}, True), ({}, True), ({"TERM": "foot"}, False)):
        assert unfit(environ, interactive).endswith(".")


def test_no_part_of_a_frame_is_dropped_where_python_was_told_not_to_buffer() -> None:
    look = (
        "import io, sys; from station.terminal import harden; harden(); "
        "print(isinstance(sys.__stderr__.buffer, io.BufferedWriter))"
    )
    said = subprocess.run(
        [sys.executable, "-c", look],
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert said.stdout == "True\n"
