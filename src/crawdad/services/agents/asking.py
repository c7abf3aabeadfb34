"""Asking a model within a turn: each question is an exchange of its own, so that budgets, pool, prices and log hold."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.events import StreamEvent
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.ports import Clock, Randomness
from crawdad.core.request import ModelRequest
from crawdad.core.text import Language, Text
from crawdad.services.agents.models import Cooldowns, passes_on
from crawdad.services.turns.front import Events, ModelFront
from crawdad.services.turns.turn import Turn
from crawdad.wire import codecs

PROTOCOL = "openai-responses"
"""The protocol whose rules of routing hold for agents: it can say the most."""
CONTRACT = "agent"
_FAILED_STATUS = 502


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a model is asked, and what the log is to say of it."""

    principal: Principal
    agent_id: str
    session_key: str
    client_address: str = ""
    language: Language = "en"


@dataclass(slots=True)
class Asked:
    """A model that has begun to answer."""

    name: str
    exchange: Exchange
    events: Events = field(repr=False)


class ModelCalls:
    """Asks models: the first of several that answers, those that failed of late last."""

    def __init__(self, front: ModelFront, clock: Clock, randomness: Randomness) -> None:
        self.front = front
        self.cooldowns = Cooldowns(clock)
        self._clock = clock
        self._randomness = randomness

    async def ask(
        self, asker: Asker, names: Sequence[str], request: ModelRequest, note: Callable[[str], None]
    ) -> Asked:
        """The first answer to be had, its first event in hand. `note` hears of those that failed. Raises the last error."""
        order = self.cooldowns.order(names)
        for position, name in enumerate(order):
            try:
                asked = await self._ask(asker, name, request)
            except GatewayError as error:
                if not passes_on(error):
                    raise
                if len(order) > 1:
                    self.cooldowns.failed(name)
                if position == len(order) - 1:
                    raise
                note(f"{name}: {error.message(asker.language)} → {order[position + 1]}")
            else:
                self.cooldowns.served(name)
                return asked
        raise GatewayError(ErrorKind.UNAVAILABLE, Text("agents.no_model"))

    async def _ask(self, asker: Asker, name: str, request: ModelRequest) -> Asked:
        principal = asker.principal
        exchange = Exchange(
            id=self._randomness.new_id(),
            started_at=self._clock.now(),
            contract=CONTRACT,
            protocol=CONTRACT,
            operation=CONTRACT,
            path=f"agent:{asker.agent_id}",
            principal_id=principal.id,
            principal_name=principal.name,
            owner=principal.owner,
            client_address=asker.client_address,
            session=asker.session_key,
            model_requested=name,
            stream=True,
        )
        turn = Turn(exchange, principal, codecs.get(PROTOCOL), name, True, {}, b"", self._clock.now)
        turn.language = asker.language
        turn.session = asker.session_key
        turn.request = replace(request, model=name, stream=True)
        ledger = self.front.ledger
        try:
            return Asked(name, exchange, await self.front.events(turn))
        except GatewayError as error:
            ledger.fail(exchange, error, _FAILED_STATUS)
            raise
        except BaseException:
            ledger.abandon(exchange)
            raise

    async def heard(self, asked: Asked) -> AsyncGenerator[list[StreamEvent], None]:
        """The answer as it comes; its exchange is closed with it. Raises when it breaks off."""
        exchange, ledger = asked.exchange, self.front.ledger
        try:
            async for batch in asked.events:
                yield batch
            if exchange.outcome == "open":
                raise GatewayError(ErrorKind.UPSTREAM_BROKEN, Text("upstream.cut_short"))
        except GatewayError as error:
            ledger.fail(exchange, error, 200)
            raise
        finally:
            await asked.events.aclose()
            ledger.abandon(exchange)
