from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from station.prompt import Key, Lamp, Row, StatusLine
from station.widgets.bars import KeyBar, Next, NextLine, StatusBar
from station.widgets.fitting import centre, folded, left, right
from station.widgets.lines import listing, window
from station.widgets.look import Look
from station.widgets.panels import Facts, FactsPanel, ParcelFacts, ParcelPanel

LAMPS = (
    Lamp("scanner", "ok", "serial"),
    Lamp("printer", "bad", "out of paper"),
    Lamp("scale", "off"),
    Lamp("hub", "ok", "online"),
)
STATUS = StatusLine("PACK", "bench P3", "Anna M.", "41 packed", LAMPS, "14:32")
PAIRS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=30)), max_size=6).map(tuple)


def status(width: int) -> str:
    bar = StatusBar(Look())
    bar.value = STATUS
    return bar.draw(width, 1)[0].text


def test_everything_is_said_where_there_is_room() -> None:
    text = status(120)
    for part in ("PACK", "bench P3", "Anna M.", "41 packed", "✖ out of paper", "● serial", "14:32"):
        assert part in text


def test_where_it_is_narrow_the_text_of_a_good_lamp_goes_before_that_of_a_bad_one() -> None:
    text = status(90)
    assert "✖ out of paper" in text
    assert "serial" not in text
    for name in ("scanner ●", "scale ○", "hub ●"):
        assert name in text


def test_the_clock_and_every_lamp_stay_on_eighty_columns() -> None:
    text = status(80)
    assert text.endswith("14:32 ")
    for mark in ("scanner ●", "printer ✖", "scale ○", "hub ●"):
        assert mark in text


def test_the_menu_is_the_last_key_to_go() -> None:
    bar = KeyBar(Look())
    bar.value = (*(Key(f"f{n}", "a long label") for n in range(1, 10)), Key("f10", "Menu"))
    text = bar.draw(40, 1)[0].text
    assert "F1 a long label" in text
    assert "F10 Menu" in text
    assert "F9" not in text


def test_the_end_of_a_typed_line_is_always_seen() -> None:
    line = NextLine(Look())
    line.value = Next("scan the next ITEM", "4006381333931" * 20 + "END")
    text = line.draw(60, 1)[0].text
    assert "END_" in text
    assert "NEXT ▸ scan" in text


def test_a_lane_is_written_large() -> None:
    panel = ParcelPanel(Look())
    panel.value = ParcelFacts((("Box", "M 30×20×15"),), "DHL-3")
    rows = [row.text for row in panel.draw(34, 14)]
    assert "PARCEL" in rows[0]
    assert "M 30×20×15" in rows[1]
    assert any("▀▀" in row for row in rows)
    panel.value = ParcelFacts((), "顺丰")
    assert any("顺丰" in row.text for row in panel.draw(34, 14))


def test_a_notice_is_seen_also_where_the_facts_are_many() -> None:
    panel = FactsPanel(Look())
    panel.value = Facts("SO-1", tuple(("label", "value") for _ in range(40)), "GIFT", (1, 3))
    rows = [row.text for row in panel.draw(80, 4)]
    assert "GIFT" in rows[2]
    assert "1/3" in rows[3]


@given(st.text(), PAIRS, st.text(), st.integers(1, 160), st.integers(1, 8), st.booleans())
def test_panels_never_overflow(
    text: str, pairs: tuple[tuple[str, str], ...], lane: str, width: int, height: int, plain: bool
) -> None:
    facts = FactsPanel(Look(ascii=plain))
    facts.value = Facts(text, pairs, text, (len(pairs), 3))
    parcel = ParcelPanel(Look(ascii=plain))
    parcel.value = ParcelFacts(pairs, lane)
    line = NextLine(Look(ascii=plain))
    line.value = Next(text, lane)
    for rows in (facts.draw(width, height), parcel.draw(width, height), line.draw(width, 1)):
        assert {row.cell_length for row in rows} <= {width}
        assert {cell_len(row.text) for row in rows} <= {width}


@given(st.text(), st.integers(0, 60))
def test_fitted_text_is_exactly_as_wide_as_asked(text: str, width: int) -> None:
    for fit in (left, right, centre):
        assert cell_len(fit(text, width)) == width


@given(st.text(), st.integers(2, 40), st.integers(1, 4))
def test_folded_text_stays_in_its_box(text: str, width: int, rows: int) -> None:
    lines = folded(text, width, rows)
    assert len(lines) <= rows
    assert all(cell_len(line) <= width for line in lines)


@given(st.integers(1, 600), st.integers(1, 40), st.data())
def test_the_current_row_is_always_in_the_window(
    count: int, room: int, data: st.DataObject
) -> None:
    current = data.draw(st.integers(0, count - 1))
    first, shown = window(count, current, room)
    assert first <= current < first + shown
    assert first + shown <= count
    rows = tuple(Row("", f"S{n}", "x", "b", 1, 0, current=n == current) for n in range(count))
    drawn = [row.text for row in listing(rows, Look(), 80, room + 1)]
    assert len(drawn) <= room + 1
    if room > 2:
        assert any(f" S{current} " in row for row in drawn)
