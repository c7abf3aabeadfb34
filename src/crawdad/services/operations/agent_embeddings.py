"""Embeddings asked of an agent: they come from the model with which it searches its memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from crawdad.core.agent_names import DEFAULT_AGENT, default_agent
from crawdad.core.agent_settings import AgentsSettings
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.catalogue import Offer
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.turn import Turn

_MODEL_HEADER = "x-openclaw-model"


MOST_INPUTS, MOST_CHARACTERS, MOST_IN_ALL = 128, 8192, 65_536
"""What is taken for an agent: inputs, characters of one, characters of all (the gateway's contract). Other models have limits
of their own."""


def embedding_offers(
    front: ModelFront, turn: Turn, agents: AgentsSettings, inputs: Sequence[str | list[int]]
) -> tuple[Offer, ...]:
    """Where an embedding may come from. For an agent: where its embedding model is, or the one that the caller names. Raises
    BAD_REQUEST where it has none, and for more than is taken for an agent."""
    offers = front.offers(turn)
    if not offers[0].provider.agents:
        return offers
    turn.principal.need(Permission.AGENTS_USE)
    _check(inputs)
    agent_id = default_agent(agents) if offers[0].model == DEFAULT_AGENT else offers[0].model
    model = turn.gateway_headers.get(_MODEL_HEADER, "").strip() or agents.memory_search_of(agent_id).embedding_model
    if not model:
        words = Text("doors.no_embedding_model", {"agent": agent_id})
        raise GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "model", "passing": False})
    found = front.offers(replace(turn, model=model))
    if found[0].provider.agents:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("doors.no_embedding_model", {"agent": agent_id}))
    return found


def _check(inputs: Sequence[str | list[int]]) -> None:
    texts = [each for each in inputs if isinstance(each, str)]
    if len(texts) != len(inputs):
        raise bad_request("wire.type", "input", expected="a string or an array of strings")
    if len(texts) > MOST_INPUTS:
        raise bad_request("doors.embedding_inputs", "input", most=MOST_INPUTS)
    for number, text in enumerate(texts):
        if len(text) > MOST_CHARACTERS:
            raise bad_request("doors.embedding_characters", f"input[{number}]", most=MOST_CHARACTERS)
    if sum(map(len, texts)) > MOST_IN_ALL:
        raise bad_request("doors.embedding_in_all", "input", most=MOST_IN_ALL)
