"""Requests for friendship and to join groups, and invitations: accepted, refused, or put to the operator as an approval."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from crawdad.core.approvals import Approval, ApprovalRequest
from crawdad.core.channel_notices import REQUEST
from crawdad.core.channels import Account, InboundMessage, PlatformRequest, SendFailed
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import Principal
from crawdad.core.text import Text
from crawdad.services.channels.wording import plain_name
from crawdad.services.channels.world import OpenAccount
from crawdad.services.tools.approvals import ApprovalService
from crawdad.store.channel_rows import StoredEvent

KEPT_SECONDS = 7 * 86_400.0
_LONGEST_COMMENT = 500


@dataclass(frozen=True, slots=True)
class PendingRequest:
    """A request that nobody has answered. `at` in Unix seconds, `name` what the sender calls themselves."""

    account: Account
    request: PlatformRequest
    sender: str
    name: str
    at: float


def request_id(account: Account, flag: str) -> str:
    """The approval's id: the same for the same request, also when the platform tells of it again after a while."""
    return hashlib.sha256(f"{account}:{flag}".encode()).hexdigest()[:32]


async def pending_requests(approvals: ApprovalService, channel: str, account: str = "") -> list[PendingRequest]:
    """The requests to a channel that wait, in the order in which they came."""
    found = [_pending(one) for one in await approvals.list(("pending",)) if one.kind == "request"]
    wanted = [
        one for one in found if one is not None and one.account.channel == channel and account in ("", one.account.name)
    ]
    return sorted(wanted, key=lambda one: one.at)


def _pending(approval: Approval) -> PendingRequest | None:
    details = approval.details
    try:
        request = PlatformRequest(details["kind"], details["flag"], details["comment"], details["group"])
        account = Account(details["channel"], details["account"])
        return PendingRequest(account, request, details["sender"], details["name"], approval.created_at)
    except KeyError:  # a request of something else
        return None


class Requests:
    """The requests of one account."""

    def __init__(self, account: OpenAccount) -> None:
        self._desk = account
        self._world = account.world
        self._answered: dict[str, str] = {}
        """What became of a request that was answered here already, until whoever follows it has seen."""

    async def put(self, event: StoredEvent, message: InboundMessage) -> str:
        """Ask the operator: the approval's id. Asking again is asking once. Raises RATE_LIMITED when too many wait."""
        request = message.request
        assert request is not None
        account = self._desk.account
        asked = request_id(account, request.flag)
        name = plain_name(message.sender.name)
        details = {
            "channel": account.channel,
            "account": account.name,
            "kind": request.kind,
            "flag": request.flag,
            "sender": message.sender.id,
            "name": name,
            "group": plain_name(request.group),
            "comment": request.comment[:_LONGEST_COMMENT],
        }
        summary = f"{account}: {request.kind} {name or message.sender.id} {details['group']}".strip()
        wanted = ApprovalRequest(
            kind="request",
            summary=summary,
            agent_id="",
            # So many may wait in one session: requests have as many as their ids' first signs.
            session_key=f"channel:{account}:{asked[:1]}",
            run_id="",
            call_id=event.event_id,
            principal_id="channels",
            binding={"channel": account.channel, "account": account.name, "flag": request.flag},
            details=details,
        )
        try:
            await self._world.approvals.put(wanted, asked, KEPT_SECONDS)
        except GatewayError as error:
            if error.kind is not ErrorKind.CONFLICT:
                raise
        else:
            await self._tell(request, message.sender.id, "pending")
        return asked

    async def pending(self) -> Sequence[PendingRequest]:
        """Those that wait."""
        account = self._desk.account
        return await pending_requests(self._world.approvals, account.channel, account.name)

    async def decide(self, flag: str, accept: bool, reason: str, by: Principal) -> PendingRequest:
        """Answer one that waits, now. Raises NOT_FOUND where there is none (any more), FORBIDDEN, and `SendFailed` when the
        platform does not take the answer: then it waits still."""
        found = next((one for one in await self.pending() if one.request.flag == flag), None)
        if found is None:
            raise GatewayError(ErrorKind.NOT_FOUND, Text("automations.no_request", {"flag": flag[:200]}))
        asked = request_id(self._desk.account, flag)
        gone: GatewayError | None = None
        try:
            await self._desk.channel.answer_request(found.request, accept, reason)
            word = "request_accepted" if accept else "request_refused"
        except SendFailed:
            raise
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            gone, word = error, "request_gone"
        self._answered[asked] = word
        try:
            await self._world.approvals.resolve(asked, "allow-once" if accept and gone is None else "deny", by)
        except GatewayError as error:
            if error.kind is not ErrorKind.CONFLICT:  # it was answered elsewhere at the same time
                self._answered.pop(asked, None)
                raise
        await self._tell(found.request, found.sender, word.removeprefix("request_"), by.id)
        if gone is not None:
            raise gone
        return found

    async def see_through(self, event: StoredEvent) -> str:
        """Wait for the operator's word and pass it on. Returns what became of it, in a word."""
        message = event.message
        assert message is not None and message.request is not None
        try:
            found = await self._world.approvals.settled(event.run_id)
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            return "request_gone"
        if (word := self._answered.pop(event.run_id, "")) != "":
            return word
        if found.status == "expired":
            return "request_expired"
        return await self.answer(message, found.status in ("allowed", "used"), "operator")

    async def answer(self, message: InboundMessage, accept: bool, by: str) -> str:
        """Tell the platform. A request that it does not know any more was answered elsewhere."""
        request = message.request
        assert request is not None
        word = "request_accepted" if accept else "request_refused"
        try:
            await self._desk.channel.answer_request(request, accept)
        except SendFailed as failure:
            if failure.outcome not in ("refused", "unsupported"):
                raise
            await self._desk.tell("request", failure.text)
            word = "request_failed"
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            word = "request_gone"
        await self._tell(request, message.sender.id, word.removeprefix("request_"), by)
        return word

    async def _tell(self, request: PlatformRequest, sender: str, state: str, by: str = "") -> None:
        about = {"flag": request.flag, "kind": request.kind, "group": request.group, "comment": request.comment}
        await self._desk.publish(REQUEST, {**about, "sender": sender, "state": state, "by": by})
