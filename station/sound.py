"""How does a verdict sound? Good is short and rises; an error is long and low, and never like it.

Three ways, chosen in the settings: ``none``, ``bell`` (the terminal's, one for good and three for
an error) and ``speaker`` (tones made here and played by the system's player, in a process of its
own, so that a stuck sound server cannot hold up a scan).
"""

import io
import math
import shutil
import struct
import subprocess
import tempfile
import wave
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Literal, Protocol

from station.prompt import Tone

SoundName = Literal["none", "bell", "speaker"]
RATE = 22_050
"""Samples a second: enough for 1.5 kHz, and small files."""
LOUDNESS = 0.8
RAMP = 0.008
"""Seconds in which a note swells and fades, so that it does not click."""
BELL_GAP = 0.25
"""Seconds between two bells; closer ones are heard as one."""
PLAYERS = (("pw-play",), ("paplay",), ("aplay", "-q"))


class Cue(Enum):
    """What is said by sound."""

    GOOD = "good"
    DONE = "done"
    ASK = "ask"
    BAD = "bad"


CUES: dict[Tone, Cue | None] = {
    Tone.NEUTRAL: None,
    Tone.GOOD: Cue.GOOD,
    Tone.DONE: Cue.DONE,
    Tone.ASK: Cue.ASK,
    Tone.BAD: Cue.BAD,
    Tone.STOP: Cue.BAD,
    Tone.ASLEEP: None,
}

Note = tuple[float, float, float]
"""Hertz (0: a rest), seconds, share of odd overtones (0: pure, 1: a buzz)."""

MELODIES: dict[Cue, tuple[Note, ...]] = {
    Cue.GOOD: ((1047, 0.06, 0.0), (1568, 0.09, 0.0)),
    Cue.DONE: ((1047, 0.08, 0.0), (1319, 0.08, 0.0), (1568, 0.18, 0.0)),
    Cue.ASK: ((880, 0.12, 0.2), (0, 0.06, 0.0), (880, 0.12, 0.2)),
    Cue.BAD: ((196, 0.22, 1.0), (0, 0.07, 0.0), (196, 0.22, 1.0), (0, 0.07, 0.0), (147, 0.42, 1.0)),
}
BELLS: dict[Cue, int] = {Cue.GOOD: 1, Cue.DONE: 1, Cue.ASK: 2, Cue.BAD: 3}


class Sound(Protocol):
    """Says a cue. Never waits for it to be heard, never fails a scan."""

    def play(self, cue: Cue) -> None:
        """Start saying it."""


class Silence:
    """Says nothing."""

    def play(self, cue: Cue) -> None:
        """Nothing."""


class Bell:
    """The terminal's bell."""

    def __init__(
        self, ring: Callable[[], object], later: Callable[[float, Callable[[], object]], object]
    ) -> None:
        """``ring`` and ``later`` are the app's ``bell`` and ``set_timer``."""
        self._ring = ring
        self._later = later

    def play(self, cue: Cue) -> None:
        """One bell for good, three for an error."""
        self._ring()
        for at in range(1, BELLS[cue]):
            self._later(at * BELL_GAP, self._ring)


class Speaker:
    """The system's sound, through its command-line player."""

    def __init__(self, player: tuple[str, ...]) -> None:
        self.player = player
        self.trouble = ""
        """Why nothing is heard, for the settings screen and the doctor."""
        self._folder = tempfile.TemporaryDirectory(prefix="packbench-sound-")
        self._files: dict[Cue, Path] = {}
        self._playing: subprocess.Popen[bytes] | None = None

    def play(self, cue: Cue) -> None:
        """Stop the last sound, start this one: the newest scan is the one that counts."""
        self._stop()
        path = self._files.get(cue)
        if path is None:
            path = self._files[cue] = Path(self._folder.name) / f"{cue.value}.wav"
            path.write_bytes(wav(MELODIES[cue]))
        quiet = subprocess.DEVNULL
        try:
            self._playing = subprocess.Popen(  # noqa: S603  # a player found in PATH, our own file
                [*self.player, str(path)], stdin=quiet, stdout=quiet, stderr=quiet
            )
        except OSError as error:
            self.trouble = f"{self.player[0]}: {error.strerror}"

    def close(self) -> None:
        """Stop the sound and remove the files."""
        self._stop()
        self._folder.cleanup()

    def _stop(self) -> None:
        if self._playing is None:
            return
        if self._playing.poll() is None:
            self._playing.kill()
            self._playing.wait()
        elif self._playing.returncode > 0:
            self.trouble = f"{self.player[0]} ended with status {self._playing.returncode}"
        self._playing = None


def find_player(which: Callable[[str], str | None] = shutil.which) -> tuple[str, ...] | None:
    """The first player this machine has, as a command."""
    for command, *options in PLAYERS:
        if path := which(command):
            return (path, *options)
    return None


def wav(melody: tuple[Note, ...]) -> bytes:
    """The melody as a WAV file: mono, 16 bit."""
    samples = [sample for note in melody for sample in _note(*note)]
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(RATE)
        out.writeframes(struct.pack(f"<{len(samples)}h", *samples))
    return file.getvalue()


def seconds(cue: Cue) -> float:
    """How long the cue is."""
    return sum(length for _, length, _ in MELODIES[cue])


def _note(hertz: float, length: float, buzz: float) -> list[int]:
    count = round(length * RATE)
    if not hertz:
        return [0] * count
    ramp = RAMP * RATE
    samples = []
    for at in range(count):
        angle = 2 * math.pi * hertz * at / RATE
        level = math.sin(angle) + buzz * (math.sin(3 * angle) / 3 + math.sin(5 * angle) / 5)
        swell = min(1.0, at / ramp, (count - at) / ramp)
        samples.append(round(32_767 * LOUDNESS * swell * level / (1 + buzz * 8 / 15)))
    return samples
