"""Signing WeChat in by QR code, for whoever looks once or for a while.

Somebody has to go on asking until the code was scanned, or nothing comes of it: a task does that to its end, whether or not
the one who asked for the code still looks.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from crawdad.core.channels import SIGN_IN_OVER, Account, SignInStep
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.core.ports import Clock
from crawdad.core.tasks import Report, TaskOrder
from crawdad.core.text import Text
from crawdad.services.channels.host import ChannelHost
from crawdad.services.chat_accounts.direct import DirectAccess
from crawdad.services.task_board import TaskBoard
from crawdad.wire.weixin.sign_in import CODE_SECONDS

WEIXIN = "openclaw-weixin"
SUCCEEDED = ("connected", "already")
_POLL_SECONDS = 90.0
"""Longer than the channel asks the service at a time: an answer is not to be lost on its way."""
_TYPING_SECONDS = 60.0
_PAUSE_SECONDS = 1.0
_STOP_SECONDS = 10.0


class Scan:
    """One sign-in. `steps` grow; the last says where it stands. `expires_at`: until when the code that is shown holds, in Unix
    seconds. `error`: why it could not go on."""

    def __init__(self, first: SignInStep, clock: Clock) -> None:
        self._clock = clock
        self._news = asyncio.Event()
        self._typed = asyncio.Event()
        self._typing = ""
        self.steps: list[SignInStep] = []
        self.shown = ""
        self.expires_at = 0.0
        self.over = False
        self.error: GatewayError | None = None
        self.task_id = ""
        self._tell(first)

    @property
    def step(self) -> SignInStep:
        """Where it stands."""
        return self.steps[-1]

    async def after(self, count: int) -> Sequence[SignInStep]:
        """The steps after the first `count`, as soon as there are any; none: it is over."""
        while len(self.steps) <= count and not self.over:
            await self._news.wait()
        return self.steps[count:]

    def type(self, code: str) -> None:
        """Give the number that the phone shows."""
        self._typing = code
        self._typed.set()

    async def go_on(self, host: ChannelHost, account: Account) -> SignInStep:
        """Ask until it is over: the last step. Raises what the channel raises."""
        try:
            while self.step.state not in SIGN_IN_OVER:
                if self.step.state == "need_code":
                    await self._wait_for_code()
                code, self._typing = self._typing, ""
                if not self._tell(await host.sign_in_poll(account, code=code, seconds=_POLL_SECONDS), again=bool(code)):
                    await self._clock.sleep(_PAUSE_SECONDS)
        except GatewayError as error:
            self.error = error
            raise
        finally:
            self.close()
        return self.step

    def close(self) -> None:
        """It goes on no more."""
        self.over = True
        self._news.set()

    async def _wait_for_code(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TYPING_SECONDS):
                await self._typed.wait()
        self._typed.clear()

    def _tell(self, step: SignInStep, *, again: bool = False) -> bool:
        """Take a step down: whether it is news. `again`: that it says the same as before is (a number was wrong)."""
        if self.steps and step == self.step and not again:
            return False
        if step.state == "qr" and self.steps and step.qr == self.shown and self.step.state == "scanned":
            return False  # the channel says that it still waits, and has said of what
        if step.qr and step.qr != self.shown:
            self.shown, self.expires_at = step.qr, self._clock.now() + CODE_SECONDS
        self.steps.append(step)
        self.over = step.state in SIGN_IN_OVER
        self._news.set()
        self._news = asyncio.Event()
        return True


class WeixinSignIn:
    """The sign-in of the WeChat account. What is asked here raises NOT_FOUND or UNAVAILABLE where that account is not in the
    settings or does not run here, and UPSTREAM_* where WeChat gives no code."""

    def __init__(self, access: DirectAccess, board: TaskBoard, clock: Clock) -> None:
        self._access, self._board, self._clock = access, board, clock
        self._lock = asyncio.Lock()
        self._scan: Scan | None = None

    async def begin(self, owner: str, *, force: bool = False) -> tuple[Scan, bool]:
        """The sign-in that goes on, else a new one; and whether it went on already. `force`: a new one in any case, also where
        somebody is signed in. Where somebody is, the only step is `already`."""
        account = self._access.running(WEIXIN).account
        host = self._access.host
        async with self._lock:
            if self._scan is not None and not self._scan.over:
                if not force:
                    return self._scan, True
                await self._stop(self._scan)
            scan = Scan(await host.sign_in(account, force=force), self._clock)
            if not scan.over:

                async def work(_report: Report) -> JsonObject:
                    return await _signed_in(scan, host, account)

                order = TaskOrder("channels.sign_in", Text("buddy.sign_in"), WEIXIN, f"sign-in {account}", owner)
                scan.task_id = (await self._board.start(order, work)).id
            self._scan = scan
            return scan, False

    async def type(self, code: str) -> None:
        """Give the number that the phone shows. Raises CONFLICT where none is asked for."""
        scan = self._scan
        if scan is None or scan.over or scan.step.state != "need_code":
            raise GatewayError(ErrorKind.CONFLICT, Text("buddy.no_code_wanted"), {"code": "no_code_wanted"})
        scan.type(code)

    async def _stop(self, scan: Scan) -> None:
        try:
            await self._board.cancel(scan.task_id)
        except GatewayError as error:
            if error.kind not in (ErrorKind.CONFLICT, ErrorKind.NOT_FOUND):  # over meanwhile
                raise
        await self._board.wait(scan.task_id, _STOP_SECONDS)
        scan.close()  # the task may have been stopped before it began


async def _signed_in(scan: Scan, host: ChannelHost, account: Account) -> JsonObject:
    step = await scan.go_on(host, account)
    if step.state not in SUCCEEDED:
        raise GatewayError(ErrorKind.CONFLICT, Text("buddy.not_signed_in", {"state": step.state}), {"code": step.state})
    return {"identity": step.identity, "state": step.state}
