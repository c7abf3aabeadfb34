"""The memory of an agent over real files: searched, refreshed, contained; vectors are bought once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.agent_files import LocalMemoryFiles
from crawdad.core.asking import Asker
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.memory_settings import MemorySearchSettings
from crawdad.core.text import Text
from crawdad.services.agent_tools.memory import MemoryGet, MemorySearch
from crawdad.services.memory.service import Memory, portions
from tests.support.fakes import FakeClock
from tests.support.tool_calls import context, words

MEANINGS = {"drink": [1.0, 0.0, 0.0], "tea": [0.9, 0.1, 0.0], "boat": [0.0, 1.0, 0.0]}


class Embedder:
    """Vectors by the first word of `MEANINGS` that stands in a text."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.broken = False

    async def embed(self, asker: Asker, model: str, texts: Sequence[str]) -> list[list[float]]:
        if self.broken:
            raise GatewayError(ErrorKind.UPSTREAM_ERROR, Text("web.timeout", {"host": "models"}))
        self.asked += texts
        return [next((v for word, v in MEANINGS.items() if word in text), [0.0, 0.0, 1.0]) for text in texts]


class Cache:
    """Vectors in memory."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], bytes] = {}

    async def known(self, model: str, digests: Sequence[str]) -> Mapping[str, bytes]:
        return {digest: self.kept[model, digest] for digest in digests if (model, digest) in self.kept}

    async def keep(self, model: str, vectors: Mapping[str, bytes], now: float) -> None:
        self.kept |= {(model, digest): vector for digest, vector in vectors.items()}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    found = tmp_path / "workspace"
    (found / "memory").mkdir(parents=True)
    (found / "MEMORY.md").write_text("The user likes green tea.\n")
    (found / "memory" / "2026-01-01.md").write_text("one\ntwo\nthe boat is called Aurora\nfour\n")
    (found / "notes.md").write_text("the password is swordfish\n")
    return found


def memory(cache: Cache | None = None, embedder: Embedder | None = None, **settings: Any) -> Memory:
    values = MemorySearchSettings.model_validate(settings)
    return Memory(LocalMemoryFiles(), cache or Cache(), embedder or Embedder(), FakeClock(), lambda agent: values)


async def paths(found: Memory, workspace: Path, query: str, **arguments: Any) -> list[str]:
    outcome = await MemorySearch(found).run({"query": query, **arguments}, context(workspace))
    return [result["path"] for result in outcome.details["results"]]


async def test_notes_are_found_by_words(workspace: Path) -> None:
    found = memory()
    assert await paths(found, workspace, "green tea") == ["MEMORY.md"]
    outcome = await MemorySearch(found).run({"query": "boat Aurora"}, context(workspace))
    first = outcome.details["results"][0]
    assert (first["path"], first["startLine"], first["endLine"]) == ("memory/2026-01-01.md", 1, 4)
    assert outcome.details["mode"] == "words" and not outcome.untrusted
    assert await paths(found, workspace, "swordfish") == []


async def test_what_changes_is_seen(workspace: Path) -> None:
    found = memory()
    assert await paths(found, workspace, "zebra") == []
    (workspace / "memory" / "new.md").write_text("a zebra\n")
    assert await paths(found, workspace, "zebra") == ["memory/new.md"]
    (workspace / "memory" / "new.md").write_text("a giraffe instead\n")
    assert await paths(found, workspace, "zebra") == []
    (workspace / "memory" / "new.md").unlink()
    assert await paths(found, workspace, "giraffe") == []


async def test_vectors_find_what_words_do_not(workspace: Path) -> None:
    cache, embedder = Cache(), Embedder()
    found = memory(cache, embedder, model="vectors")
    assert await paths(found, workspace, "something to drink") == ["MEMORY.md"]
    bought = len(embedder.asked)
    assert bought == 3
    await paths(found, workspace, "drink")
    await paths(memory(cache, embedder, model="vectors"), workspace, "drink")
    assert len(embedder.asked) == bought + 2  # the two queries; pieces are known, also to the next process
    (workspace / "MEMORY.md").write_text("The user likes black tea.\n")
    await paths(found, workspace, "drink")
    assert embedder.asked[-2:] == ["The user likes black tea.", "drink"]


async def test_without_vectors_words_still_find(workspace: Path) -> None:
    embedder = Embedder()
    embedder.broken = True
    outcome = await MemorySearch(memory(embedder=embedder, model="vectors")).run(
        {"query": "green tea"}, context(workspace)
    )
    assert outcome.details["mode"] == "words" and "models" in outcome.details["problem"]
    assert outcome.details["results"][0]["path"] == "MEMORY.md"


async def test_limits_of_a_search(workspace: Path) -> None:
    for number in range(20):
        (workspace / "memory" / f"n{number}.md").write_text(f"note {number} about herons\n")
    assert len(await paths(memory(), workspace, "herons")) == 6
    assert len(await paths(memory(), workspace, "herons", maxResults=2)) == 2
    assert await paths(memory(), workspace, "herons xylophone quark zither", minScore=0.99) == []


async def test_a_note_is_read_by_lines(workspace: Path) -> None:
    tool = MemoryGet(memory())
    outcome = await tool.run({"path": "memory/2026-01-01.md", "from": 2, "lines": 2}, context(workspace))
    assert words(outcome) == "two\nthe boat is called Aurora"
    assert outcome.details["lines"] == 4 and outcome.details["to"] == 3
    assert words(await tool.run({"path": "./MEMORY.md"}, context(workspace))) == "The user likes green tea."


async def test_nothing_else_is_read(workspace: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("a secret zebra")
    (workspace / "memory" / "link.md").symlink_to(outside)
    (workspace / "memory" / "folder").symlink_to(tmp_path)
    found = memory()
    bad = (
        "notes.md",
        "../outside.md",
        "memory/../notes.md",
        str(outside),
        "memory/link.md",
        "memory/folder/outside.md",
    )
    for path in (*bad, "memory", "memory/\0", "MEMORY.md/x", "/etc/passwd"):
        with pytest.raises(GatewayError) as caught:
            await MemoryGet(found).run({"path": path}, context(workspace))
        assert caught.value.kind is ErrorKind.NOT_FOUND, path
    assert await paths(found, workspace, "zebra") == []


async def test_more_places_can_be_named(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "team.md").write_text("a walrus\n")
    found = memory(extraPaths=[str(tmp_path / "shared"), "notes.md", "../outside.md"])
    assert await paths(found, workspace, "walrus") == [str(tmp_path / "shared" / "team.md")]
    assert await paths(found, workspace, "swordfish") == ["notes.md"]
    outcome = await MemoryGet(found).run({"path": str(tmp_path / "shared" / "team.md")}, context(workspace))
    assert words(outcome) == "a walrus"


async def test_an_empty_workspace(tmp_path: Path) -> None:
    assert await paths(memory(model="vectors"), tmp_path / "none", "anything") == []


@pytest.mark.parametrize(
    ("lengths", "sizes"),
    [
        ([], []),
        ([10] * 300, [128, 128, 44]),
        ([8192] * 9, [8, 1]),
        ([65_536, 1, 65_535], [1, 2]),
        ([70_000, 1], [1, 1]),
    ],
)
def test_what_is_embedded_in_one_call_is_bounded(lengths: list[int], sizes: list[int]) -> None:
    found = list(portions(range(len(lengths)), lengths.__getitem__))
    assert [len(each) for each in found] == sizes
    assert [number for each in found for number in each] == list(range(len(lengths)))
