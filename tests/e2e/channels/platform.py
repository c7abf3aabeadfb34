"""A platform as the end-to-end tests need it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.server import Gateway


def nothing(gateway: Gateway) -> None:
    """The platform wants no sign-in."""


@dataclass
class Platform:
    """`group`: the chat in which `ask_group` asks, empty where there are none."""

    channel: str
    block: dict[str, Any]
    secret: str
    ask: Callable[[str], object]
    texts: Callable[[], Sequence[str]]
    wait: Callable[[Callable[[], bool]], None]
    sign_in: Callable[[Gateway], None] = nothing
    ask_group: Callable[[str, bool], object] | None = None
    group_texts: Callable[[], Sequence[str]] = list
    group: str = ""
