"""The one error of the system. It is raised where the fault is known and worded by each contract at its edge."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from crawdad.core.text import Text


class ErrorKind(StrEnum):
    """What went wrong, in one word. Every protocol and contract holds a total table from kind to its own words."""

    BAD_REQUEST = "bad_request"  # the request cannot be understood or asks for the impossible
    CONTEXT_TOO_LONG = "context_too_long"  # it is understood, but larger than the model's context
    TOO_LARGE = "too_large"  # larger than we read
    UNAUTHENTICATED = "unauthenticated"  # no credential, or one we do not know
    FORBIDDEN = "forbidden"  # known, but may not
    PAYMENT = "payment"  # money or quota is used up
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"  # the thing is not in a state that allows this
    RATE_LIMITED = "rate_limited"
    UNAVAILABLE = "unavailable"  # we are stopped, starting, draining or full
    OVERLOADED = "overloaded"  # the upstream is
    UPSTREAM_ERROR = "upstream_error"  # the upstream answered with a fault of its own
    UPSTREAM_BROKEN = "upstream_broken"  # the upstream could not be reached, or its answer not be read
    UPSTREAM_TIMEOUT = "upstream_timeout"
    CANCELLED = "cancelled"  # whoever asked went away
    INTERNAL = "internal"  # our own fault


class GatewayError(Exception):
    """A fault with a kind, words for a person, and what a machine may want to know.

    `message` is a `Text` (ours: translated at the edge) or a `str` (a vendor's words, kept as they came).
    `details` may hold: `param` (the request field at fault), `code` (a finer machine word), `status` (the upstream's
    HTTP status), `type` (the upstream's error type), `body` (the upstream's parsed error body) and `protocol` (whose
    body that is). `retry_after` is in seconds.
    """

    def __init__(
        self,
        kind: ErrorKind,
        message: Text | str,
        details: Mapping[str, Any] | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(kind, message)
        self.kind = kind
        self.text = message
        self.details: dict[str, Any] = dict(details or {})
        self.retry_after = retry_after

    def message(self, language: str = "en") -> str:
        """The words for a person in `language` (`en` or `zh`)."""
        return self.text if isinstance(self.text, str) else self.text.render(language)

    def __str__(self) -> str:
        return f"{self.kind.value}: {self.message()}"


class NotReached(GatewayError):
    """No connection was made (UPSTREAM_BROKEN, UPSTREAM_TIMEOUT): nothing of the request has left."""


def bad_request(key: str, param: str | None = None, **values: object) -> GatewayError:
    """A `BAD_REQUEST` worded by catalogue entry `key`, naming the field at fault."""
    details = {} if param is None else {"param": param}
    if param is not None:
        values.setdefault("param", param)
    return GatewayError(ErrorKind.BAD_REQUEST, Text(key, values), details)
