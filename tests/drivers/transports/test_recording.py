"""A session is recorded by one wire and played again by another."""

import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.transports import BadAddress, Cut, Unreachable, open_transport, recording
from drivers.transports.loopback import device
from drivers.transports.recording import Down, Event, Header, Heard, Said, Up

PATIENCE = 30.0


def soon() -> float:
    return time.monotonic() + PATIENCE


def now() -> float:
    return time.monotonic() + 0.01


def session(file: Path, name: str) -> None:
    """A scale is asked, answers, gets a label by mistake, and is unplugged."""
    url = f"capture://{file}?device=BC60&firmware=1.2&who=Ada&of=loopback://{name}"
    wire, scale = open_transport(url), device(name)
    scale.unplug()
    with pytest.raises(Unreachable):
        wire.connect(PATIENCE)
    scale.plug()
    wire.connect(PATIENCE)
    wire.write(b"SI\r\n", soon())
    scale.feed(b"S S      1.234 kg\r\n\xff")
    assert wire.read_until(soon()) == b"S S      1.234 kg\r\n\xff"
    wire.write(b"^XA^FDMs Lovelace^FS^XZ" * 9, soon())
    assert wire.read_until(now()) == b""
    scale.unplug()
    with pytest.raises(Cut):
        wire.read_until(soon())
    wire.close()


def test_a_recording_says_what_went_each_way_and_whose_device_it_was(tmp_path: Path) -> None:
    session(tmp_path / "one.jsonl", "recorded")
    data = (tmp_path / "one.jsonl").read_bytes()
    header, events = recording.read(data)
    today = datetime.now(UTC).date().isoformat()
    assert header == Header(
        device="BC60", firmware="1.2", who="Ada", date=today, of="loopback://recorded"
    )
    assert [type(event) for event in events] == [Down, Up, Said, Heard, Said, Down]
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_a_label_is_recorded_without_the_buyers_name(tmp_path: Path) -> None:
    session(tmp_path / "one.jsonl", "private")
    assert b"Lovelace" not in (tmp_path / "one.jsonl").read_bytes()


def test_a_replay_answers_as_the_device_did(tmp_path: Path) -> None:
    session(tmp_path / "one.jsonl", "replayed")
    wire = open_transport(f"replay://{tmp_path}/one.jsonl")
    with pytest.raises(Unreachable, match="as it was recorded"):
        wire.connect(PATIENCE)
    wire.connect(PATIENCE)
    assert wire.read_until(now()) == b""
    wire.write(b"SI\r\n", soon())
    assert wire.read_until(soon()) == b"S S      1.234 kg\r\n\xff"
    wire.write(b"^XA^FDMs Lovelace^FS^XZ" * 9, soon())
    with pytest.raises(Cut, match="as it was recorded"):
        wire.read_until(soon())
    wire.connect(PATIENCE)
    wire.write(b"after the end", soon())
    assert wire.read_until(now()) == b""
    wire.close()


def test_saying_something_else_than_was_recorded_is_shown(tmp_path: Path) -> None:
    session(tmp_path / "one.jsonl", "otherwise")
    wire = open_transport(f"replay://{tmp_path}/one.jsonl")
    with pytest.raises(Unreachable):
        wire.connect(PATIENCE)
    wire.connect(PATIENCE)
    with pytest.raises(Cut, match=r"W.*SI"):
        wire.write(b"W", soon())


def a_recording(file: Path, *events: Event) -> str:
    file.write_bytes(b"".join(map(recording.line, [Header(), *events])))
    return f"replay://{file}"


def test_who_asks_earlier_than_then_still_hears_what_was_heard_before(tmp_path: Path) -> None:
    url = a_recording(tmp_path / "r", Up(0.0), Heard(0.1, "hello"), Said(0.2, "W", 1))
    wire = open_transport(url)
    wire.connect(PATIENCE)
    wire.write(b"W", soon())
    assert wire.read_until(soon()) == b"hello"


def test_a_replay_at_its_own_pace_waits_as_long_as_the_device_did(tmp_path: Path) -> None:
    url = a_recording(tmp_path / "r", Up(5.0), Heard(5.2, "a"), Heard(99.0, "b"))
    wire = open_transport(f"{url}?pace=real")
    wire.connect(PATIENCE)
    began = time.monotonic()
    assert wire.read_until(soon()) == b"a"
    assert time.monotonic() - began > 0.1
    assert wire.read_until(now()) == b""


def test_a_recording_goes_on_where_it_was_when_the_bench_starts_again(tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    for _ in range(2):
        wire = open_transport(f"capture://{file}?of=loopback://again")
        wire.connect(PATIENCE)
        wire.close()
    assert [type(event) for event in recording.read(file.read_bytes())[1]] == [Up, Up]


def test_a_recording_that_cannot_be_written_is_said_before_anything_is_sent() -> None:
    wire = open_transport("capture:///proc/none/r.jsonl?of=loopback://unwritten")
    with pytest.raises(Unreachable, match="cannot be written"):
        wire.connect(PATIENCE)


def test_a_forgotten_recording_ends_before_it_fills_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "LARGEST_BYTES", 300)
    wire = open_transport(f"capture://{tmp_path}/r.jsonl?of=loopback://forgotten")
    wire.connect(PATIENCE)
    for _ in range(50):
        wire.write(b"SI\r\n", soon())
    assert (tmp_path / "r.jsonl").stat().st_size < 400
    assert device("forgotten").written == b"SI\r\n" * 50
    wire.close()


def test_a_recording_whose_last_line_was_cut_by_the_plug_is_still_read() -> None:
    whole = recording.line(Header()) + recording.line(Up(0.0))
    assert recording.read(whole + b'{"what":"hea') == (Header(), [Up(0.0)])


@pytest.mark.parametrize(
    "text",
    ["nonsense\n", '{}\n{"what":"dance","at":0}\n', '{}\n{"what":"heard","at":0,"bytes":"好"}\n'],
)
def test_what_is_no_recording_is_refused_with_its_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "r").write_text(text, "utf-8")
    with pytest.raises(BadAddress, match=r"line [12]"):
        open_transport(f"replay://{tmp_path}/r")


@given(st.binary(max_size=300))
def test_any_bytes_come_out_of_a_recording_as_they_went_in(data: bytes) -> None:
    said = recording.said(data, 0.5)
    assert recording.same(said, data)
    assert not recording.same(said, data + b"x")
    heard = Heard(0.1, data.decode("latin-1"))
    lines = recording.line(Header()) + recording.line(said) + recording.line(heard)
    assert recording.read(lines)[1] == [said, heard]
    assert msgspec.json.decode(recording.line(heard), type=Heard).bytes.encode("latin-1") == data
