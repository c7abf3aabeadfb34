"""The routes put together. Errors are worded as the OpsClaw contract does, whose paths they stand among."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad.api.console.approvals import approval_routes
from crawdad.api.console.context import Console
from crawdad.api.console.keys import key_routes
from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route
from crawdad.api.opsclaw.errors import write_error

ROUTE = contract_route(write_error)


def console_contract(context: Console) -> Contract:
    """All routes."""
    router = APIRouter(route_class=ROUTE)
    key_routes(router, context)
    approval_routes(router, context)
    return Contract("console", ("/api/keys", "/api/approvals"), router, write_error)
