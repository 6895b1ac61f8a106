"""What the set-up code finds, named for what is wrong at the bench."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.scanners import line, setup
from drivers.scanners.keymap import LAYOUTS, Layout
from drivers.scanners.scan import Scan
from drivers.scanners.setup import (
    GS,
    SETUP_TEXT,
    AnotherCode,
    CapsLock,
    Damaged,
    DoubleEnding,
    Finding,
    InputMethod,
    LostGs,
    NoAim,
    NoEnding,
    OneCase,
    Twice,
    WrongLayout,
    check,
)

WELL = f"]C0{SETUP_TEXT}\r"


def typed(text: str, scanner: Layout, keyboard: Layout) -> str:
    """What a computer makes of a scanner's keys, worked out from the keys."""
    out = ""
    for character in text:
        stroke = scanner.typed(character)
        if stroke is None:
            out += character
            continue
        out += keyboard.character(stroke)
        if stroke in scanner.dead:
            out += " "
    return out


@pytest.mark.parametrize("end", ["\r", "\n", "\t", "\x03\r"])
@pytest.mark.parametrize("begin", ["", "\x02"])
def test_a_scanner_that_is_set_well_has_nothing_to_mend(begin: str, end: str) -> None:
    assert check(f"{begin}]C0{SETUP_TEXT}{end}") == ()
    assert check(f"{begin}]C1{SETUP_TEXT}{end}") == ()


@pytest.mark.parametrize(
    ("scanner", "keyboard"), [p for p in itertools.product(LAYOUTS, LAYOUTS) if p[0] != p[1]]
)
def test_a_wrong_keyboard_layout_is_found_and_named(scanner: str, keyboard: str) -> None:
    came = typed(f"]C0{SETUP_TEXT}", LAYOUTS[scanner], LAYOUTS[keyboard])
    assert came != f"]C0{SETUP_TEXT}"
    assert check(came + "\r") == (WrongLayout(scanner, keyboard),)


def test_the_layouts_are_what_the_keyboards_say() -> None:
    # The first as it came through a terminal on a German host; a French one shifts its digits.
    assert typed("SKU-0042/A_Z[1]", LAYOUTS["us"], LAYOUTS["de"]) == "SKUß0042-A?Yü1+"
    assert typed("0123456789", LAYOUTS["us"], LAYOUTS["fr"]) == "à&é\"'(-è_ç"
    assert typed("AQWZM;", LAYOUTS["us"], LAYOUTS["fr"]) == "QAZW?m"


@pytest.mark.parametrize(
    ("came", "found"),
    [
        (f"]c0{SETUP_TEXT.swapcase()}\r", (CapsLock(),)),
        (f"]C0{SETUP_TEXT.upper()}\r", (OneCase(upper=True),)),
        (f"]c0{SETUP_TEXT.lower()}\r", (OneCase(upper=False),)),
        (WELL.replace(GS, ""), (LostGs(""),)),
        (WELL.replace(GS, "{GS}"), (LostGs("{GS}"),)),
        (WELL.replace(GS, "029"), (LostGs("029"),)),
        (WELL.replace(GS, "^]"), (LostGs("^]"),)),
        (WELL + "\n", (DoubleEnding("\r\n"),)),
        (WELL.rstrip(), (NoEnding(),)),
        (WELL + WELL, (Twice(),)),
        (WELL.rstrip() * 2 + "\r", (Twice(),)),
        (f"{SETUP_TEXT}\r", (NoAim(),)),
        (WELL.replace("q", ""), (Damaged(f"]C0{SETUP_TEXT.replace('q', '')}"),)),
        ("ＡＺ－／＿］\r", (InputMethod(),)),
        ("啊子-/_]^069E\r", (InputMethod(),)),
        ("-/_]^069\r", (InputMethod(),)),
        ("4006381333931\r", (AnotherCode("4006381333931"),)),
        ("hello\r", (AnotherCode("hello"),)),
    ],
    ids=repr,
)
def test_each_thing_that_is_set_wrong_is_told_apart(came: str, found: tuple[Finding, ...]) -> None:
    assert check(came) == found


def test_several_things_wrong_at_once_are_all_told() -> None:
    body = typed(SETUP_TEXT.swapcase(), LAYOUTS["us"], LAYOUTS["de"]).replace(GS, "")
    assert check(body + "\r\n") == (
        WrongLayout("us", "de"),
        CapsLock(),
        LostGs(""),
        DoubleEnding("\r\n"),
        NoAim(),
    )


def test_a_scanner_on_a_wire_is_tested_by_its_scan() -> None:
    [scan] = line.Reader().receive(f"]C0{SETUP_TEXT}\r\n".encode(), at=0.0)
    assert isinstance(scan, Scan)
    assert check(setup.came(scan)) == ()


def test_every_character_of_the_code_is_a_key_of_every_layout() -> None:
    for layout in LAYOUTS.values():
        assert [c for c in SETUP_TEXT if c != GS and layout.typed(c) is None] == []


@given(st.text(max_size=700) | st.text("\r\n\t\x02\x03" + SETUP_TEXT, max_size=60))
def test_whatever_comes_there_is_an_answer(came: str) -> None:
    found = check(came)
    # Nothing to mend is said of the code itself and of nothing else.
    assert found or SETUP_TEXT in came
    assert len(found) <= 5
