"""The rig that counts labels counts right, and one small dose of it holds."""

from pathlib import Path

import pytest

from tests.bench import paper_limit, paper_once
from tests.bench.figure import Lab
from tests.bench.print_jobs import filled, label, name_of


def test_a_label_is_known_by_its_number_whatever_was_added_to_it() -> None:
    assert name_of(label("P000007", size=100)) == "P000007"
    assert name_of(label("P000007").replace(b"^XZ", b"^FN9997^FD7f^FS^XZ")) == "P000007"
    assert name_of(b"another bench 1") == ""


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1, 3])
def test_whatever_breaks_and_whoever_is_killed_every_label_comes_out_once(
    tmp_path: Path, seed: int
) -> None:
    outcome = paper_once.once(tmp_path, seed, 15)
    assert (outcome.lost, outcome.double) == ([], [])
    assert outcome.broke.total() > 5


@pytest.mark.slow
def test_with_nothing_broken_nothing_is_asked_and_nothing_is_lost(tmp_path: Path) -> None:
    outcome = paper_once.once(tmp_path, 0, 10, broken=False)
    assert (outcome.lost, outcome.double, outcome.asked) == ([], [], 0)


@pytest.mark.slow
def test_a_label_that_comes_out_twice_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rig has teeth: a label of the file that has the number of another one."""
    monkeypatch.setattr(paper_once, "name_of", lambda data: name_of(data).replace("2", "1"))
    names = filled(tmp_path / "names", 3)
    monkeypatch.setattr(paper_once, "filled", lambda folder, count: _same(folder, count, names))
    outcome = paper_once.once(tmp_path / "bench", 0, 3, broken=False)
    assert (outcome.double, outcome.lost) == (["P000001"], ["P000002"])


def _same(folder: Path, count: int, names: list[str]) -> list[str]:
    filled(folder, count)
    return names


@pytest.mark.slow
def test_the_printer_is_hardly_kept_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paper_limit, "_SECONDS_PER_LABEL", 0.1)
    monkeypatch.setattr(Lab, "rounds", lambda self, few, many: 8)
    [result] = paper_limit.measure(Lab(tmp_path, tmp_path))
    assert result.value is not None
    assert result.beside["labels"] == 8
