"""A model as a provider's own list names it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from crawdad.core.prices import Price

ModelKind = Literal["chat", "embedding", "image", "audio"]


@dataclass(frozen=True, slots=True)
class ListedModel:
    """`created` is in Unix seconds (0 where unknown); sizes are in tokens. `price` is what the list itself says."""

    id: str
    display_name: str = ""
    created: int = 0
    kind: ModelKind = "chat"
    context_window: int | None = None
    max_tokens: int | None = None
    endpoints: tuple[str, ...] = ()
    price: Price | None = None
