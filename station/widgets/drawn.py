"""How does a widget of the floor draw itself? As rows of text from one frozen value, nothing else.

Stock widgets lay out, animate and restyle on every update: 10 to 70 ms where a scan has 5. A
``Drawn`` widget has a fixed box, one value and one pure function from value and size to rows.
"""

from typing import Generic, TypeVar

from textual.strip import Strip
from textual.widget import Widget

from station.widgets.look import Look, paint

Value = TypeVar("Value")


class Drawn(Widget, Generic[Value], can_focus=False):
    """Shows ``value``; subclasses say how in ``draw``."""

    def __init__(self, value: Value, look: Look, id: str | None = None) -> None:
        super().__init__(id=id)
        self.value = value
        self.look = look
        self._rows: list[Strip] | None = None
        self._rows_size = (-1, -1)

    def draw(self, width: int, height: int) -> list[Strip]:
        """At most ``height`` rows of ``width`` cells; missing ones stay empty."""
        raise NotImplementedError

    def show(self, value: Value) -> None:
        """Show another value; the same one costs nothing."""
        if value != self.value:
            self.value = value
            self.redraw()

    def dress(self, look: Look) -> None:
        """Wear another palette, other marks, another language."""
        if look != self.look:
            self.look = look
            self.redraw()

    def redraw(self) -> None:
        """Forget the rows and paint anew."""
        self._rows = None
        self.refresh()

    def rows(self) -> list[Strip]:
        """All rows of the box, as they are or drawn anew."""
        width, height = self.size
        if self._rows is None or self._rows_size != (width, height):
            drawn = self.draw(width, height)[:height]
            blank = Strip.blank(width, paint(self.look.colours.page))
            self._rows = drawn + [blank] * (height - len(drawn))
            self._rows_size = (width, height)
        return self._rows

    def render_line(self, y: int) -> Strip:
        """One row, as Textual's compositor asks for it."""
        rows = self.rows()
        return rows[y] if y < len(rows) else Strip.blank(self.size.width)
