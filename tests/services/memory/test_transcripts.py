"""Sessions as a source of memory: what is told of a log, and whose logs a turn may search."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.agent_files import LocalMemoryFiles
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.memory_settings import MemorySearchSettings
from crawdad.core.sessions import LogEvent, SessionLog
from crawdad.core.tools import Sender
from crawdad.services.agent_tools.memory import MemoryGet, MemorySearch
from crawdad.services.memory.service import Memory
from crawdad.services.memory.transcripts import Transcripts, View, session_in, told, view_of
from tests.services.memory.test_memory import Cache, Embedder
from tests.support.fakes import FakeClock
from tests.support.tool_calls import context, scope, words

GUEST = Principal("guest", "api_key", "A guest")
BOSS = Principal("boss", "token", "The boss", EVERYTHING)
OWNER, STRANGER = Sender("boss", owner=True), Sender("somebody")


def line(text: str, role: str = "user", number: int = 1) -> LogEvent:
    data = {"message": {"role": role, "content": [{"type": "text", "text": text}]}}
    return LogEvent("log", number, f"l{number}", "message", 1_700_000_000.0, data)


class Kept:
    """Logs in memory."""

    def __init__(self, **logs: list[LogEvent]) -> None:
        self.logs = logs
        self.asked: list[tuple[str, str | None, str | None]] = []
        self.read: list[str] = []
        self.present = "agent:main:talk"
        self.partly = False

    async def recent(
        self, agent_id: str, owner: str | None, key: str | None, limit: int
    ) -> Sequence[tuple[SessionLog, bool]]:
        self.asked.append((agent_id, owner, key))
        return [
            (SessionLog(name, self.present if name == "now" else "agent:main:main", 1.0, lines=len(lines)), self.partly)
            for name, lines in self.logs.items()
        ]

    async def lines(self, session_id: str, **_: Any) -> list[LogEvent]:
        self.read.append(session_id)
        return self.logs[session_id]


@pytest.mark.parametrize(
    ("changes", "view"),
    [
        ({"principal": BOSS, "sender": OWNER}, (None, None)),
        ({"principal": BOSS, "sender": STRANGER}, (None, "agent:main:main")),
        ({"principal": BOSS, "sender": STRANGER, "origin": "cron"}, (None, None)),
        ({"principal": GUEST, "sender": STRANGER}, ("guest", None)),
        ({"principal": BOSS, "sender": OWNER, "session_key": "agent:main:qq:group:7"}, (None, "agent:main:qq:group:7")),
        ({"principal": GUEST, "session_key": "agent:main:qq:group:7"}, ("guest", "agent:main:qq:group:7")),
    ],
)
def test_whose_logs_a_turn_may_search(changes: dict[str, Any], view: tuple[str | None, str | None]) -> None:
    found = view_of(scope(**changes))
    assert (found.owner, found.key) == view and found.present == scope(**changes).session_key


def test_what_is_told_of_a_log() -> None:
    lines = [line("one\n two"), line("three", "assistant"), line("secret", "toolResult"), line("")]
    assert told(lines) == "[2023-11-14 22:13] User: one two\n[2023-11-14 22:13] Assistant: three"
    first = told([line(f"message {number} {'x' * 900}") for number in range(100)])
    more = told([line(f"message {number} {'x' * 900}") for number in range(101)])
    assert 30_000 < len(first) <= 60_000 and more.startswith(first), "pieces stay the same while a log grows a little"


def memory(kept: Kept, embedder: Embedder | None = None, **settings: Any) -> Memory:
    values = MemorySearchSettings.model_validate({"sources": ["memory", "sessions"], **settings})
    return Memory(
        LocalMemoryFiles(), Cache(), embedder or Embedder(), FakeClock(), lambda agent: values, Transcripts(kept)
    )


async def test_sessions_are_searched_beside_notes(tmp_path: Path) -> None:
    (tmp_path / "MEMORY.md").write_text("The harbour is in Kiel.\n")
    kept = Kept(old=[line("My boat is called Aurora"), line("A good name.", "assistant")], now=[line("Aurora again")])
    call = context(tmp_path, owner=True, session_key=kept.present)
    outcome = await MemorySearch(memory(kept)).run({"query": "boat Aurora"}, call)
    (hit,) = outcome.details["results"]
    assert (hit["path"], hit["source"]) == ("sessions/old.jsonl", "sessions") and "User: My boat" in hit["snippet"]
    assert outcome.untrusted, "what others said is content"
    outcome = await MemorySearch(memory(kept)).run({"query": "harbour Kiel"}, call)
    assert [hit["source"] for hit in outcome.details["results"]] == ["memory"] and not outcome.untrusted
    outcome = await MemoryGet(memory(kept)).run({"path": "sessions/old.jsonl"}, call)
    assert "Aurora" in words(outcome) and outcome.untrusted
    kept.partly = True  # a compaction has taken a part of it out of the model's sight
    outcome = await MemorySearch(memory(kept)).run({"query": "Aurora again"}, call)
    assert "sessions/now.jsonl" in {hit["path"] for hit in outcome.details["results"]}


async def test_sessions_are_left_alone_unless_they_are_a_source(tmp_path: Path) -> None:
    kept = Kept(old=[line("My boat is called Aurora")])
    found = memory(kept, sources=["memory"])
    call = context(tmp_path, owner=True, session_key="agent:main:talk")
    assert (await MemorySearch(found).run({"query": "boat"}, call)).details["results"] == []
    assert await found.read("main", tmp_path, "sessions/old.jsonl", View("main", None, None, "x")) is None
    assert kept.asked == []
    (tmp_path / "MEMORY.md").write_text("The boat lies in Kiel.\n")
    only = memory(kept, sources=["sessions"])
    outcome = await MemorySearch(only).run({"query": "boat"}, call)
    assert [hit["source"] for hit in outcome.details["results"]] == ["sessions"]


async def test_logs_are_read_again_only_when_they_have_grown_and_vectors_are_bought_once(tmp_path: Path) -> None:
    kept, embedder = Kept(old=[line("My boat is called Aurora")]), Embedder()
    found = memory(kept, embedder, model="acme/e")
    call = context(tmp_path, owner=True, session_key="agent:main:talk")
    for _ in range(2):
        await MemorySearch(found).run({"query": "boat"}, call)
    assert kept.read == ["old"] and len([text for text in embedder.asked if "Aurora" in text]) == 1
    kept.logs["old"].append(line("And a drink.", number=2))
    await MemorySearch(found).run({"query": "boat"}, call)
    assert kept.read == ["old", "old"]
    other = context(tmp_path, session_key="agent:main:talk", principal=GUEST)
    await MemorySearch(found).run({"query": "boat"}, other)
    assert kept.asked[-1] == ("main", "guest", None), "an index of one person is not another's"


@pytest.mark.parametrize("path", ["MEMORY.md", "sessions/a.md", "other/a.jsonl", "sessions/"])
def test_paths_that_are_no_logs(path: str) -> None:
    assert session_in(path) is None
