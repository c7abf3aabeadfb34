"""Embeddings asked of an agent: they come from the model with which it searches its memory."""

from __future__ import annotations

from dataclasses import replace

from crawdad.core.agent_names import DEFAULT_AGENT, default_agent
from crawdad.core.agent_settings import AgentsSettings
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Permission
from crawdad.core.text import Text
from crawdad.services.catalogue import Offer
from crawdad.services.turns.front import ModelFront
from crawdad.services.turns.turn import Turn

_MODEL_HEADER = "x-openclaw-model"


def embedding_offers(front: ModelFront, turn: Turn, agents: AgentsSettings) -> tuple[Offer, ...]:
    """Where an embedding may come from. For an agent: where its embedding model is, or the one that the caller names. Raises
    BAD_REQUEST where it has none."""
    offers = front.offers(turn)
    if not offers[0].provider.agents:
        return offers
    turn.principal.need(Permission.AGENTS_USE)
    agent_id = default_agent(agents) if offers[0].model == DEFAULT_AGENT else offers[0].model
    model = turn.gateway_headers.get(_MODEL_HEADER, "").strip() or agents.memory_search_of(agent_id).embedding_model
    if not model:
        words = Text("doors.no_embedding_model", {"agent": agent_id})
        raise GatewayError(ErrorKind.BAD_REQUEST, words, {"param": "model", "passing": False})
    found = front.offers(replace(turn, model=model))
    if found[0].provider.agents:
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("doors.no_embedding_model", {"agent": agent_id}))
    return found
