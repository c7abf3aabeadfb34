"""One turn on its way through the gateway: what the client asked, and the passport that is filled in as it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from crawdad.core.errors import GatewayError
from crawdad.core.exchange import Exchange
from crawdad.core.identity import Principal
from crawdad.core.parts import JsonObject
from crawdad.core.request import ModelRequest
from crawdad.core.text import Language
from crawdad.wire.codec import Codec, ReplyContext

if TYPE_CHECKING:
    from crawdad.wire.media.multipart import Form


@dataclass(slots=True)
class Turn:
    """What is known of one request for a model's answer.

    `raw` is the body as the client sent it and `body` the same parsed. `headers` are the protocol's own feature headers
    (`anthropic-beta`, …) that travel on the express lane. `array` asks for Gemini's JSON-array streaming. `touched` is set
    when something changed the request, which then cannot take the express lane. `now` tells the time.
    """

    exchange: Exchange
    principal: Principal
    codec: Codec
    model: str
    stream: bool
    body: JsonObject
    raw: bytes
    now: Callable[[], float]
    headers: Mapping[str, str] = field(default_factory=dict)
    language: Language = "en"
    array: bool = False
    touched: bool = False
    form: Form | None = None
    """The body as a form, for operations that take one (`body` then holds its text fields)."""
    echo: ModelRequest | None = None
    """The request as the reply shall echo it, where that is not what the upstream gets (Responses)."""
    gateway_headers: Mapping[str, str] = field(default_factory=dict)
    """Headers of the gateway's own contract (`x-openclaw-…`, `last-event-id`, `idempotency-key`): they stay here."""
    run_key: str = ""
    """What an agent's run of it is known by, where the run goes on without whoever asked: it is begun once."""
    given_up: bool = False
    """Whoever asked wants it no more, and so no run either that would go on."""
    run_id: str = ""
    """The agent's run that answers it."""
    shows_tools: bool | None = None
    """Whether the answer shows the agent's own calls of tools; None: as the settings say."""
    is_resumable: bool = False
    """Whoever asked may come back for the answer: it is kept from its beginning on, and its run stopped by whoever keeps it."""
    by_agent: bool = False
    """An agent answers: its contract has words of its own."""
    reply_id: str = ""
    """What the reply is called, where that is not the exchange's id."""
    mark: str = ""
    """Where a stream can be taken up again after what was told last."""
    session: str | None = None
    """Which conversation it belongs to, as far as the accounts care."""
    fetched: dict[str, tuple[bytes, str]] = field(default_factory=dict)
    """What was fetched for the request: URL → content and claimed type. Kept for the next attempt."""
    _request: ModelRequest | None = None

    @property
    def request(self) -> ModelRequest:
        """The request in the common vocabulary; read when first needed. Raises BAD_REQUEST."""
        if self._request is None:
            self._request = self.codec.read_request(self.body, model=self.model, stream=self.stream)
        return self._request

    @request.setter
    def request(self, changed: ModelRequest) -> None:
        self._request = changed
        self.touched = True

    @property
    def context(self) -> ReplyContext:
        """What a writer needs to know for this turn's reply."""
        try:
            request = self.echo or self.request
        except GatewayError:  # on the express lane the vendor may take what we cannot read
            request = ModelRequest(self.model, stream=self.stream, protocol=self.codec.name)
        return ReplyContext(
            self.model,
            self.reply_id or self.exchange.id,
            int(self.exchange.started_at),
            request,
            self.now,
            self.by_agent,
        )
