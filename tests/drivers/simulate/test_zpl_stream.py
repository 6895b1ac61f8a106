import itertools

from hypothesis import given
from hypothesis import strategies as st

from drivers.simulate.zpl_stream import Command, Format, Garbage, Immediate, Setup, Splitter

GRAPHIC = b"^XA^GFB,6,6,1,^XZ~JA^FS^XZ"
WIRE = (
    b'\r\n~HS^XA^FO1,1^FDone^FS~HS^XZ\r\n~hqes! U1 getvar "appl.name"\r\n'
    + GRAPHIC
    + b"nonsense^xa^fdtwo^fs^xz~DGR:A.GRF,4,1,00FF^XA^XZ~JX^XA^FDcut"
)


def split(*pieces: bytes) -> list[Command]:
    splitter = Splitter()
    return [command for piece in pieces for command in splitter.receive(piece)]


def without_garbage(commands: list[Command]) -> list[Command]:
    return [command for command in commands if not isinstance(command, Garbage)]


def test_formats_questions_and_downloads_are_told_apart() -> None:
    assert without_garbage(split(WIRE)) == [
        Immediate("~HS"),
        Immediate("~HS"),
        Format(b"^XA^FO1,1^FDone^FS^XZ"),
        Immediate("~HQES"),
        Setup('! U1 getvar "appl.name"'),
        Format(GRAPHIC),
        Format(b"^xa^fdtwo^fs^xz"),
        Immediate("~DG"),
        Format(b"^XA^XZ"),
        Immediate("~JX"),
    ]


def test_a_format_that_has_not_ended_is_partial_until_it_is_cancelled() -> None:
    splitter = Splitter()
    splitter.receive(b"^XA^FDhalf")
    assert splitter.partial
    assert splitter.receive(b"~JX^XA^FDwhole^FS^XZ") == [
        Immediate("~JX"),
        Format(b"^XA^FDwhole^FS^XZ"),
    ]
    assert not splitter.partial


@given(st.lists(st.integers(0, len(WIRE)), max_size=20))
def test_a_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(WIRE)]
    pieces = (WIRE[a:b] for a, b in itertools.pairwise(edges))
    assert without_garbage(split(*pieces)) == without_garbage(split(WIRE))


@given(st.binary(max_size=400) | st.text("^XAZ~HSGFBD!,1\r\n").map(str.encode))
def test_noise_never_breaks_it(noise: bytes) -> None:
    split(noise)
    split(*(noise[i : i + 1] for i in range(len(noise))))
