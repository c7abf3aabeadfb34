"""An exchange as the contract's `ProxyRequestLog`, with keys of our own behind those of the contract."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from crawdad.core.exchange import Exchange
from crawdad.core.log import Bodies

LogProtocol = Literal["openai", "anthropic", "gemini"]
_PROTOCOLS: dict[str, LogProtocol] = {"openai": "openai", "anthropic": "anthropic", "gemini": "gemini"}


class LogEntry(BaseModel):
    """One request. `timestamp`, `duration` and `total_duration` are in milliseconds; `duration` of a stream ends with its first
    byte. Bodies are told by the route of one entry alone."""

    id: str
    timestamp: int
    method: str
    url: str
    status: int
    duration: int
    model: str | None
    mapped_model: str | None
    account_email: str | None
    error: str | None
    request_body: str | None
    response_body: str | None
    input_tokens: int | None
    output_tokens: int | None
    protocol: LogProtocol | None
    client_ip: str | None
    username: str | None
    key_id: str | None
    owner: str | None
    provider: str | None
    operation: str
    outcome: str
    stream: bool
    total_duration: int | None
    cache_read_tokens: int
    cache_write_tokens: int
    reasoning_tokens: int
    cost: float | None
    session: str | None
    user_agent: str | None
    notes: list[str]


class AttemptEntry(BaseModel):
    """One try at one source. Times are in milliseconds since the request came."""

    provider: str
    model: str
    status: int | None
    error: str | None
    began: int
    ended: int | None


class LogDetail(LogEntry):
    """One request with its bodies and with what was tried."""

    request_truncated: bool
    response_truncated: bool
    attempts: list[AttemptEntry]


def entry_of(exchange: Exchange) -> LogEntry:
    """The exchange as a row of the list."""
    return LogEntry(**_values(exchange))


def detail_of(exchange: Exchange, bodies: Bodies) -> LogDetail:
    """The exchange with all that is known of it."""
    request, response = bodies.request, bodies.response
    attempts = [
        AttemptEntry(
            provider=attempt.source,
            model=attempt.model,
            status=attempt.status,
            error=attempt.error,
            began=_milliseconds(attempt.began) or 0,
            ended=_milliseconds(attempt.ended),
        )
        for attempt in exchange.attempts
    ]
    values = {
        **_values(exchange),
        "request_body": request.text if request else None,
        "response_body": response.text if response else None,
        "request_truncated": bool(request and request.truncated),
        "response_truncated": bool(response and response.truncated),
    }
    return LogDetail(**values, attempts=attempts)


def _values(exchange: Exchange) -> dict[str, object]:
    usage = exchange.usage
    read = usage.input_tokens
    if read is not None and exchange.contract == "anthropic":  # as that protocol counts
        read = max(0, read - usage.cache_read_tokens - usage.cache_write_tokens)
    total = _milliseconds(exchange.duration_seconds)
    first = _milliseconds(exchange.first_byte_seconds) if exchange.stream else None
    return {
        "id": exchange.id,
        "timestamp": int(exchange.started_at * 1000),  # never later than it was: whoever asks until then leaves it out
        "method": exchange.method,
        "url": exchange.path,
        "status": exchange.status,
        "duration": (total if first is None else first) or 0,
        "model": exchange.model_requested or None,
        "mapped_model": exchange.model_resolved.removeprefix(f"{exchange.provider}/") or None,
        "account_email": exchange.account_label or None,
        "error": exchange.error_message,
        "request_body": None,
        "response_body": None,
        "input_tokens": read,
        "output_tokens": usage.output_tokens,
        "protocol": _PROTOCOLS.get(exchange.contract),
        "client_ip": exchange.client_address or None,
        "username": exchange.principal_name or None,
        "key_id": exchange.principal_id or None,
        "owner": exchange.owner or None,
        "provider": exchange.provider or None,
        "operation": exchange.operation,
        "outcome": exchange.outcome,
        "stream": exchange.stream,
        "total_duration": total,
        "cache_read_tokens": usage.cache_read_tokens,
        "cache_write_tokens": usage.cache_write_tokens,
        "reasoning_tokens": usage.reasoning_tokens,
        "cost": exchange.cost,
        "session": exchange.session,
        "user_agent": exchange.user_agent or None,
        "notes": exchange.notes,
    }


def _milliseconds(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * 1000)
