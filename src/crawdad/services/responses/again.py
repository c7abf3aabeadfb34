"""A background request, asked once more by another process when the one that had it is gone."""

from __future__ import annotations

from collections.abc import Callable

from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.services.turns.turn import Turn
from crawdad.store.responses import StoredResponse
from crawdad.wire import codecs

_PROTOCOL = "openai-responses"
_OF_EXCHANGE = ("contract", "operation", "method", "path", "client_address", "user_agent", "session")


def origin_of(turn: Turn) -> JsonObject:
    """What a turn's request says beside its body."""
    exchange = turn.exchange
    return {
        "model": turn.model,
        "headers": dict(turn.gateway_headers),
        "language": turn.language,
        "agent": turn.by_agent,
        "run": turn.run_id,
        "showsTools": turn.shows_tools,
        **{name: getattr(exchange, name) for name in _OF_EXCHANGE},
    }


def turn_again(
    left: StoredResponse, origin: JsonObject, principal: Principal, exchange_id: str, now: Callable[[], float]
) -> Turn:
    """The turn of the response `left`, under the id that it has."""
    exchange = Exchange(
        id=exchange_id,
        started_at=left.created_at,
        protocol=_PROTOCOL,
        principal_id=principal.id,
        principal_name=principal.name,
        owner=principal.owner,
        stream=True,
        model_requested=origin["model"],
        **{name: origin[name] for name in _OF_EXCHANGE if origin.get(name) is not None},
    )
    turn = Turn(exchange, principal, codecs.get(_PROTOCOL), origin["model"], True, left.request, b"", now)
    turn.gateway_headers, turn.language = origin["headers"], origin["language"]
    turn.reply_id = left.id.removeprefix("resp_")
    turn.run_key = left.id if left.background else ""
    turn.run_id, turn.shows_tools = origin.get("run") or "", origin.get("showsTools")
    turn.by_agent = origin.get("agent") is True
    return turn
