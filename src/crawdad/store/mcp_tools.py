"""`core.mcp.ToolPins` in the database."""

from __future__ import annotations

from sqlalchemy import and_, select, update

from crawdad.core.mcp import PinnedTool
from crawdad.store.database import Database
from crawdad.store.memory_tables import mcp_tools
from crawdad.store.upsert import insert_or_set

_columns = mcp_tools.c


class ToolPinStore:
    """The table of tools that were seen, and of what was approved of them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(self, server: str | None = None) -> list[PinnedTool]:
        """See the port."""
        query = select(mcp_tools).order_by(_columns.server, _columns.tool)
        if server is not None:
            query = query.where(_columns.server == server)
        async with self._database.read() as connection:
            return [PinnedTool(**row) for row in (await connection.execute(query)).mappings()]

    async def see(self, tool: PinnedTool) -> PinnedTool:
        """See the port."""
        values = {
            "server": tool.server,
            "tool": tool.tool,
            "approved": tool.approved,
            "seen": tool.seen,
            "description": tool.description,
            "changed_at": tool.changed_at,
            "approved_at": tool.approved_at,
            "approved_by": tool.approved_by,
        }
        changes = {name: values[name] for name in ("seen", "description", "changed_at")}
        one = and_(_columns.server == tool.server, _columns.tool == tool.tool)
        async with self._database.write() as connection:
            await connection.execute(insert_or_set(self._database.dialect, mcp_tools, values, changes))
            row = (await connection.execute(select(mcp_tools).where(one))).mappings().one()
        return PinnedTool(**row)

    async def approve(self, server: str, tool: str, digest: str, by: str, now: float) -> bool:
        """See the port."""
        query = update(mcp_tools).where(_columns.server == server, _columns.tool == tool, _columns.seen == digest)
        async with self._database.write() as connection:
            done = await connection.execute(query.values(approved=digest, approved_at=now, approved_by=by))
            return done.rowcount > 0

    async def forget(self, server: str, tool: str | None = None) -> int:
        """See the port. The rows stay, so that a tool is not taken for a new one."""
        query = update(mcp_tools).where(_columns.server == server, _columns.approved.is_not(None))
        if tool is not None:
            query = query.where(_columns.tool == tool)
        async with self._database.write() as connection:
            return (await connection.execute(query.values(approved=None, approved_at=None, approved_by=""))).rowcount
