"""An edited layout is used once it can be drawn, and a broken one never is."""

from __future__ import annotations

import os
import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import layouts
from station.layout_reload import LAST_GOOD, LayoutShelf, LayoutWatch

OURS = (layouts.FOLDER / "tote.toml").read_text(encoding="utf-8")
DEADLINE_SECONDS = 60


def titled(title: str) -> str:
    return OURS.replace('title = "Tote label"', f'title = "{title}"')


def in_place(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def atomically(path: Path, text: str) -> None:
    beside = path.with_name(f".{path.name}.tmp")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)  # noqa: PTH105  # as editors do


def like_vim(path: Path, text: str) -> None:
    if path.exists():
        path.rename(path.with_name(path.name + "~"))
    path.write_text(text, encoding="utf-8")


def in_pieces(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        for at in range(0, len(text), 200):
            file.write(text[at : at + 200])
            file.flush()


class Bench:
    """A shelf that is watched, and what it said."""

    def __init__(self, folder: Path, *, polling: bool = False) -> None:
        self.folder = folder
        self.said: queue.Queue[str] = queue.Queue()
        self.shelf = LayoutShelf(folder, self.said.put)
        self.watch = LayoutWatch(self.shelf, folder, polling=polling)

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not true():
            self.said.get(timeout=deadline - time.monotonic())


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    running = Bench(tmp_path)
    yield running
    running.watch.stop()


@pytest.mark.parametrize("save", [in_place, atomically, like_vim, in_pieces])
def test_a_save_of_any_kind_is_taken(bench: Bench, save: Callable[[Path, str], None]) -> None:
    path = bench.folder / "tote.toml"
    for title in ("First", "Second"):
        save(path, titled(title))
        bench.until(lambda: bench.shelf.layouts["tote"].title == title)  # noqa: B023  # at once
    assert not bench.shelf.troubles


def test_a_broken_edit_leaves_the_last_good_layout_and_its_sentence(bench: Bench) -> None:
    path = bench.folder / "tote.toml"
    in_place(path, titled("Good"))
    bench.until(lambda: bench.shelf.layouts["tote"].title == "Good")
    good = bench.shelf.layouts["tote"]

    in_place(path, titled("Broken").replace("{{ tote }}", "{{ toot }}"))
    bench.until(lambda: bool(bench.shelf.troubles))
    assert bench.shelf.layouts["tote"] is good
    said = bench.shelf.troubles["tote.toml"]
    assert "part 1 (upper barcode)" in said
    assert "needs `toot`, which is not there; did you mean `tote`?" in said
    assert said.endswith("The layout before this edit stays in use.")

    in_place(path, titled("Mended"))
    bench.until(lambda: bench.shelf.layouts["tote"].title == "Mended")
    assert not bench.shelf.troubles


def test_a_burst_of_saves_is_looked_at_once(bench: Bench) -> None:
    for i in range(20):
        in_place(bench.folder / "tote.toml", titled(f"Edit {i}"))
    bench.until(lambda: bench.shelf.layouts["tote"].title == "Edit 19")
    assert bench.said.qsize() <= 2


def test_a_removed_file_gives_ours_back_and_a_layout_of_ones_own_goes(bench: Bench) -> None:
    for name in ("tote.toml", "mine.toml"):
        in_place(bench.folder / name, titled("Own"))
    bench.until(lambda: "mine" in bench.shelf.layouts)
    bench.until(lambda: bench.shelf.layouts["tote"].title == "Own")
    for name in ("tote.toml", "mine.toml"):
        (bench.folder / name).unlink()
    bench.until(lambda: "mine" not in bench.shelf.layouts)
    bench.until(lambda: bench.shelf.layouts["tote"].title == "Tote label")


def test_what_is_broken_at_the_start_is_a_trouble_and_ours_is_used(tmp_path: Path) -> None:
    in_place(tmp_path / "tote.toml", "title = ")
    shelf = LayoutShelf(tmp_path)
    assert shelf.layouts["tote"].title == "Tote label"
    assert "tote.toml" in shelf.troubles


def test_a_bench_started_over_a_broken_edit_prints_as_the_day_before(tmp_path: Path) -> None:
    in_place(tmp_path / "tote.toml", titled("Ours since May"))
    LayoutShelf(tmp_path)
    in_place(tmp_path / "tote.toml", titled("Broken").replace("{{ tote }}", "{{ toot }}"))
    shelf = LayoutShelf(tmp_path)
    assert shelf.layouts["tote"].title == "Ours since May"
    assert "'tote.toml" in str(dict(shelf.troubles))
    (tmp_path / "tote.toml").unlink()
    shelf.look_again(tmp_path / "tote.toml")
    assert LayoutShelf(tmp_path).layouts["tote"].title == "Tote label"


def test_a_folder_that_cannot_be_written_to_is_read_all_the_same(tmp_path: Path) -> None:
    in_place(tmp_path / "tote.toml", titled("Own"))
    in_place(tmp_path / LAST_GOOD, "a file where a folder should be")
    assert LayoutShelf(tmp_path).layouts["tote"].title == "Own"


def test_without_a_folder_there_are_ours() -> None:
    assert LayoutShelf(None).layouts.keys() == layouts.load_builtin().keys()


def test_a_network_folder_is_polled(tmp_path: Path) -> None:
    bench = Bench(tmp_path, polling=True)
    try:
        atomically(tmp_path / "tote.toml", titled("Polled"))
        bench.until(lambda: bench.shelf.layouts["tote"].title == "Polled")
    finally:
        bench.watch.stop()
