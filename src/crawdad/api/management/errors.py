"""One table of what an error's kind means in HTTP, for the management contracts."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crawdad.core.errors import ErrorKind, GatewayError

STATUS_OF_KIND: Mapping[ErrorKind, int] = MappingProxyType(
    {
        ErrorKind.BAD_REQUEST: 400,
        ErrorKind.CONTEXT_TOO_LONG: 400,
        ErrorKind.TOO_LARGE: 413,
        ErrorKind.UNAUTHENTICATED: 401,
        ErrorKind.FORBIDDEN: 403,
        ErrorKind.PAYMENT: 402,
        ErrorKind.NOT_FOUND: 404,
        ErrorKind.CONFLICT: 409,
        ErrorKind.RATE_LIMITED: 429,
        ErrorKind.UNAVAILABLE: 503,
        ErrorKind.OVERLOADED: 503,
        ErrorKind.UPSTREAM_ERROR: 502,
        ErrorKind.UPSTREAM_BROKEN: 502,
        ErrorKind.UPSTREAM_TIMEOUT: 504,
        ErrorKind.CANCELLED: 499,
        ErrorKind.INTERNAL: 500,
    }
)

_STATUS_OF_CODE: Mapping[str, int] = MappingProxyType(
    {"method_not_allowed": 405, "unsupported_media_type": 415, "not_implemented": 501, "disk_full": 507}
)


def status_of(error: GatewayError) -> int:
    """The HTTP status of an error: a finer one where its code says more than its kind."""
    return _STATUS_OF_CODE.get(str(error.details.get("code")), STATUS_OF_KIND[error.kind])
