"""The model of agents that say nothing else, and how much it reads."""

from __future__ import annotations

from crawdad.api.control.context import Control

_DEFAULT_CONTEXT = 200_000


def default_model(control: Control) -> tuple[str | None, int]:
    """Its name as the settings have it, and its context window in tokens."""
    name = control.settings().agents.defaults.model.primary
    offer = control.catalogue().offers.get(name or "")
    return name, (offer.context_window if offer is not None else 0) or _DEFAULT_CONTEXT
