"""The one FastAPI application behind all management contracts, and its OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match

from crawdad import __version__
from crawdad.api.management.contract_route import as_gateway_error, error_response
from crawdad.api.management.mount import WriteError
from crawdad.api.management.plain_answers import PlainAnswers
from crawdad.api.management.spellings import Spellings
from crawdad.core.errors import GatewayError
from crawdad.core.text import Language


@dataclass(frozen=True, slots=True)
class Contract:
    """The routes of one contract and how it words errors. `prefixes` are the paths that it owns."""

    name: str
    prefixes: tuple[str, ...]
    router: APIRouter
    write_error: WriteError


def make_application(contracts: Sequence[Contract]) -> FastAPI:
    """The application. It documents itself for the generators of clients, not to the network."""
    application = FastAPI(
        title="Crawdad",
        version=__version__,
        routes=[
            route for contract in contracts for route in contract.router.routes
        ],  # not included: built once, and here
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    application.add_middleware(Spellings)
    application.add_middleware(PlainAnswers)

    async def tell(request: Request, error: Exception) -> Response:
        if isinstance(error, HTTPException) and error.status_code == 405:
            error = HTTPException(405, headers={"Allow": _methods(contracts, request)})
        write = _owner(contracts, request.url.path)
        if isinstance(error, HTTPException) and error.status_code == 404 and f"{request.url.path}/".startswith("/api/"):
            write = _for_all(write)
        return error_response(as_gateway_error(error, request), request, write)

    application.add_exception_handler(HTTPException, tell)
    application.add_exception_handler(RequestValidationError, tell)
    return application


def _for_all(write: WriteError) -> WriteError:
    """For a path that no route claims: who asks may be a client of ClawPanel's contract as well, which looks at `ok`."""

    def write_for_all(error: GatewayError, language: Language) -> tuple[int, dict[str, Any]]:
        status, body = write(error, language)
        return status, body if "success" in body else {"ok": False, **body}

    return write_for_all


def _methods(contracts: Sequence[Contract], request: Request) -> str:
    """All methods that a path takes, of whichever routes: the router names those of the first alone."""
    found: set[str] = set()
    for contract in contracts:
        for route in contract.router.routes:
            if route.matches(request.scope)[0] is not Match.NONE:
                found |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(found | ({"HEAD"} if "GET" in found else set())))


def _owner(contracts: Sequence[Contract], path: str) -> WriteError:
    for contract in contracts:
        if f"{path}/".startswith(contract.prefixes):  # the slash at its end was taken off
            return contract.write_error
    return contracts[0].write_error
