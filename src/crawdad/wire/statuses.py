"""What an HTTP status from an upstream means, where the protocol's own words say nothing finer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crawdad.core.errors import ErrorKind

KIND_BY_STATUS: Mapping[int, ErrorKind] = MappingProxyType(
    {
        400: ErrorKind.BAD_REQUEST,
        401: ErrorKind.UNAUTHENTICATED,
        402: ErrorKind.PAYMENT,
        403: ErrorKind.FORBIDDEN,
        404: ErrorKind.NOT_FOUND,
        408: ErrorKind.UPSTREAM_TIMEOUT,
        409: ErrorKind.CONFLICT,
        413: ErrorKind.TOO_LARGE,
        429: ErrorKind.RATE_LIMITED,
        503: ErrorKind.OVERLOADED,
        504: ErrorKind.UPSTREAM_TIMEOUT,
        529: ErrorKind.OVERLOADED,
    }
)
"""RFC 9110, and the vendors' 529."""
