from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from random import Random

import pytest

from tests.torture.power_loss import images, recorder, rig
from tests.torture.power_loss.images import Left, Record

DOSE, ROUNDS = 200, 250


@pytest.fixture(scope="module", autouse=True)
def _made() -> None:
    try:
        recorder.library()
    except recorder.Missing as e:
        pytest.skip(str(e))


def test_no_power_cut_loses_an_accepted_scan() -> None:
    tally = rig.run(DOSE, ROUNDS, seed=1)
    assert tally.broken == []
    assert sum(tally.faults.values()) == DOSE
    assert set(tally.faults) == {left.value for left in Left}
    assert tally.done["images that read the feed again"] > 0, "the feed does not wait for the disk"


def test_the_rig_finds_what_a_disk_that_is_not_waited_for_loses() -> None:
    tally = rig.run(60, ROUNDS, seed=1, synchronous="OFF")
    assert any(broken.invariant == "no accepted scan is lost" for broken in tally.broken)


def test_the_rig_finds_scans_that_wait_no_more_than_the_feed() -> None:
    tally = rig.run(60, ROUNDS, seed=2, synchronous="NORMAL")
    assert any(broken.invariant == "no accepted scan is lost" for broken in tally.broken)


def test_a_recorded_file_replayed_to_its_end_is_the_file(tmp_path: Path) -> None:
    folder, record = tmp_path / "disk", tmp_path / "record"
    folder.mkdir()
    rig._work(folder, record, 60, 3, "")
    files: dict[str, images._File] = defaultdict(images._File)
    for one in images.read(record):
        images._follow(files, {}, one)
    for name in ("bench.db", "bench.db-wal"):
        files[name].sync()
        assert bytes(files[name].synced) == (folder / name).read_bytes()


def test_of_what_was_not_synced_no_more_is_left_than_was_written() -> None:
    file = images._File(bytearray(b"a" * 1024), [Record("W", "f", 512, b"b" * 1024)])
    throw = Random(1)
    assert images._left(file, Left.NOTHING, throw) == b"a" * 1024
    torn = {bytes(images._left(file, Left.TORN, throw)) for _ in range(50)}
    assert torn == {
        b"a" * 1024,
        b"a" * 512 + b"b" * 512,
        b"a" * 512 + b"b" * 1024,
        b"a" * 1024 + b"b" * 512,
    }
