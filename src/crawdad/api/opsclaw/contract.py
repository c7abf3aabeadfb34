"""The contract put together: one router of each subject."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.errors import write_error
from crawdad.api.opsclaw.health import health_routes
from crawdad.api.opsclaw.oauth import oauth_routes

ROUTE = contract_route(write_error)


def opsclaw_contract(context: OpsClaw) -> Contract:
    """All routes of the contract."""
    router = APIRouter(route_class=ROUTE)
    health_routes(router, context)
    oauth_routes(router, context)
    return Contract("opsclaw", ("/api/", "/auth/callback"), router, write_error)
