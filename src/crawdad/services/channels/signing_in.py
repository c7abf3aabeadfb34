"""Signing accounts in: one sign-in at a time for each, told step by step."""

from __future__ import annotations

import asyncio

from crawdad.core.channels import SIGN_IN_OVER, Account, SignInStep
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text
from crawdad.services.channels.pairing import Pairing
from crawdad.services.channels.running import RunningAccount


class SignIns:
    """The sign-ins that are under way. `pairing` lets in those who have signed in their own account."""

    def __init__(self, pairing: Pairing) -> None:
        self._pairing = pairing
        self._steps: dict[Account, SignInStep] = {}

    async def begin(self, running: RunningAccount, *, force: bool) -> SignInStep:
        """Begin one."""
        return await self._stepped(running, await running.desk.channel.sign_in(force=force))

    def standing(self, account: Account) -> SignInStep | None:
        """Where a sign-in stands; None: none was begun."""
        return self._steps.get(account)

    def forget(self, account: Account) -> None:
        """The account was closed: what was begun is void."""
        self._steps.pop(account, None)

    async def poll(self, running: RunningAccount, code: str, seconds: float) -> SignInStep:
        """How it goes on, or how it stands after `seconds`. Raises CONFLICT when none was begun."""
        account = running.account
        if account not in self._steps:
            raise GatewayError(ErrorKind.CONFLICT, Text("channels.no_sign_in", {"account": str(account)}))
        try:
            async with asyncio.timeout(seconds):
                step = await running.desk.channel.sign_in_poll(code)
        except TimeoutError:
            return self._steps[account]
        return await self._stepped(running, step)

    async def _stepped(self, running: RunningAccount, step: SignInStep) -> SignInStep:
        account = running.account
        if step.state in SIGN_IN_OVER:
            self._steps.pop(account, None)
        else:
            self._steps[account] = step
        if step.state == "connected":
            if step.owner:
                await self._pairing.let_in(account, step.owner, by="sign-in", owner=True)
            running.restart()
        return step
