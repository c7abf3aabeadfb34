"""The list of models: `GET /v1/models`.

Spec: https://platform.claude.com/docs/en/api/models-list
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from crawdad.core.parts import JsonObject


def model_info(model_id: str, name: str, created: int) -> JsonObject:
    """One model; `created` is in Unix seconds."""
    return {
        "type": "model",
        "id": model_id,
        "display_name": name,
        "created_at": datetime.fromtimestamp(created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "lifecycle": "active",
    }


def models_page(models: Iterable[tuple[str, str, int]]) -> JsonObject:
    """All `(id, name, created)` as one page."""
    data = [model_info(*model) for model in models]
    return {
        "data": data,
        "has_more": False,
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }
