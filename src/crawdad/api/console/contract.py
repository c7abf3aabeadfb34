"""The routes put together. Errors are worded as the OpsClaw contract does, whose paths they stand among."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad.api.console.approvals import approval_routes
from crawdad.api.console.context import Console
from crawdad.api.console.health import health_routes
from crawdad.api.console.keys import key_routes
from crawdad.api.console.mcp import mcp_routes
from crawdad.api.console.notifications import notification_routes
from crawdad.api.console.session import session_routes
from crawdad.api.console.tasks import task_routes
from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route
from crawdad.api.opsclaw.errors import write_error

ROUTE = contract_route(write_error)


def console_contract(context: Console) -> Contract:
    """All routes."""
    router = APIRouter(route_class=ROUTE)
    session_routes(router, context)
    key_routes(router, context)
    approval_routes(router, context)
    task_routes(router, context)
    notification_routes(router, context)
    health_routes(router, context)
    places = ["/api/console", "/api/keys", "/api/approvals", "/api/tasks", "/api/notifications"]
    if context.mcp is not None:
        mcp_routes(router, context, context.mcp)
        places.append("/api/mcp")
    return Contract("console", tuple(places), router, write_error)
