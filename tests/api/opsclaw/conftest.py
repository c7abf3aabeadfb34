"""Gateways of a test module: one in front of scripted and faulty models, with an administrator, and one whose vendor has
accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.opsclaw.administrator import ADMIN, Administrator
from tests.api.opsclaw.client import call
from tests.support.server import Gateway, running_gateway, settings
from tests.support.services import postgres_url, redis_url, shared_redis  # noqa: F401
from tests.support.upstreams.accounts import AccountVendor
from tests.support.upstreams.faulty import FaultyUpstream
from tests.support.upstreams.fixtures import faulty_upstream, scripted_upstream  # noqa: F401
from tests.support.upstreams.protocols import PROTOCOLS, provider
from tests.support.upstreams.scripted import ScriptedUpstream

PROVIDER_KEY = "sk-planted-provider-5b9d13ae"


def configuration(scripted: ScriptedUpstream, faulty: FaultyUpstream, **sections: Any) -> dict[str, Any]:
    """Providers called by the protocol they speak, and `faulty`."""
    found: dict[str, Any] = {
        protocol: provider(protocol, scripted.url, [], discover=False, apiKey=PROVIDER_KEY) for protocol in PROTOCOLS
    }
    found["faulty"] = provider("chat", faulty.url, [], discover=False, apiKey=PROVIDER_KEY)
    gateway = {"auth": {"adminToken": ADMIN}}
    return settings(found, gateway=gateway, retry={"attempts": 1}, **sections)


@pytest.fixture(scope="module")
def administrator(
    scripted_upstream: ScriptedUpstream,  # noqa: F811
    faulty_upstream: FaultyUpstream,  # noqa: F811
) -> Iterator[Administrator]:
    with running_gateway(configuration(scripted_upstream, faulty_upstream)) as gateway:
        yield Administrator(gateway)


@pytest.fixture
def fresh(administrator: Administrator) -> Administrator:
    """The administrator of a gateway with an empty log and no usage."""
    assert administrator.ask("POST", "/api/logs/clear").status == 200
    assert administrator.ask("POST", "/api/stats/token/clear").status == 200
    return administrator


@pytest.fixture(scope="module")
def vendor() -> Iterator[AccountVendor]:
    with AccountVendor() as found:
        yield found


@pytest.fixture(scope="module")
def shared_gateway() -> Iterator[Gateway]:
    quick = {"attempts": 3, "baseSeconds": 0.01, "budgetSeconds": 2}
    with running_gateway(settings({}, retry=quick, accounts={"refreshMinutes": 0, "maxWaitSeconds": 2})) as found:
        yield found


@pytest.fixture
def gateway(shared_gateway: Gateway, vendor: AccountVendor) -> Gateway:
    """The gateway without any account."""
    listed = call(shared_gateway, "GET", "/api/accounts").json["accounts"]
    call(shared_gateway, "POST", "/api/accounts/bulk-delete", {"accountIds": [one["id"] for one in listed]})
    vendor.journal.clear()
    return shared_gateway
