"""Signing in with OAuth put together: flows, the identity provider and the ports that wait for browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crawdad.adapters.loopback_listener import LoopbackListeners
from crawdad.api.opsclaw.callback_page import callback_page
from crawdad.app.accounts import World, identity_provider
from crawdad.services.accounts.oauth.flow_store import FlowStore
from crawdad.services.accounts.oauth.sign_ins import SignIns
from crawdad.services.accounts.services import AccountServices
from crawdad.services.tasks import Tasks
from crawdad.store.key_values import KeyValues


@asynccontextmanager
async def open_sign_ins(world: World, accounts: AccountServices, tasks: Tasks) -> AsyncIterator[SignIns]:
    """The sign-ins of an installation."""
    sign_ins = SignIns(
        provider=identity_provider(world),
        store=FlowStore(KeyValues(world.database), world.box, world.clock, world.randomness),
        book=accounts.registry,
        listeners=LoopbackListeners(callback_page),
        clock=world.clock,
        randomness=world.randomness,
        tasks=tasks,
    )
    try:
        yield sign_ins
    finally:
        await sign_ins.close()
