"""The SDKs of all vendors in front of one gateway, and what an answer comes down to in each of their protocols."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Literal

import orjson

from tests.e2e.anthropic_clients import AnthropicClients
from tests.e2e.google_clients import GoogleClients
from tests.e2e.modes import Mode
from tests.e2e.openai_clients import OpenAIClients
from tests.support.server import Gateway

Speaks = Literal["chat", "responses", "anthropic", "gemini"]
SPEAKS: tuple[Speaks, ...] = ("chat", "responses", "anthropic", "gemini")


@dataclass(frozen=True)
class Told:
    """What an answer comes down to in every protocol."""

    text: str
    calls: tuple[tuple[str, Any], ...]


@dataclass(frozen=True)
class Clients:
    """The SDKs of all vendors in front of one gateway."""

    openai: OpenAIClients
    anthropic: AnthropicClients
    google: GoogleClients

    @classmethod
    def open(cls, gateway: Gateway, loop: asyncio.Runner) -> Clients:
        """All of them."""
        return cls(OpenAIClients(gateway, loop), AnthropicClients(gateway, loop), GoogleClients(gateway, loop))

    def close(self) -> None:
        """Close all of them."""
        for clients in (self.openai, self.anthropic, self.google):
            clients.close()

    def ask(self, speaks: Speaks, mode: Mode, model: str, text: str = "hi") -> Told:
        """Say `text` to `model` in that protocol."""
        if speaks == "chat":
            message = (
                self.openai.chat(mode, model=model, messages=[{"role": "user", "content": text}]).choices[0].message
            )
            return chat_told(message.to_dict(mode="json"))
        if speaks == "responses":
            return responses_told(self.openai.response(mode, model=model, input=text).to_dict(mode="json"))
        if speaks == "anthropic":
            answer = self.anthropic.message(mode, model=model, messages=[{"role": "user", "content": text}])
            return anthropic_told(answer.to_dict(mode="json"))
        said = self.google.generate(mode, model, text).model_dump(mode="json", by_alias=True, exclude_none=True)
        return gemini_told(said)


def chat_told(message: Any) -> Told:
    calls = [call["function"] for call in message.get("tool_calls") or ()]
    told = message.get("content") or ""
    if isinstance(told, list):
        told = "".join(part["text"] for part in told if part["type"] == "text")
    return Told(told, tuple((call["name"], orjson.loads(call.get("arguments") or "{}")) for call in calls))


def responses_told(response: Any) -> Told:
    items = response["output"]
    parts = [part for item in items if item["type"] == "message" for part in item["content"]]
    calls = [item for item in items if item["type"] == "function_call"]
    return Told(
        "".join(part.get("text", "") for part in parts),
        tuple((call["name"], orjson.loads(call["arguments"])) for call in calls),
    )


def anthropic_told(message: Any) -> Told:
    blocks = message["content"]
    calls = [block for block in blocks if block["type"] == "tool_use"]
    return Told(
        "".join(block["text"] for block in blocks if block["type"] == "text"),
        tuple((call["name"], call["input"]) for call in calls),
    )


def gemini_told(answer: Any) -> Told:
    candidates = answer.get("candidates") or [{}]
    parts = (candidates[0].get("content") or {}).get("parts") or []
    calls = [part["functionCall"] for part in parts if "functionCall" in part]
    return Told(
        "".join(part.get("text", "") for part in parts if not part.get("thought")),
        tuple((call["name"], call.get("args") or {}) for call in calls),
    )
