"""Actions over HTTP: a call for each."""

from __future__ import annotations

import orjson

from crawdad.adapters.channels.onebot.reception import frame_of
from crawdad.core.channels import SendFailed, SendOutcome
from crawdad.core.errors import GatewayError, NotReached
from crawdad.core.ports import Timeouts, Transport, UpstreamCall
from crawdad.core.secret import Secret
from crawdad.core.text import Text
from crawdad.wire.onebot.actions import Action, Reply, read_reply

_MOST_ANSWERED = 64 * 1024 * 1024


async def post(transport: Transport, base_url: str, token: Secret | None, action: Action, seconds: float) -> Reply:
    """Have something done. Raises `SendFailed` when there is no answer."""
    headers = {"content-type": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token.reveal()}"
    url = f"{base_url.rstrip('/')}/{action.name}"
    body = orjson.dumps(action.params)
    once = action.name.startswith(("send_", "upload_"))
    call = UpstreamCall("POST", url, headers, body, Timeouts(5.0, seconds, seconds), redirects=False, once=once)
    try:
        answer = await transport.send(call)
        try:
            data = await answer.read(_MOST_ANSWERED)
        finally:
            await answer.close()
    except NotReached as error:
        raise SendFailed("not_sent", error.text) from error
    except GatewayError as error:
        raise SendFailed("ambiguous", error.text) from error
    if answer.status in (401, 403):
        raise SendFailed("signed_out", Text("onebot.token_refused", {"reason": f"HTTP {answer.status}"}))
    frame = frame_of(data)
    if frame is None or "retcode" not in frame:
        outcome: SendOutcome = "refused"
        if answer.status == 404:
            outcome = "unsupported"
        elif answer.status >= 500:
            outcome = "ambiguous"
        raise SendFailed(outcome, f"HTTP {answer.status}")
    return read_reply(frame)
