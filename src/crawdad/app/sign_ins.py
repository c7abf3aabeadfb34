"""Signing in with OAuth put together: identity provider, access tokens, flows and the ports that wait for browsers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from crawdad.adapters.loopback_listener import LoopbackListeners
from crawdad.api.opsclaw.callback_page import callback_page
from crawdad.app.accounts import World
from crawdad.services.accounts.credentials import AccessTokens
from crawdad.services.accounts.oauth.completing import Completing
from crawdad.services.accounts.oauth.endpoints import IdentityProvider
from crawdad.services.accounts.oauth.flow_store import FlowStore
from crawdad.services.accounts.oauth.sign_ins import SignIns
from crawdad.services.accounts.services import AccountServices
from crawdad.services.tasks import Tasks
from crawdad.store.key_values import KeyValues


@asynccontextmanager
async def open_sign_ins(world: World, accounts: AccountServices, tasks: Tasks) -> AsyncIterator[SignIns]:
    """The sign-ins of an installation; its accounts get their access tokens from the same provider."""
    provider = IdentityProvider(world.transport, lambda: world.settings().oauth.google, world.proxy_for)

    accounts.use_tokens(AccessTokens(provider, world.clock, accounts.registry.renewed))
    accounts.registry.completed = Completing(provider)
    sign_ins = SignIns(
        provider=provider,
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
