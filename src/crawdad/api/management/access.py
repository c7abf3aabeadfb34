"""Who may use a management route: every credential header leads to the same check, and the best of them counts."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection

from fastapi import Request
from starlette.requests import HTTPConnection

from crawdad.api.page_session import unproven
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import KEY_DEFAULT, Permission, Principal
from crawdad.core.text import Text
from crawdad.services.identity import Door

HEADERS = ("x-admin-token", "authorization", "x-api-key", "x-goog-api-key")

Guard = Callable[[Request], Awaitable[Principal]]


def credentials_of(request: HTTPConnection) -> list[str]:
    """The credentials that a request carries, each once, in the order in which they are tried."""
    found: dict[str, None] = {}
    for name in HEADERS:
        value = request.headers.get(name, "").strip()
        if name == "authorization" and value[:7].lower() == "bearer ":
            value = value[7:].strip()
        if value:
            found[value] = None
    return list(found)


def principal_of(door: Door, request: HTTPConnection, wanted: Collection[Permission] = ()) -> Principal:
    """Who asks, by whichever of the credentials holds one of the rights that are `wanted`, else opens most. Raises
    UNAUTHENTICATED when none is known (that counts as one wrong guess, however many headers it came in)."""
    best: Principal | None = None

    def worth(principal: Principal) -> tuple[bool, bool, int]:
        rights = principal.permissions
        return not rights.isdisjoint(wanted), not rights <= KEY_DEFAULT, len(rights)

    refusal: GatewayError | None = None
    presented = credentials_of(request)
    visitor: Principal | None = getattr(request.state, "visitor", None)
    if not presented and visitor is not None:
        return visitor
    if not presented and getattr(request.state, "unproven", False):
        raise unproven()
    tried: list[str | None] = [each for each in presented if door.knows(each)]
    for credential in tried or [presented[0] if presented else None]:
        try:
            found = door.enter(credential, request.state.address)
        except GatewayError as error:
            refusal = error
            continue
        if best is None or worth(found) > worth(best):
            best = found
    if best is None:
        assert refusal is not None
        raise refusal
    return best


def guard(door: Door, *permissions: Permission) -> Guard:
    """A dependency: the principal, who holds at least one of `permissions`.

    A key that is good for models alone is nobody here (401, as clients expect that ask for an administrator's token); one that
    administers other things is refused (403).
    """

    async def check(request: Request) -> Principal:
        principal = principal_of(door, request, permissions)
        if principal.permissions.isdisjoint(permissions):
            if principal.permissions <= KEY_DEFAULT:
                raise GatewayError(
                    ErrorKind.UNAUTHENTICATED, Text("identity.no_admin"), {"code": "invalid_admin_token"}
                )
            principal.need(permissions[0])
        return principal

    return check
