"""One turn's passport: what came in, where it went, what it cost, how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from crawdad.core.tracing import Place
from crawdad.core.usage import Usage

Outcome = Literal["open", "completed", "failed", "cancelled", "interrupted"]


@dataclass(slots=True)
class Attempt:
    """One try at one source. `status` is the upstream's (None: no answer); times are in seconds since the exchange began."""

    source: str
    model: str
    status: int | None = None
    error: str | None = None
    began: float = 0.0
    ended: float | None = None


@dataclass(slots=True)
class Exchange:
    """Everything the log stores of one exchange. `started_at` is Unix time in seconds; durations are in seconds.

    `id` is also the request id answered to the client unless it brought its own (`client_request_id`).
    `protocol` is the client's, `upstream_protocol` the source's; `lane` tells whether bytes went through verbatim.
    """

    id: str
    started_at: float
    contract: str
    protocol: str
    operation: str
    method: str = "POST"
    path: str = ""
    principal_id: str = ""
    principal_name: str = ""
    client_address: str = ""
    user_agent: str = ""
    client_request_id: str | None = None
    session: str | None = None
    model_requested: str = ""
    model_resolved: str = ""
    provider: str = ""
    upstream_protocol: str = ""
    account: str = ""
    """The id of the account that served it."""
    account_label: str = ""
    lane: Literal["", "express", "translated", "local"] = ""
    stream: bool = False
    attempts: list[Attempt] = field(default_factory=list)
    first_byte_seconds: float | None = None
    duration_seconds: float | None = None
    request_bytes: int = 0
    response_bytes: int = 0
    status: int = 0
    outcome: Outcome = "open"
    stop_reason: str | None = None
    usage: Usage = field(default_factory=Usage)
    cost: float | None = None
    error_kind: str | None = None
    error_message: str | None = None
    upstream_request_id: str | None = None
    notes: list[str] = field(default_factory=list)
    owner: str = ""
    """Whose key it was."""
    held: bool = field(default=False, repr=False)
    """A good end is not certain yet: something has still to work out before the client hears of it. Not stored."""
    heard: int = 0
    """How much of the answer the client got (`services.turns.cut`), in case that it is cut off. Not stored."""
    budgeted: bool = field(default=False, repr=False, compare=False)
    """Something of a day's, a month's or a total budget is set aside for it: what it used must be written down. Not stored."""
    when_cut: Callable[[], None] | None = field(default=None, repr=False, compare=False)
    """Completes `usage` where the answer does not come to its end. Not stored."""
    place: Place | None = field(default=None, repr=False, compare=False)
    """Where it stands in a trace, where there is one. Not stored."""
    attempt_places: list[Place] = field(default_factory=list, repr=False, compare=False)
    """The same of each attempt."""
