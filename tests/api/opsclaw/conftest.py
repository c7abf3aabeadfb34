"""One gateway a test module, in front of scripted and of faulty models, with an administrator."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.opsclaw.administrator import ADMIN, Administrator
from tests.support.server import running_gateway, settings
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
