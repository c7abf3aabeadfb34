"""The log as a file: CSV for spreadsheets, JSON, JSON lines. Made a page at a time, so that any size fits."""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator
from typing import Literal

import orjson

from crawdad.api.opsclaw.log_entry import LogEntry, entry_of
from crawdad.core.exchange import Exchange

ExportFormat = Literal["csv", "json", "jsonl"]
MEDIA_TYPES: dict[ExportFormat, str] = {
    "csv": "text/csv; charset=utf-8",
    "json": "application/json",
    "jsonl": "application/x-ndjson",
}
COLUMNS = tuple(name for name in LogEntry.model_fields if name not in ("request_body", "response_body"))
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


async def exported(pages: AsyncIterator[list[Exchange]], form: ExportFormat) -> AsyncIterator[bytes]:
    """The file."""
    if form == "csv":
        yield _lines([COLUMNS])
    elif form == "json":
        yield b"["
    first = True
    async for page in pages:
        entries = [entry_of(exchange) for exchange in page]
        if form == "csv":
            yield _lines([[_cell(getattr(entry, name)) for name in COLUMNS] for entry in entries])
        elif form == "jsonl":
            yield b"".join(orjson.dumps(_document(entry)) + b"\n" for entry in entries)
        elif entries:
            yield (b"" if first else b",") + b",".join(orjson.dumps(_document(entry)) for entry in entries)
            first = False
    if form == "json":
        yield b"]"


def _document(entry: LogEntry) -> dict[str, object]:
    return entry.model_dump(exclude={"request_body", "response_body"})


def _lines(rows: object) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)  # type: ignore[arg-type]
    return buffer.getvalue().encode("utf-8", "replace")


def _cell(value: object) -> str:
    """A spreadsheet would take a text that begins like a formula for one, and do what it says (attack 26)."""
    if value is None:
        return ""
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if not isinstance(value, str):
        return str(value).lower() if isinstance(value, bool) else str(value)
    return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
