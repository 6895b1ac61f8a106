"""How an older database becomes this version's: Alembic, one revision a schema version.

`meta.schema` alone says which version a database has; Alembic's own table is written from it
before each migration. A new database is made by `schema.metadata` at once and never comes here:
tests/sync/hub/test_migrations.py holds both ways against each other, on both engines.
"""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

FOLDER = Path(__file__).parent


def upgrade(connection: Connection, found: int, wanted: int) -> None:
    """Bring the tables from a version to another, in the caller's transaction."""
    config = Config()
    config.set_main_option("script_location", str(FOLDER).replace("%", "%%"))
    config.attributes["connection"] = connection
    if found:
        command.stamp(config, f"v{found}", purge=True)
    command.upgrade(config, f"v{wanted}")
