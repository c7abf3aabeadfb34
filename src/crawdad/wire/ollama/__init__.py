"""Ollama's native chat, as the side upstreams speak.

Specification: https://docs.ollama.com/api/chat.

How it works. The body carries everything, the model's name and whether to stream included. An answer is a row of JSON
objects, one a line (NDJSON), each with more of `message.content` or `message.thinking` or with whole `message.tool_calls`,
whose arguments are objects; the last has `done: true`, why it ended and the token counts. Unstreamed it is one such object,
so one reader serves both. An error is `{"error": "words"}`, also in the middle of a stream.

What to know: images travel as bare base64 only; levels of thinking are for models whose profile knows them; calls often
have no ids, and whoever writes the answer for a client makes them.
"""

from __future__ import annotations

from crawdad.wire.codec import Codec
from crawdad.wire.ollama.codec import OllamaCodec

CODEC: Codec = OllamaCodec()

__all__ = ["CODEC", "OllamaCodec"]
