"""How does the file of an older version become one of this? One module a version, run in order.

Each has `upgrade(op)`, which brings a file from the version before to its own by Alembic's
operations. All of them run in one transaction, so that a file is of one version or of the other,
whenever the power goes. Tables that are new need no step: whatever is missing is created.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlalchemy import Connection

from station.store.migrations import v2, v3

STEPS: Mapping[int, Callable[..., None]] = {2: v2.upgrade, 3: v3.upgrade}
"""By the version that a step leads to."""


def migrate(connection: Connection, since: int, to: int) -> None:
    """Bring the tables from one version to another, in the caller's transaction."""
    # Takes 0.2 s to import, and is needed once in a version's life.
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext

    op = Operations(MigrationContext.configure(connection))
    for version in range(since + 1, to + 1):
        STEPS[version](op)
