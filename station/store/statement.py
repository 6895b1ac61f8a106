"""How is a statement run that every scan runs? Written in Core, compiled once, told the driver.

SQLAlchemy takes some 0.15 ms to run a statement that SQLite answers in 0.005 ms, and a scan has a
dozen. What is on a scan's way is a `Statement`; everything else is Core on `Turn.sql`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from sqlalchemy.dialects import sqlite
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

Values = Mapping[str, object]

_DIALECT = sqlite.dialect(paramstyle="named")
_POSITIONS = sqlite.dialect(paramstyle="qmark")


class Statement:
    """A Core statement for the driver itself: rows are tuples, and a Boolean comes back as 0 or 1.

    It may have no `in_` of values: SQLAlchemy writes those out anew each time.
    """

    def __init__(self, core: ClauseElement, *columns: str) -> None:
        """`columns` of an INSERT are those that its rows name; none: all of them."""
        self._core = core
        self._columns = list(columns) or None

    @cached_property
    def sql(self) -> str:
        """The text, with named parameters."""
        return self._compiled[0]

    def values(self, given: Values) -> Values:
        """The parameters as the driver wants them, with those that stand in the statement."""
        fixed = self._compiled[1]
        return {**fixed, **given} if fixed else given

    @cached_property
    def _compiled(self) -> tuple[str, Values]:
        # Not when the module is imported: a bench that only starts runs few of them.
        compiled = self._core.compile(dialect=_DIALECT, column_keys=self._columns)
        fixed = {name: value for name, value in compiled.params.items() if value is not None}
        return str(compiled), fixed


class Rows:
    """A Core statement for very many rows: each a tuple, in the order of these names."""

    def __init__(self, core: ClauseElement, *columns: str) -> None:
        """Raises AssertionError, when it is first run, if the statement has another order."""
        self._core = core
        self._columns = columns

    @cached_property
    def sql(self) -> str:
        """The text, with a question mark a column."""
        compiled = self._core.compile(dialect=_POSITIONS, column_keys=list(self._columns))
        assert isinstance(compiled, SQLCompiler)
        assert tuple(compiled.positiontup or ()) == self._columns
        return str(compiled)
