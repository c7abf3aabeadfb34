"""The document tells of every scenario, in both languages."""

from __future__ import annotations

import pytest

from tests.drill.report import PAGES
from tests.drill.scenarios import ALL


@pytest.mark.parametrize("language", PAGES)
def test_the_table_has_a_row_for_every_scenario(language: str) -> None:
    rows = [line for line in PAGES[language].read_text(encoding="utf-8").splitlines() if line.startswith("| ")][2:]
    told = [[cell.strip() for cell in row.strip("|").split(" | ")][:3] for row in rows]
    wanted = [[getattr(words, language) for words in (each.fault, each.seen, each.done)] for each in ALL]
    assert told == wanted, "`make drill` writes it anew"
    assert all(len(row.split(" | ")) == 7 for row in rows)
