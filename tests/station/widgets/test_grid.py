import time
from collections.abc import Sequence

from textual.app import App, ComposeResult

from station.widgets.grid import PAGE, Column, VirtualGrid
from station.widgets.look import Look
from tests.station.screen_text import screen_text

COLUMNS = (Column("Order", 12), Column("Customer"), Column("Pieces", 6, "right"))


class Board(App[int]):
    """A grid over numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Sequence[int]] = []
        self.moved: list[int] = []
        self.gone: set[int] = set()
        self.grid = VirtualGrid(COLUMNS, self.fetch, Look())

    def compose(self) -> ComposeResult:
        yield self.grid

    def fetch(self, ids: Sequence[int]) -> dict[int, tuple[str, ...]]:
        self.asked.append(ids)
        return {id: (f"SO-{id}", "韩梅梅", str(id % 9)) for id in ids if id not in self.gone}

    def on_virtual_grid_moved(self, message: VirtualGrid.Moved) -> None:
        self.moved.append(message.id)


async def test_a_hundred_thousand_orders_fetch_only_what_is_seen() -> None:
    app = Board()
    async with app.run_test(size=(80, 24)) as pilot:
        began = time.perf_counter()
        app.grid.show(range(100_000))
        await pilot.pause()
        assert time.perf_counter() - began < 20
        assert "SO-0 " in screen_text(app)
        app.grid.focus()
        await pilot.press("end")
        await pilot.pause()
        text = screen_text(app)
        assert "SO-99999" in text
        assert text.splitlines()[0].split() == ["Order", "Customer", "Pieces"]
        assert sum(len(ids) for ids in app.asked) <= 4 * PAGE
        assert app.moved == [99_999]


async def test_the_cursor_stays_on_its_order_when_the_filter_changes() -> None:
    app = Board()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.show(range(1000))
        assert app.grid.select(500)
        app.grid.show(range(0, 1000, 4))
        await pilot.pause()
        assert app.grid.current == 500
        assert "SO-500 " in screen_text(app)
        app.grid.show([1, 2, 3])
        assert app.grid.current == 3
        app.grid.show([])
        await pilot.pause()
        assert app.grid.current is None
        assert not app.grid.select(7)


async def test_changed_rows_are_fetched_anew_and_others_are_not() -> None:
    app = Board()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.show(range(1000))
        await pilot.pause()
        app.asked.clear()
        app.grid.refresh_rows([700])
        await pilot.pause()
        assert not app.asked
        app.gone.add(3)
        app.grid.refresh_rows([3])
        await pilot.pause()
        assert len(app.asked) == 1
        assert "SO-3 " not in screen_text(app)


async def test_keys_move_the_cursor_and_enter_chooses() -> None:
    chosen: list[int] = []

    class Choosing(Board):
        def on_virtual_grid_chosen(self, message: VirtualGrid.Chosen) -> None:
            chosen.append(message.id)

    app = Choosing()
    async with app.run_test(size=(80, 24)) as pilot:
        app.grid.show(range(100, 200))
        app.grid.focus()
        await pilot.press("down", "down", "up", "pagedown", "enter")
        assert chosen == [100 + 1 + 22]
        await pilot.press("home")
        assert app.grid.current == 100
