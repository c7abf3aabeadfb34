"""The contract put together: one router of each subject."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad.api.guide.context import Guide
from crawdad.api.guide.errors import error_writer
from crawdad.api.guide.session_changes import session_change_routes
from crawdad.api.guide.sessions import session_routes
from crawdad.api.guide.system import system_routes
from crawdad.api.guide.turns import turn_routes
from crawdad.api.guide.versioned import REST_PREFIX
from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route


def guide_contract(guide: Guide) -> Contract:
    """All routes."""
    write_error = error_writer(guide.gate.clock)
    router = APIRouter(route_class=contract_route(write_error))
    turn_routes(router, guide)
    session_change_routes(router, guide)
    session_routes(router, guide)
    system_routes(router, guide)
    return Contract("guide", (REST_PREFIX,), router, write_error)
