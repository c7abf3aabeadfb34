"""Edits of the providers, their models and the default model in a configuration text. Pure.

Secrets that come back masked stay as they were. `agents.defaults.models` names the models that agents may be switched to; where
it names none, all are meant. So a new model is added to a list that there is, and no list is begun for it.
"""

from __future__ import annotations

from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.configuration import edits
from crawdad.services.configuration.redaction import restored
from crawdad.services.configuration.saving import Edit

_PROVIDERS = ("models", "providers")
_SWITCHABLE = ("agents", "defaults", "models")
_DEFAULT = ("agents", "defaults", "model")


def with_provider(provider: str, config: dict[str, Any]) -> Edit:
    """What the file says of a provider, replaced; the models that it has there already stay."""

    def edit(text: str) -> str:
        present = _providers(text).get(provider)
        models = present.get("models") if isinstance(present, dict) else None
        kept = models if isinstance(models, list) else config.get("models") or []
        new = edits.set_value(text, (*_PROVIDERS, provider), {**config, "models": kept})
        return restored(_registered(new, provider, kept), text)

    return edit


def without_provider(provider: str) -> Edit:
    """A provider taken away with all its models. Raises NOT_FOUND."""

    def edit(text: str) -> str:
        models = _models(_provider(text, provider))
        new = edits.unset_value(text, (*_PROVIDERS, provider))
        for model in models:
            new = _unregistered(new, f"{provider}/{_id_of(model)}")
        return new

    return edit


def with_model(provider: str, model: dict[str, Any]) -> Edit:
    """A model of a provider, replaced or added; `model` has an `id`. Raises NOT_FOUND where the file has no such provider."""

    def edit(text: str) -> str:
        models = _models(_provider(text, provider))
        ids = [_id_of(each) for each in models]
        place = ids.index(model["id"]) if model["id"] in ids else len(models)
        models = [*models[:place], model, *models[place + 1 :]]
        new = edits.set_value(text, (*_PROVIDERS, provider, "models"), models)
        return restored(_registered(new, provider, [model]), text)

    return edit


def without_model(provider: str, model: str) -> Edit:
    """A model of a provider, taken away. Raises NOT_FOUND."""

    def edit(text: str) -> str:
        models = _models(_provider(text, provider))
        left = [each for each in models if _id_of(each) != model]
        if len(left) == len(models):
            values = {"provider": provider, "model": model}
            raise GatewayError(ErrorKind.NOT_FOUND, Text("configuration.no_model", values), {"code": "model_not_found"})
        new = edits.set_value(text, (*_PROVIDERS, provider, "models"), left)
        return _unregistered(new, f"{provider}/{model}")

    return edit


def with_default_model(name: str) -> Edit:
    """The model that agents ask, where nothing says otherwise. What is to be asked when it fails stays."""

    def edit(text: str) -> str:
        present = _at(text, _DEFAULT)
        value = {**present, "primary": name} if isinstance(present, dict) else {"primary": name}
        return edits.set_value(text, _DEFAULT, value)

    return edit


def _registered(text: str, provider: str, models: list[Any]) -> str:
    listed = _at(text, _SWITCHABLE)
    if not isinstance(listed, dict) or not listed:
        return text
    names = [f"{provider}/{_id_of(model)}" for model in models if _id_of(model)]
    new: dict[str, Any] = {name: {} for name in names if name not in listed}
    return edits.set_value(text, _SWITCHABLE, {**listed, **new}) if new else text


def _unregistered(text: str, name: str) -> str:
    """Without `name` in the list. The last one stays: without any, all would be meant."""
    listed = _at(text, _SWITCHABLE)
    if not isinstance(listed, dict) or name not in listed or len(listed) == 1:
        return text
    return edits.unset_value(text, (*_SWITCHABLE, name))


def _provider(text: str, provider: str) -> dict[str, Any]:
    found = _providers(text).get(provider)
    if not isinstance(found, dict):
        details = {"code": "provider_not_found"}
        raise GatewayError(ErrorKind.NOT_FOUND, Text("configuration.no_provider", {"provider": provider}), details)
    return found


def _providers(text: str) -> dict[str, Any]:
    found = _at(text, _PROVIDERS)
    return found if isinstance(found, dict) else {}


def _models(provider: dict[str, Any]) -> list[Any]:
    found = provider.get("models")
    return found if isinstance(found, list) else []


def _id_of(model: Any) -> str:
    found = model.get("id") if isinstance(model, dict) else model
    return found if isinstance(found, str) else ""


def _at(text: str, path: tuple[str, ...]) -> Any:
    value: Any = edits.value_of(text)
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value
