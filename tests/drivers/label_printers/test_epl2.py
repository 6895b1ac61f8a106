import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.label_printers import epl2, preview, tspl
from drivers.label_printers.label import Box, Label, Text, Undrawable

NARROW = Label(
    width=50.1,
    height=25,
    elements=(Text(x=2, y=3, height=4, text="ü"), Box(x=0, y=0, width=50.1, height=25)),
)
"""401 dots: the last byte of each row is nearly empty."""


def test_epl2_carries_the_preview_with_white_as_one() -> None:
    job = epl2.render(NARROW)
    head, _, rest = job.partition(b"GW0,0,51,200,")
    assert head == b"\nN\nq401\nQ200,24\n"
    assert rest.endswith(b"\nP1\n")
    drawn = Image.frombytes("1", (401, 200), rest[: 51 * 200])
    assert drawn.tobytes() == preview.picture(NARROW).tobytes()


def test_what_fills_up_a_row_is_white_in_both_languages_of_dots() -> None:
    for job, opening in ((epl2, b"GW0,0,51,200,"), (tspl, b"BITMAP 0,0,51,200,0,")):
        dots = job.render(NARROW).partition(opening)[2][: 51 * 200]
        assert {row & 0x7F for row in dots[50::51]} == {0x7F}


def test_epl2_of_dots_is_read_back_dot_for_dot() -> None:
    job = epl2.render(NARROW) + epl2.render(NARROW)
    assert epl2.is_job(job)
    first, second = epl2.pictures(job)
    assert (
        first.convert("1").tobytes()
        == preview.picture(NARROW).tobytes()
        == second.convert("1").tobytes()
    )


@pytest.mark.parametrize("job", [b'\nN\nq8\nQ8,24\nA50,0,0,1,1,1,N,"x"\nP1\n', b"\nN\nGW0,0,1,"])
def test_epl2_of_anything_else_is_refused_with_a_sentence(job: bytes) -> None:
    with pytest.raises(Undrawable, match="this EPL2"):
        epl2.pictures(job)


@given(
    st.lists(st.binary(max_size=60) | st.sampled_from([b"\nGW0,0,2,2,", b"q80\nQ8,2\n", b"N\n"]))
)
def test_whatever_the_bytes_epl2_is_pictures_or_a_sentence(pieces: list[bytes]) -> None:
    with contextlib.suppress(Undrawable):
        epl2.pictures(b"".join(pieces))
