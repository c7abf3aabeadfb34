"""The one FastAPI application behind all management contracts, and its OpenAPI document."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException

from crawdad import __version__
from crawdad.api.management.contract_route import as_gateway_error, error_response
from crawdad.api.management.mount import WriteError


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
        title="Crawdad", version=__version__, openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=True
    )
    for contract in contracts:
        application.include_router(contract.router)

    async def tell(request: Request, error: Exception) -> Response:
        return error_response(as_gateway_error(error, request), request, _owner(contracts, request.url.path))

    application.add_exception_handler(HTTPException, tell)
    application.add_exception_handler(RequestValidationError, tell)
    return application


def _owner(contracts: Sequence[Contract], path: str) -> WriteError:
    for contract in contracts:
        if path.startswith(contract.prefixes):
            return contract.write_error
    return contracts[0].write_error
