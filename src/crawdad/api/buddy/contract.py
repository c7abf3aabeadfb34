"""The contract put together: one router of each subject."""

from __future__ import annotations

from fastapi import APIRouter

from crawdad.api.buddy.account import account_routes
from crawdad.api.buddy.audit import audit_routes
from crawdad.api.buddy.bot_files import bot_file_routes
from crawdad.api.buddy.bots import bot_routes
from crawdad.api.buddy.channels import channel_routes
from crawdad.api.buddy.chat import chat_routes
from crawdad.api.buddy.chat_extras import chat_extra_routes
from crawdad.api.buddy.configuration import configuration_routes
from crawdad.api.buddy.context import Buddy
from crawdad.api.buddy.devices import device_routes
from crawdad.api.buddy.errors import write_error
from crawdad.api.buddy.events import event_routes
from crawdad.api.buddy.experts import expert_routes
from crawdad.api.buddy.files import file_routes
from crawdad.api.buddy.gateway import gateway_routes
from crawdad.api.buddy.heal import heal_routes
from crawdad.api.buddy.healing import healing_routes
from crawdad.api.buddy.inventory import inventory_routes
from crawdad.api.buddy.jobs import job_routes
from crawdad.api.buddy.models import model_routes
from crawdad.api.buddy.paths import OWNED
from crawdad.api.buddy.plugins import plugin_routes
from crawdad.api.buddy.quick_commands import quick_command_routes
from crawdad.api.buddy.sessions import session_routes
from crawdad.api.buddy.sign_in import sign_in_routes
from crawdad.api.buddy.skills import skill_routes
from crawdad.api.buddy.status import status_routes
from crawdad.api.buddy.system import system_routes
from crawdad.api.buddy.tasks import task_routes
from crawdad.api.buddy.wechat import wechat_routes
from crawdad.api.management.application import Contract
from crawdad.api.management.contract_route import contract_route

ROUTE = contract_route(write_error, any_type=True)


def buddy_contract(context: Buddy) -> Contract:
    """All routes of the contract."""
    router = APIRouter(route_class=ROUTE)
    sign_in_routes(router, context)
    system_routes(router, context)
    inventory_routes(router, context)
    model_routes(router, context)
    plugin_routes(router, context)
    skill_routes(router, context)
    bot_routes(router, context)
    bot_file_routes(router, context)
    expert_routes(router, context)
    session_routes(router, context)
    gateway_routes(router, context)
    task_routes(router, context)
    event_routes(router, context)
    status_routes(router, context)
    chat_routes(router, context)
    quick_command_routes(router, context)
    wechat_routes(router, context)
    heal_routes(router, context)
    healing_routes(router, context)
    account_routes(router, context)
    configuration_routes(router, context)
    device_routes(router, context)
    job_routes(router, context)
    audit_routes(router, context)
    channel_routes(router, context)
    file_routes(router, context)
    chat_extra_routes(router, context)
    return Contract("buddy", OWNED, router, write_error)
