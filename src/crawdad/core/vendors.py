"""A vendor of models: how its API is reached. What a plugin may bring, and what Crawdad's own plugins do bring."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.settings import Api


@dataclass(frozen=True, slots=True)
class Vendor:
    """How a vendor is reached: the protocol that it speaks, and the address (`https://api.example.com/v1`)."""

    api: Api
    base_url: str
