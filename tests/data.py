"""Where the real data and the marketplaces' contracts lie, for the tests that read them.

None of it is part of the product. `PACKBENCH_TEST_DATA` names the folder; what is not there
skips the tests that need it, with the reason.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def folder() -> Path:
    """Give the folder of test data, there or not."""
    named = os.environ.get("PACKBENCH_TEST_DATA") or "../shared"
    return (ROOT / named).resolve()


def find(*parts: str) -> Path | None:
    """Give a file or folder of the test data, or None where it is absent."""
    path = folder().joinpath(*parts)
    return path if path.exists() else None


def need(*parts: str) -> Path:
    """Give a file or folder of the test data; skip the test where it is absent."""
    path = find(*parts)
    if path is None:
        pytest.skip(f"{'/'.join(parts)} is not in PACKBENCH_TEST_DATA")
    return path
