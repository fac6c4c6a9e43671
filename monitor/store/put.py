"""Writes rows into a table of the office, each in the place of the one with its key; either engine.

In: a connection in a transaction, a table, rows. Out: nothing. Never: commits.
"""

from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection


async def put(db: AsyncConnection, table: Table, rows: list[dict[str, Any]]) -> None:
    """Inserts rows, each in the place of the one with its key."""
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    statement = (postgresql if db.dialect.name == "postgresql" else sqlite).insert(table)
    others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
    await db.execute(statement.on_conflict_do_update(index_elements=keys, set_=others), rows)
