"""A vendor with accounts, and a gateway in front of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.api.opsclaw.client import call
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor


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
