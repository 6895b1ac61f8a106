"""The clock that never jumps."""

from __future__ import annotations

from pathlib import Path

import pytest

from sync.client.boot import boot, boottime


def test_it_runs_on_and_never_back() -> None:
    moments = [boottime() for _ in range(1_000)]
    assert moments == sorted(moments)
    assert moments[0] > 0


def test_a_start_keeps_its_name() -> None:
    if not Path("/proc/sys/kernel/random/boot_id").exists():
        pytest.skip("this system does not name its starts")
    assert len(boot()) == 36
    assert boot() == boot()
