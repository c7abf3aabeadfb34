"""Templates of experts out of a folder: what cannot be read is left out."""

from __future__ import annotations

from pathlib import Path

import orjson

from crawdad.adapters.expert_templates import FolderExpertTemplates

WORDS = {
    "name": "n",
    "description": "d",
    "bio": "b",
    "skills": ["s"],
    "soul": "# s\n",
    "tools": "# t\n",
    "memory": "# m\n",
}
GOOD = {"id": "good", "emoji": "🦞", "category": "technical", "en": WORDS, "zh": WORDS}


async def test_what_cannot_be_read_is_left_out(tmp_path: Path) -> None:
    for name, content in (
        ("good", orjson.dumps(GOOD)),
        ("another", orjson.dumps({**GOOD, "id": "another"})),
        ("misnamed", orjson.dumps(GOOD)),
        ("half", orjson.dumps({**GOOD, "id": "half", "zh": None})),
        ("odd", orjson.dumps({**GOOD, "id": "odd", "category": "none"})),
        ("broken", b"{"),
    ):
        (tmp_path / f"{name}.json").write_bytes(content)
    (tmp_path / "folder.json").mkdir()
    assert [each.id for each in await FolderExpertTemplates(tmp_path).all()] == ["another", "good"]
    assert await FolderExpertTemplates(tmp_path / "missing").all() == ()
