"""Agents added to the configuration file and taken out of it: edits of `agents.list` that touch nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.sessions import MAIN_AGENT, normalise_agent_id
from crawdad.core.text import Text
from crawdad.services.configuration import edits
from crawdad.services.configuration.paths import Path

_LIST: Path = ("agents", "list")


def with_agent(text: str, entry: dict[str, Any]) -> str:
    """The text with one more agent. Where none was written down there was `main` all the same: it stays, as the default one.
    Raises BAD_REQUEST for an id that cannot be one, CONFLICT where the agent is there already."""
    agent_id = str(entry["id"])
    if normalise_agent_id(agent_id) != agent_id:
        raise bad_request("agents.bad_id", "id", id=agent_id[:80])
    known = _agents(text)
    if agent_id in map(_id_of, known) or (not known and agent_id == MAIN_AGENT):
        raise GatewayError(ErrorKind.CONFLICT, Text("agents.there_already", {"agent": agent_id}))
    if not known:
        text = edits.set_value(text, _LIST, [{"id": MAIN_AGENT, "default": True}])
        known = _agents(text)
    return edits.set_value(text, (*_LIST, len(known)), entry)


def without_agent(text: str, agent_id: str) -> str:
    """The text without an agent. Raises NOT_FOUND where the file does not name it."""
    for place, entry in enumerate(_agents(text)):
        if _id_of(entry) == normalise_agent_id(agent_id):
            return edits.unset_value(text, (*_LIST, place))
    raise GatewayError(ErrorKind.NOT_FOUND, Text("agents.not_in_file", {"agent": agent_id[:80]}))


def with_agent_changed(text: str, agent_id: str, changes: Mapping[str, Any]) -> str:
    """The text with some of an agent's fields changed (None takes one away); `main` that stands nowhere is written down.
    Raises NOT_FOUND where the file does not name the agent."""
    known = _agents(text)
    if not known and agent_id == MAIN_AGENT:
        text = edits.set_value(text, _LIST, [{"id": MAIN_AGENT, "default": True}])
        known = _agents(text)
    place = next((place for place, entry in enumerate(known) if _id_of(entry) == agent_id), None)
    if place is None:
        raise GatewayError(ErrorKind.NOT_FOUND, Text("agents.not_in_file", {"agent": agent_id[:80]}))
    identity = known[place].get("identity")
    if changes.get("name") and isinstance(identity, dict) and identity.get("name"):  # it goes before the plain name
        text = edits.set_value(text, (*_LIST, place, "identity", "name"), changes["name"])
    for name, value in changes.items():
        if value is None:
            text = edits.unset_value(text, (*_LIST, place, name)) if name in known[place] else text
        elif isinstance(value, dict):
            for inner, item in value.items():
                text = edits.set_value(text, (*_LIST, place, name, inner), item)
        else:
            text = edits.set_value(text, (*_LIST, place, name), value)
    return text


def without_agent_and_bindings(text: str, agent_id: str) -> tuple[str, int]:
    """The text without an agent and without the bindings that lead to it; how many those were. Raises NOT_FOUND."""
    text = without_agent(text, agent_id)
    bindings = edits.value_of(text).get("bindings")
    found = bindings if isinstance(bindings, list) else []
    own = [place for place, each in enumerate(found) if _bound(each) == agent_id]
    for place in reversed(own):
        text = edits.unset_value(text, ("bindings", place))
    return text, len(own)


def _bound(binding: Any) -> str:
    return normalise_agent_id(str(binding.get("agentId", ""))) if isinstance(binding, dict) else ""


def _agents(text: str) -> list[Any]:
    agents = edits.value_of(text).get("agents")
    found = agents.get("list") if isinstance(agents, dict) else None
    return found if isinstance(found, list) else []


def _id_of(entry: Any) -> str:
    return normalise_agent_id(str(entry.get("id", ""))) if isinstance(entry, dict) else ""
