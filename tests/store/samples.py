"""Things to keep."""

from __future__ import annotations

from typing import Any

from crawdad.core.exchange import Attempt, Exchange
from crawdad.core.usage import Usage

MORNING = 1_767_000_000.0


def exchange(number: int = 0, **fields: Any) -> Exchange:
    """An exchange with something in every field; the `number`-th began so many seconds after the first."""
    values: dict[str, Any] = {
        "id": f"ex{number:06d}",
        "started_at": MORNING + number,
        "contract": "openai",
        "protocol": "openai_chat",
        "operation": "chat",
        "path": "/v1/chat/completions",
        "principal_id": "key_1",
        "principal_name": "laptop",
        "client_address": "127.0.0.1",
        "user_agent": "OpenAI/Python 2.7.1",
        "client_request_id": "req-1",
        "session": "s-1",
        "model_requested": "gpt-5",
        "model_resolved": "openai/gpt-5",
        "provider": "openai",
        "upstream_protocol": "openai_responses",
        "account": "default",
        "lane": "translated",
        "stream": True,
        "attempts": [
            Attempt("openai", "gpt-5", 503, "overloaded", 0.0, 0.2),
            Attempt("openai", "gpt-5", 200, None, 0.7),
        ],
        "first_byte_seconds": 0.9,
        "duration_seconds": 1.25,
        "request_bytes": 512,
        "response_bytes": 2048,
        "status": 200,
        "outcome": "completed",
        "stop_reason": "end",
        "usage": Usage(100, 20, cache_read_tokens=64, reasoning_tokens=7, service_tier="priority"),
        "cost": 0.0125,
        "error_kind": None,
        "error_message": None,
        "upstream_request_id": "up-1",
        "notes": ["top_k dropped: no such knob"],
    }
    return Exchange(**{**values, **fields})
