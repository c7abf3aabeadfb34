"""The contract put together: one router of each subject."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route
from crawdad.api.opsclaw.account_imports import account_import_routes
from crawdad.api.opsclaw.accounts import account_routes
from crawdad.api.opsclaw.cli_sync import cli_sync_routes
from crawdad.api.opsclaw.config import config_routes
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.devices import device_routes
from crawdad.api.opsclaw.errors import write_error
from crawdad.api.opsclaw.health import health_routes
from crawdad.api.opsclaw.logs import log_routes
from crawdad.api.opsclaw.mapping import mapping_routes
from crawdad.api.opsclaw.oauth import oauth_routes
from crawdad.api.opsclaw.pool import pool_routes
from crawdad.api.opsclaw.proxy_service import proxy_service_routes
from crawdad.api.opsclaw.statistics import statistics_routes
from crawdad.api.opsclaw.system import system_routes
from crawdad.api.opsclaw.tunnel import tunnel_routes
from crawdad.api.opsclaw.updates import update_routes
from crawdad.api.opsclaw.zai_models import zai_models_routes

ROUTE = contract_route(write_error)


def opsclaw_contract(context: OpsClaw) -> Contract:
    """All routes of the contract."""
    router = APIRouter(route_class=ROUTE)
    health_routes(router, context)
    config_routes(router, context)
    mapping_routes(router, context)
    cli_sync_routes(router, context)
    tunnel_routes(router, context)
    system_routes(router, context)
    update_routes(router, context)
    zai_models_routes(router, context)
    proxy_service_routes(router, context)
    oauth_routes(router, context)
    account_import_routes(router, context)
    device_routes(router, context)
    account_routes(router, context)
    pool_routes(router, context)
    log_routes(router, context)
    statistics_routes(router, context)
    return Contract("opsclaw", ("/api/", "/auth/callback"), router, write_error)
