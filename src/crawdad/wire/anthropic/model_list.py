"""The list of models: `GET /v1/models`.

Spec: https://platform.claude.com/docs/en/api/models-list
"""

from __future__ import annotations

from collections.abc import Sequence
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


def models_page(
    models: Sequence[tuple[str, str, int]],
    limit: int = 1000,
    after_id: str | None = None,
    before_id: str | None = None,
) -> JsonObject:
    """One page of the `(id, name, created)`: at most `limit` of them, behind `after_id` or in front of `before_id`."""
    ids = [model[0] for model in models]
    start, end = 0, len(ids)
    if after_id in ids:
        start = ids.index(after_id) + 1
    elif before_id in ids:
        end = ids.index(before_id)
        start = max(0, end - limit)
    page = models[start:end][:limit]
    data = [model_info(*model) for model in page]
    return {
        "data": data,
        "has_more": start > 0 if before_id in ids else start + len(page) < len(ids),
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
    }
