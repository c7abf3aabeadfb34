"""The contract put together: one router of each subject."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad.api.clawpanel.activity import activity_routes
from crawdad.api.clawpanel.admin_config_routes import admin_config_routes
from crawdad.api.clawpanel.admin_token import admin_token_routes
from crawdad.api.clawpanel.backups import backup_routes
from crawdad.api.clawpanel.bot import bot_routes
from crawdad.api.clawpanel.context import ClawPanel
from crawdad.api.clawpanel.cron import cron_routes
from crawdad.api.clawpanel.environment import environment_routes
from crawdad.api.clawpanel.errors import write_error
from crawdad.api.clawpanel.napcat import napcat_routes
from crawdad.api.clawpanel.openclaw import openclaw_routes
from crawdad.api.clawpanel.paths import OWNED
from crawdad.api.clawpanel.requests import request_routes
from crawdad.api.clawpanel.restart import restart_routes
from crawdad.api.clawpanel.sign_in import sign_in_routes
from crawdad.api.clawpanel.skills import skill_routes
from crawdad.api.clawpanel.status import status_routes
from crawdad.api.clawpanel.sudo_password import sudo_password_routes
from crawdad.api.clawpanel.tickets import ticket_routes
from crawdad.api.clawpanel.toggle import toggle_routes
from crawdad.api.clawpanel.updates import update_routes
from crawdad.api.clawpanel.wechat import wechat_routes
from crawdad.api.clawpanel.wechat_callback import wechat_callback_routes
from crawdad.api.clawpanel.workspace import workspace_routes
from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route

ROUTE = contract_route(write_error)


def clawpanel_contract(context: ClawPanel) -> Contract:
    """All routes of the contract."""
    router = APIRouter(route_class=ROUTE)
    sign_in_routes(router, context)
    admin_token_routes(router, context)
    workspace_routes(router, context)
    openclaw_routes(router, context)
    toggle_routes(router, context)
    environment_routes(router, context)
    skill_routes(router, context)
    cron_routes(router, context)
    sudo_password_routes(router, context)
    restart_routes(router, context)
    napcat_routes(router, context)
    bot_routes(router, context)
    wechat_routes(router, context)
    wechat_callback_routes(router, context)
    ticket_routes(router, context)
    status_routes(router, context)
    activity_routes(router, context)
    request_routes(router, context)
    admin_config_routes(router, context)
    backup_routes(router, context)
    update_routes(router, context)
    return Contract("clawpanel", OWNED, router, write_error)
