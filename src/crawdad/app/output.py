"""What commands print: one JSON document for machines, text and tables for people.

On a terminal tables are drawn by rich (imported only then); elsewhere columns are aligned with spaces. Nothing printed
for people can move the cursor or colour the terminal by itself: control characters are replaced.
"""

from __future__ import annotations

import json
import os
import sys
import time
import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple, TextIO


class Toned(NamedTuple):
    """A cell or line with a colour (a rich style) where the terminal has colours."""

    text: str
    style: str


Cell = str | Toned


class Table(NamedTuple):
    """Rows under column titles."""

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]


Block = Cell | Table


class Output:
    """Where a command's result goes. `as_json` decides which of its two forms is printed."""

    def __init__(self, as_json: bool, stream: TextIO | None = None) -> None:
        self.as_json = as_json
        self._stream = stream or sys.stdout

    def show(self, document: Any, *blocks: Block) -> None:
        """Print `document` (JSON) or `blocks` (for people)."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False, indent=2, default=str), file=self._stream, flush=True)
            return
        for block in blocks:
            if self._stream.isatty() and not os.environ.get("NO_COLOR"):
                _print_rich(block, self._stream)
            else:
                print(_plain(block), file=self._stream)
        self._stream.flush()

    def line(self, document: Any, text: str) -> None:
        """Print one item of a stream without end: a line of JSON, or `text`."""
        print(json.dumps(document, ensure_ascii=False, default=str) if self.as_json else clean(text), file=self._stream)
        self._stream.flush()


def clean(text: str) -> str:
    """`text` without characters that a terminal would obey."""
    return "".join("\ufffd" if _controls(character) else character for character in text)


def moment(seconds: float | None) -> str:
    """Local date and time of Unix time `seconds`; empty for None."""
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def _controls(character: str) -> bool:
    return character not in "\n\t" and unicodedata.category(character) in ("Cc", "Cf")


def _text(cell: Cell) -> str:
    return clean(cell.text if isinstance(cell, Toned) else cell)


def _plain(block: Block) -> str:
    if not isinstance(block, Table):
        return _text(block)
    rows = [list(block.columns), *([_text(cell).replace("\n", " ") for cell in row] for row in block.rows)]
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_aligned(row, widths) for row in rows)


def _aligned(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
    return "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def _print_rich(block: Block, stream: TextIO) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable
    from rich.text import Text

    def styled(cell: Cell) -> Text:
        return Text(_text(cell), style=cell.style if isinstance(cell, Toned) else "")

    console = Console(file=stream, highlight=False)
    if not isinstance(block, Table):
        console.print(styled(block), soft_wrap=True)
        return
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in block.columns:
        table.add_column(column, overflow="fold")
    for row in block.rows:
        table.add_row(*map(styled, row))
    console.print(table)
