"""`GET /v1/models` and `/v1beta/models`, whole and one by one, in the shape of whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime

from crawdad.api.call import Call
from crawdad.api.front_door import dialect_of, not_found
from crawdad.api.model_list import NamedModel, find, listed
from crawdad.api.speaking import Gate
from crawdad.core.parts import JsonObject

_DEFAULT_PAGE = 50


class ModelListRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def list(self, call: Call) -> None:
        """The models that the caller may use."""
        dialect = dialect_of(call)
        principal = self._gate.door.enter(call.credential(query_key=dialect == "gemini"), call.address)
        entries = listed(self._gate.front.catalogue(), principal)
        if dialect == "anthropic-messages":
            body = anthropic_page(entries, call.query())
        elif dialect == "gemini":
            body = gemini_page(entries, call.query())
        else:
            body = {"object": "list", "data": [openai_model(entry) for entry in entries]}
        await call.json(200, body)

    async def one(self, call: Call, name: str) -> None:
        """One model by any name that leads to it."""
        if not name or len(name) > 256:
            raise not_found(call)
        dialect = dialect_of(call)
        principal = self._gate.door.enter(call.credential(query_key=dialect == "gemini"), call.address)
        entry = find(self._gate.front.catalogue(), principal, name)
        writers = {"anthropic-messages": anthropic_model, "gemini": gemini_model, "openai-chat": openai_model}
        await call.json(200, writers[dialect](entry))


def openai_model(entry: NamedModel) -> JsonObject:
    """OpenAI's `model` object."""
    return {"id": entry.name, "object": "model", "created": entry.created, "owned_by": entry.owner}


def anthropic_model(entry: NamedModel) -> JsonObject:
    """Anthropic's `model` object."""
    created = datetime.fromtimestamp(entry.created, UTC).isoformat().replace("+00:00", "Z")
    body: JsonObject = {"type": "model", "id": entry.name, "display_name": entry.display_name, "created_at": created}
    if entry.context_window:
        body["max_input_tokens"] = entry.context_window
    if entry.max_tokens:
        body["max_tokens"] = entry.max_tokens
    return body


def anthropic_page(entries: list[NamedModel], query: dict[str, str]) -> JsonObject:
    """Anthropic's page: `limit` entries after `after_id` or before `before_id`."""
    names = [entry.name for entry in entries]
    limit = _page_size(query.get("limit"), 20)
    start = names.index(query["after_id"]) + 1 if query.get("after_id") in names else 0
    end = len(names)
    if query.get("before_id") in names:
        end = names.index(query["before_id"])
        start = max(start, end - limit)
    page = entries[start:end][:limit]
    return {
        "data": [anthropic_model(entry) for entry in page],
        "has_more": start + len(page) < len(entries),
        "first_id": page[0].name if page else None,
        "last_id": page[-1].name if page else None,
    }


_METHODS = {
    "chat": ["generateContent", "streamGenerateContent", "countTokens"],
    "embedding": ["embedContent", "batchEmbedContents"],
    "image": ["predict"],
    "audio": ["generateContent"],
}


def gemini_model(entry: NamedModel) -> JsonObject:
    """Gemini's `Model` resource."""
    return {
        "name": f"models/{entry.name}",
        "version": "001",
        "displayName": entry.display_name,
        "description": f"{entry.display_name} ({entry.owner})",
        "inputTokenLimit": entry.context_window or 128_000,
        "outputTokenLimit": entry.max_tokens or 8192,
        "supportedGenerationMethods": _METHODS[entry.kind],
    }


def gemini_page(entries: list[NamedModel], query: dict[str, str]) -> JsonObject:
    """Gemini's page: `pageSize` entries from `pageToken` (a plain offset)."""
    size = _page_size(query.get("pageSize"), _DEFAULT_PAGE)
    token = query.get("pageToken", "")
    start = int(token) if token.isdigit() and len(token) < 9 else 0
    body: JsonObject = {"models": [gemini_model(entry) for entry in entries[start : start + size]]}
    if start + size < len(entries):
        body["nextPageToken"] = str(start + size)
    return body


def _page_size(value: str | None, default: int) -> int:
    return min(max(int(value), 1), 1000) if value and value.isdigit() and len(value) < 9 else default
