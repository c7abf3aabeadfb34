"""The model of agents that say nothing else, and how much it reads."""

from __future__ import annotations

from crawdad.api.control.context import Control
from crawdad.core.settings import Settings
from crawdad.services.catalogue.offers import Catalogue

_DEFAULT_CONTEXT = 200_000


def default_model(control: Control) -> tuple[str | None, int]:
    """Its name as the settings have it, and its context window in tokens."""
    return default_model_of(control.settings(), control.catalogue())


def default_model_of(settings: Settings, catalogue: Catalogue) -> tuple[str | None, int]:
    """The same, out of settings and catalogue."""
    name = settings.agents.defaults.model.primary
    offer = catalogue.offers.get(name or "")
    return name, (offer.context_window if offer is not None else 0) or _DEFAULT_CONTEXT
