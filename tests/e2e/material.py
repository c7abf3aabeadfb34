"""What the tests send: pictures, documents, tools, schemas; and where each protocol keeps what must arrive upstream."""

from __future__ import annotations

import base64
from typing import Any

from pydantic import BaseModel

from tests.support.upstreams.loopback import Received
from tests.support.upstreams.protocols import Protocol
from tests.support.upstreams.stories import PIXEL, STORIES, Call, Think

PNG = base64.b64decode(PIXEL)
PNG_URL = f"data:image/png;base64,{PIXEL}"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PDF_DATA = base64.b64encode(PDF).decode()
PDF_URL = f"data:application/pdf;base64,{PDF_DATA}"

HELLO = "Hello! I am a scripted model. Grüße, 你好, 🦞."

WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "description": "Where"}, "unit": {"type": "string"}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
NOTHING: dict[str, Any] = {"type": "object", "properties": {}, "required": [], "additionalProperties": False}
PATH: dict[str, Any] = {
    "type": "object",
    "properties": {"path": {"type": "string"}},
    "required": ["path"],
    "additionalProperties": False,
}
TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "get_weather": ("The weather in a city", WEATHER),
    "get_time": ("What time it is", NOTHING),
    "list_files": ("The files in a folder", PATH),
    "read_file": ("The text of a file", PATH),
}
"""Name -> description and JSON Schema of the arguments."""


class Weather(BaseModel):
    """What the `structured` story answers."""

    city: str
    degrees: int


SIGNATURES = {
    name: [
        piece.signature
        for turn in story
        for piece in turn.pieces
        if isinstance(piece, (Think, Call)) and piece.signature
    ]
    for name, story in STORIES.items()
}
"""The opaque values that each story's model makes, in order."""


def opaque_values(protocol: Protocol, request: Received) -> set[str]:
    """The thinking signatures (or encrypted reasoning) that `request` brings back to its vendor."""
    body = request.json
    found: list[Any] = []
    if protocol == "chat":
        details = [detail for message in body["messages"] for detail in message.get("reasoning_details") or ()]
        found = [detail.get("signature") or detail.get("data") for detail in details]
    elif protocol == "responses":
        found = [item.get("encrypted_content") for item in body["input"] if item.get("type") == "reasoning"]
    elif protocol == "anthropic":
        blocks = [block for message in body["messages"] for block in _blocks(message["content"])]
        found = [block.get("signature") or block.get("data") for block in blocks if "thinking" in block["type"]]
    elif protocol == "gemini":
        found = [part.get("thoughtSignature") for content in body["contents"] for part in content["parts"]]
    return {value for value in found if value}


def _blocks(content: Any) -> list[dict[str, Any]]:
    return content if isinstance(content, list) else []


def schema_asked(protocol: Protocol, request: Received) -> Any:
    """The JSON Schema that `request` wants the answer to follow, where its protocol says it."""
    body = request.json
    if protocol == "chat":
        return body["response_format"]["json_schema"]["schema"]
    if protocol == "responses":
        return body["text"]["format"]["schema"]
    if protocol == "anthropic":
        return body["output_config"]["format"]["schema"]
    if protocol == "ollama":
        return body["format"]
    return body["generationConfig"].get("responseJsonSchema") or body["generationConfig"]["responseSchema"]
