"""Where do the migrations run? On the connection, and in the transaction, of whoever asks."""

from __future__ import annotations

from alembic import context

from sync.hub.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # SQLite cannot change a column: where one must be, the table is copied.
    render_as_batch=True,
)
context.run_migrations()
