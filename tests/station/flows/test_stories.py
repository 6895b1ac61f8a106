"""Days at the bench, as the packer reads them, in both languages.

`PACKBENCH_GOLDEN=write` writes what is read now; then a person reads the difference.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from station.wording import LANGUAGES
from tests.station.flows.stories import STORIES, tell

GOLDEN = Path(__file__).parents[2] / "golden" / "flows"


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", STORIES)
def test_the_packer_reads_what_was_read_before(name: str, language: str) -> None:
    told = tell(STORIES[name], language)
    golden = GOLDEN / f"{name.replace(' ', '_').replace(chr(39), '')}.{language}.txt"
    if os.environ.get("PACKBENCH_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text(encoding="utf-8")
