"""What the tests of the bench's screens share."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal import Terminal


@pytest.fixture
def sample_terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The floor sample in a real terminal that reports whole frames."""
    command = [sys.executable, "-m", "tests.station.floor_sample", str(tmp_path / "journal")]
    with Terminal(command, synchronised=True) as terminal:
        terminal.wait_for("Scan a tote")
        terminal.wait_for("F10 Menu")
        yield terminal
