"""Requests for friendship and invitations to groups: accepted, refused, or put to the operator as an approval."""

from __future__ import annotations

import hashlib

from crawdad.core.approvals import ApprovalRequest
from crawdad.core.channels import InboundMessage, PlatformRequest, SendFailed
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.services.channels.wording import plain_name
from crawdad.services.channels.world import OpenAccount
from crawdad.store.channel_rows import StoredEvent

KEPT_SECONDS = 7 * 86_400.0
_LONGEST_COMMENT = 500


def request_id(event: StoredEvent) -> str:
    """The approval's id: the same for the same request, also when the platform tells of it again after a while."""
    request = event.message.request if event.message is not None else None
    flag = request.flag if request is not None else event.event_id
    return hashlib.sha256(f"{event.account}:{flag}".encode()).hexdigest()[:32]


class Requests:
    """The requests of one account."""

    def __init__(self, account: OpenAccount) -> None:
        self._desk = account
        self._world = account.world

    async def put(self, event: StoredEvent, message: InboundMessage) -> str:
        """Ask the operator: the approval's id. Asking again is asking once."""
        request = message.request
        assert request is not None
        asked = request_id(event)
        account = self._desk.account
        name, group = plain_name(message.sender.name), plain_name(request.group)
        details = {
            "channel": account.channel,
            "account": account.name,
            "kind": request.kind,
            "flag": request.flag,
            "sender": message.sender.id,
            "name": name,
            "group": group,
            "comment": request.comment[:_LONGEST_COMMENT],
        }
        summary = f"{account}: {request.kind} {name or message.sender.id} {group}".strip()
        wanted = ApprovalRequest(
            kind="request",
            summary=summary,
            agent_id="",
            session_key=f"channel:{account}",
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
        return asked

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
        if found.status == "expired":
            return "request_expired"
        accept = found.status in ("allowed", "used")
        return await self.answer(message.request, accept)

    async def answer(self, request: PlatformRequest, accept: bool) -> str:
        """Tell the platform. A request that it does not know any more was answered elsewhere."""
        try:
            await self._desk.channel.answer_request(request, accept)
        except SendFailed as failure:
            if failure.outcome not in ("refused", "unsupported"):
                raise
            await self._desk.tell("request", failure.text)
            return "request_failed"
        except GatewayError as error:
            if error.kind is not ErrorKind.NOT_FOUND:
                raise
            return "request_gone"
        return "request_accepted" if accept else "request_refused"
