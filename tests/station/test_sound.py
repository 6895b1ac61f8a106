import io
import sys
import wave
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from station.prompt import Tone
from station.sound import (
    BELL_GAP,
    CUES,
    MELODIES,
    Bell,
    Cue,
    Silence,
    Speaker,
    find_player,
    seconds,
    wav,
)


def crossings(data: bytes) -> int:
    """How high it sounds: zero crossings a second of sounding time."""
    with wave.open(io.BytesIO(data)) as file:
        rate, count = file.getframerate(), file.getnframes()
        raw = file.readframes(count)
    samples = [
        int.from_bytes(raw[at : at + 2], "little", signed=True) for at in range(0, len(raw), 2)
    ]
    sounding = [sample for sample in samples if sample]
    pairs = pairwise(sounding)
    changes = sum((a < 0) != (b < 0) for a, b in pairs)
    return int(changes * rate / len(sounding))


def test_every_tone_has_a_cue_or_is_silent_on_purpose() -> None:
    assert set(CUES) == set(Tone)
    assert set(MELODIES) == set(Cue)


def test_an_error_is_longer_and_far_lower_than_good() -> None:
    assert seconds(Cue.BAD) > 3 * seconds(Cue.GOOD)
    good, bad = crossings(wav(MELODIES[Cue.GOOD])), crossings(wav(MELODIES[Cue.BAD]))
    assert good > 3 * bad


@pytest.mark.parametrize("cue", Cue)
def test_a_cue_is_a_file_that_any_player_reads(cue: Cue) -> None:
    with wave.open(io.BytesIO(wav(MELODIES[cue]))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 22_050)
        assert file.getnframes() / file.getframerate() == pytest.approx(seconds(cue), abs=0.01)


def test_the_bell_rings_once_for_good_and_three_times_for_an_error() -> None:
    rung: list[float] = []

    def later(delay: float, ring: Callable[[], object]) -> None:
        rung.append(delay)

    bell = Bell(lambda: rung.append(0), later)
    bell.play(Cue.GOOD)
    assert rung == [0]
    bell.play(Cue.BAD)
    assert rung == [0, 0, BELL_GAP, 2 * BELL_GAP]
    Silence().play(Cue.BAD)


def test_the_newest_sound_wins_and_nothing_is_left_behind(tmp_path: Path) -> None:
    script = tmp_path / "player.py"
    script.write_text("import sys, time; time.sleep(60)")
    speaker = Speaker((sys.executable, str(script)))
    speaker.play(Cue.GOOD)
    first = speaker._playing
    assert first is not None
    speaker.play(Cue.BAD)
    assert first.returncode is not None
    assert speaker._playing is not None
    assert str(speaker._playing.args[-1]).endswith("bad.wav")  # type: ignore[index]
    folder = Path(speaker._folder.name)
    assert len(list(folder.iterdir())) == 2
    speaker.close()
    assert not folder.exists()
    assert speaker.trouble == ""


def test_a_player_that_fails_is_a_note_and_no_exception(tmp_path: Path) -> None:
    speaker = Speaker((str(tmp_path / "none"),))
    speaker.play(Cue.GOOD)
    assert "No such file" in speaker.trouble
    speaker.close()


def test_the_first_player_of_the_machine_is_found() -> None:
    def found(*there: str) -> tuple[str, ...] | None:
        return find_player(lambda name: f"/usr/bin/{name}" if name in there else None)

    assert found("aplay", "paplay") == ("/usr/bin/paplay",)
    assert found("aplay") == ("/usr/bin/aplay", "-q")
    assert found() is None
