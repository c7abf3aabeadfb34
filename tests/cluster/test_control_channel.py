"""The control channel of a cluster: what happens at one gateway is told, and has its effect, at the other."""

from __future__ import annotations

import pytest

from tests.cluster.pair import Pair
from tests.support.control import BACKEND, Device, Refused, connect_params, connected, opened

pytestmark = [pytest.mark.postgres, pytest.mark.redis]
READ = ["operator.read"]


def test_who_waits_at_one_gateway_is_let_in_at_the_other(pair: Pair) -> None:
    device = Device()
    with connected(pair.first) as here, connected(pair.second) as there:
        with opened(pair.first, source="127.0.0.2") as client, pytest.raises(Refused) as refused:
            client.connect(connect_params(pair.first.token, READ), device)
        request_id = refused.value.error["details"]["requestId"]
        for operator in (here, there):
            assert operator.event("device.pair.requested")["payload"]["requestId"] == request_id
        assert there.call("device.pair.approve", {"requestId": request_id})["device"]["deviceId"] == device.id
        assert here.event("device.pair.resolved")["payload"]["decision"] == "approved"
    with connected(pair.first, READ, device=device, source="127.0.0.2") as live, connected(pair.second) as there:
        there.call("device.pair.remove", {"deviceId": device.id})
        assert live.closed()[0] == 4001


def test_who_is_at_one_gateway_is_seen_at_the_other(pair: Pair) -> None:
    with connected(pair.first) as watching, connected(pair.second, client={**BACKEND, "displayName": "Ann's panel"}):
        while True:
            told = watching.event("presence")["payload"]["presence"]
            if any(entry.get("host") == "Ann's panel" for entry in told):
                break
