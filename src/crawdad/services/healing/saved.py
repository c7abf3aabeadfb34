"""What was saved of a damaged database, in words. Pure."""

from __future__ import annotations

from crawdad.core.tasks import Words
from crawdad.core.text import Text
from crawdad.services.backups.salvaging import Saved

_MOST_TABLES = 80


def saved_words(saved: Saved) -> list[Words]:
    """In all, then of each table that is not whole, then of what was withheld."""
    before = saved.backup.id if saved.backup else Text("healing.step.salvaged_nothing_before")
    broken = [table for table in saved.tables if not table.is_whole]
    unknown = Text("healing.step.unknown")
    read = sum(table.read for table in saved.tables)
    words: list[Words] = [Text("healing.step.salvaged_database", {"backup": before, "read": read})]
    for each in broken[:_MOST_TABLES]:
        lost = unknown if each.lost is None else each.lost
        values = {"table": each.table, "read": each.read, "snapshot": each.snapshot, "lost": lost}
        words.append(Text("healing.step.salvaged_table", values))
    if len(broken) > _MOST_TABLES:
        words.append(Text("healing.step.salvaged_more", {"count": len(broken) - _MOST_TABLES}))
    for each in broken:
        if each.withheld:
            words.append(Text("healing.step.salvaged_withheld", {"table": each.table, "count": each.withheld}))
    return words
