"""The token of an app: what its loss means for whoever wanted one."""

from __future__ import annotations

import pytest

from crawdad.adapters.channels.app_token import AppToken
from crawdad.adapters.channels.attempts import attempted
from crawdad.core.channels import SendFailed, SignedOut
from crawdad.core.errors import ErrorKind, GatewayError
from tests.support.channel_context import EventClock


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        (GatewayError(ErrorKind.UPSTREAM_TIMEOUT, "no answer"), "not_sent"),
        (GatewayError(ErrorKind.UPSTREAM_ERROR, "busy", None, 7.0), "not_sent"),
        (SignedOut("bad secret"), "signed_out"),
    ],
)
async def test_what_had_no_token_has_not_left(fault: GatewayError, outcome: str) -> None:
    async def ask() -> tuple[str, float]:
        raise fault

    token = AppToken(EventClock(lambda: None), ask)
    with pytest.raises(SendFailed) as failed:
        await attempted(token.fresh())
    assert failed.value.outcome == outcome
    with pytest.raises(GatewayError) as raised:
        await token.fresh()
    assert (raised.value.kind, raised.value.retry_after) == (fault.kind, fault.retry_after)
