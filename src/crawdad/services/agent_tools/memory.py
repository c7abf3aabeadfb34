"""`memory_search` and `memory_get`: what the agent wrote down."""

from __future__ import annotations

import orjson

from crawdad.core.asking import Asker
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.programs import FileMark
from crawdad.core.text import Text
from crawdad.core.tools import ToolContext, ToolDefinition, ToolOutcome, told
from crawdad.services.agent_tools.arguments import get_count, get_number, need_text, schema
from crawdad.services.memory.service import Memory, text_digest
from crawdad.services.memory.transcripts import session_in, view_of

_SNIPPET = 700
_MOST_CHARACTERS = 50_000


class MemorySearch:
    """Finds notes."""

    definition = ToolDefinition(
        "memory_search",
        "Search your own notes (MEMORY.md and memory/*.md; earlier sessions too, where that is set up) by words and, where it "
        "is set up, by meaning. Use it before you "
        "answer about earlier work, decisions, dates, people, preferences or tasks. Read more of a hit with memory_get.",
        schema(
            {
                "query": {"type": "string", "description": "What to look for."},
                "maxResults": {"type": "integer", "minimum": 1, "maximum": 50},
                "minScore": {"type": "number", "minimum": 0, "maximum": 1},
            },
            ("query",),
        ),
        "memory",
        independent=True,
    )

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        query = need_text(arguments, "query", 4000)
        most = get_count(arguments, "maxResults", 6, 1, 50) if arguments.get("maxResults") is not None else None
        least = get_number(arguments, "minScore", 0, 0, 1) if arguments.get("minScore") is not None else None
        scope = context.scope
        asker = Asker(scope.principal, scope.session_key, context.language)
        found = await self._memory.search(scope.agent_id, context.workspace, query, asker, most, least, view_of(scope))
        results = [
            {
                "path": hit.chunk.path,
                "startLine": hit.chunk.first,
                "endLine": hit.chunk.last,
                "score": round(hit.score, 3),
                "snippet": hit.chunk.text[:_SNIPPET],
                "source": "memory" if session_in(hit.chunk.path) is None else "sessions",
            }
            for hit in found.hits
        ]
        document: JsonObject = {"results": results, "mode": found.mode}
        if found.model:
            document["model"] = found.model
        if found.problem:
            document["problem"] = found.problem
        # what was said in other sessions may have come from anybody
        outside = any(result["source"] == "sessions" for result in results)
        outcome = told(orjson.dumps(document, option=orjson.OPT_INDENT_2).decode(), document, untrusted=outside)
        outcome.reads = found.files
        return outcome


class MemoryGet:
    """Reads a note."""

    definition = ToolDefinition(
        "memory_get",
        "Read a file of your notes (MEMORY.md, memory/*.md), or some lines of it.",
        schema(
            {
                "path": {"type": "string", "description": "As memory_search tells it."},
                "from": {"type": "integer", "minimum": 1, "description": "The first line, counted from 1."},
                "lines": {"type": "integer", "minimum": 1, "description": "How many lines."},
            },
            ("path",),
        ),
        "memory",
        independent=True,
    )

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def run(self, arguments: JsonObject, context: ToolContext) -> ToolOutcome:
        path = need_text(arguments, "path", 1000)
        text = await self._memory.read(context.scope.agent_id, context.workspace, path, view_of(context.scope))
        if text is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("memory.no_file", {"path": path}), {"param": "path"})
        lines = text.splitlines()
        first = get_count(arguments, "from", 1, 1, 10_000_000)
        count = get_count(arguments, "lines", len(lines) or 1, 1, 10_000_000)
        shown = "\n".join(lines[first - 1 : first - 1 + count])
        last = min(len(lines), first - 1 + count)
        cut = len(shown) > _MOST_CHARACTERS
        details: JsonObject = {"path": path, "from": first, "to": last, "lines": len(lines), "truncated": cut}
        outside = session_in(path) is not None
        outcome = told(shown[:_MOST_CHARACTERS] or "(Nothing stands there.)", details, untrusted=outside)
        outcome.reads = (FileMark(path, text_digest(text)),)
        return outcome
