"""`GET /v1/models` and `/v1beta/models`, whole and one by one, in the shape of whoever asks."""

from __future__ import annotations

from crawdad.api.call import Call
from crawdad.api.front_door import dialect_of, not_found
from crawdad.api.model_list import NamedModel, find, listed
from crawdad.api.speaking import Gate, usable_model_name
from crawdad.core.identity import Permission
from crawdad.core.parts import JsonObject
from crawdad.services.catalogue import Offer, plan_route
from crawdad.wire.anthropic.model_list import model_info, models_page
from crawdad.wire.fields import parse_object, whole_number
from crawdad.wire.gemini.models import (
    EMBEDDING_METHODS,
    GENERATION_METHODS,
    GoogleModel,
    write_model,
    write_model_list,
)

_ANTHROPIC_PAGE = 20
_GEMINI_PAGE = 50
_ASSUMED_WINDOW = 128_000
_ASSUMED_OUTPUT = 8192


class ModelListRoutes:
    """Handlers bound to a gate."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    async def list(self, call: Call) -> None:
        """The models that the caller may use."""
        dialect = dialect_of(call)
        principal = self._gate.admit(call, dialect == "gemini")
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
        principal = self._gate.admit(call, dialect == "gemini")
        entry = find(self._gate.front.catalogue(), principal, name)
        writers = {"anthropic-messages": anthropic_model, "gemini": gemini_model, "openai-chat": openai_model}
        await call.json(200, writers[dialect](entry))

    async def detect(self, call: Call) -> None:
        """`POST /v1/models/detect {model}`: what the name leads to, and what kind of model that is."""
        principal = self._gate.admit(call)
        principal.need(Permission.MODELS_USE)
        body = parse_object(await call.body(self._gate.settings().gateway.max_body_bytes))
        name = usable_model_name(body.get("model"))
        offers = plan_route(self._gate.front.catalogue(), name, "openai-chat", principal).offers
        await call.json(200, detected(name, offers[0]))


def detected(name: str, offer: Offer) -> JsonObject:
    """What the contract calls a model's capabilities. Searching the web is a matter of the request's tools, not of a name."""
    draws = offer.kind == "image"
    return {
        "model": name,
        "mapped_model": offer.name,
        "type": "image_gen" if draws else "agent",
        "features": {"has_web_search": False, "is_image_gen": draws or "images" in offer.endpoints},
        "kind": offer.kind,
        "protocol": offer.protocol,
    }


def openai_model(entry: NamedModel) -> JsonObject:
    """OpenAI's `model` object."""
    return {"id": entry.name, "object": "model", "created": entry.created, "owned_by": entry.owner}


def anthropic_model(entry: NamedModel) -> JsonObject:
    """Anthropic's `model` object."""
    return model_info(entry.name, entry.display_name, entry.created)


def anthropic_page(entries: list[NamedModel], query: dict[str, str]) -> JsonObject:
    """Anthropic's page: `limit` entries after `after_id` or before `before_id`."""
    models = [(entry.name, entry.display_name, entry.created) for entry in entries]
    limit = _page_size(query.get("limit"), _ANTHROPIC_PAGE)
    return models_page(models, limit, query.get("after_id"), query.get("before_id"))


_METHODS = {
    "chat": GENERATION_METHODS,
    "embedding": EMBEDDING_METHODS,
    "image": ("predict",),
    "audio": ("generateContent",),
}


def google_model(entry: NamedModel) -> GoogleModel:
    """Google's `Model` resource."""
    return GoogleModel(
        entry.name,
        entry.display_name,
        f"{entry.display_name} ({entry.owner})",
        version="001",
        input_token_limit=entry.context_window or _ASSUMED_WINDOW,
        output_token_limit=entry.max_tokens or _ASSUMED_OUTPUT,
        methods=_METHODS[entry.kind],
    )


def gemini_model(entry: NamedModel) -> JsonObject:
    """Google's `Model` resource as JSON."""
    return write_model(google_model(entry))


def gemini_page(entries: list[NamedModel], query: dict[str, str]) -> JsonObject:
    """Gemini's page: `pageSize` entries from `pageToken` (a plain offset)."""
    size = _page_size(query.get("pageSize"), _GEMINI_PAGE)
    start = whole_number(query.get("pageToken", "")) or 0
    page = [google_model(entry) for entry in entries[start : start + size]]
    return write_model_list(page, str(start + size) if start + size < len(entries) else None)


def _page_size(value: str | None, default: int) -> int:
    size = whole_number(value or "")
    return default if size is None else min(max(size, 1), 1000)
