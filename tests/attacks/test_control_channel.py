"""The control channel under attack: wider grants, claimed scopes, empty secrets, first come, pages, ended keys, floods (10, 15 to
20)."""

from __future__ import annotations

import pytest

from crawdad.core.identity import Permission
from tests.attacks.keys import new_key, revoke
from tests.support.control import ALL_SCOPES, BACKEND, CLI, Device, Refused, connect_params, connected, opened
from tests.support.server import Gateway, running_gateway, settings

READING = frozenset(
    {
        Permission.SYSTEM_READ,
        Permission.CONFIG_READ,
        Permission.LOGS_READ,
        Permission.STATISTICS_READ,
        Permission.AGENTS_MANAGE,
    }
)
TRICKS = [
    "' OR 1=1 --",
    "\x00",
    "${jndi:x}",
    "*",
    "%",
    "null",
    "undefined",
    "Bearer x",
    "\ud7ff",
    "🦞" * 100,
    "x" * 50_000,
]


async def test_claimed_scopes_are_cut_to_what_the_key_holds(gateway: Gateway) -> None:
    key = await new_key(gateway, permissions=READING)
    for device in (None, Device()):
        with connected(gateway, list(ALL_SCOPES), token=key.token, device=device) as client:
            assert client.hello["auth"]["scopes"] == ["operator.approvals", "operator.read"]
            assert client.call("health")["ok"]
            for method in ("config.set", "device.pair.list"):
                assert client.fault(method)["message"].startswith("missing scope")


async def test_a_key_for_models_does_not_open_the_channel(gateway: Gateway) -> None:
    key = await new_key(gateway)
    with opened(gateway) as client, pytest.raises(Refused) as refused:
        client.connect(connect_params(key.token), Device())
    assert refused.value.error["message"] == "unauthorized"


async def test_a_narrow_key_gets_no_wide_token_of_a_device(gateway: Gateway) -> None:
    device = Device()
    with connected(gateway, device=device) as client:
        wide = client.hello["auth"]["deviceToken"]
    key = await new_key(gateway, permissions=READING)
    with connected(gateway, ["operator.read"], token=key.token, device=device) as client:
        assert "deviceToken" not in client.hello["auth"] and client.hello["auth"]["scopes"] == ["operator.read"]
    assert wide


async def test_what_a_key_let_in_ends_with_the_key(gateway: Gateway) -> None:
    key = await new_key(gateway, permissions=READING)
    device = Device()
    with (
        connected(gateway, ["operator.read"], token=key.token) as bare,
        connected(gateway, ["operator.read"], token=key.token, device=device) as client,
    ):
        token = client.hello["auth"]["deviceToken"]
        with connected(gateway, ["operator.read"], token=token, device=device) as by_token:
            await revoke(gateway, key)
            with connected(gateway, client=BACKEND) as operator:
                operator.call("health")
                for each in (bare, client, by_token):
                    code = None
                    while code is None:  # until the gateway has heard of it
                        try:
                            each.call("system-presence")
                        except Exception:
                            code = each.closed()[0]
                    assert code == 4001
    with opened(gateway) as late, pytest.raises(Refused):
        late.connect(connect_params(token, ["operator.read"]), device)


@pytest.mark.parametrize("name", ["token", "password", "deviceToken"])
def test_credentials_of_every_shape_are_refused(gateway: Gateway, name: str) -> None:
    for trick in ["", " ", *TRICKS]:
        for device in (None, Device()):
            with opened(gateway) as client, pytest.raises(Refused) as refused:
                client.connect({**connect_params(None), "auth": {name: trick}}, device)
            assert refused.value.code == 1008 and gateway.token not in str(refused.value)
            if len(trick) > 3 and trick != "null":
                assert trick not in str(refused.value.error)
    with opened(gateway) as client:
        client.connect(connect_params(gateway.token))


def test_a_credential_in_the_address_or_a_header_opens_nothing(gateway: Gateway) -> None:
    for path in ("/?token=" + gateway.token, "/?auth.token=" + gateway.token):
        with opened(gateway, gateway.headers, path) as client, pytest.raises(Refused) as refused:
            client.connect(connect_params(None))
        assert refused.value.error["message"] == "device identity required"


def test_pages_of_other_sites_get_nowhere_even_with_a_device(gateway: Gateway) -> None:
    for origin in ("https://evil.example", f"http://127.0.0.1:{gateway.port + 1}", "null", "file://"):
        with opened(gateway, {"origin": origin}) as client, pytest.raises(Refused) as refused:
            client.connect(connect_params(gateway.token, client={**CLI, "id": "webchat"}), Device())
        assert refused.value.error["message"].startswith("origin not allowed")


def test_who_keeps_guessing_is_locked_out() -> None:
    with running_gateway(settings({})) as gateway:
        for number in range(12):
            with opened(gateway, source="127.0.0.3") as client, pytest.raises(Refused) as refused:
                client.connect(connect_params(f"guess number {number}"))
        assert refused.value.error["details"] == {"code": "AUTH_RATE_LIMITED", "authReason": "rate_limited"}
        with opened(gateway, source="127.0.0.3") as client, pytest.raises(Refused):
            client.connect(connect_params(gateway.token))  # the right one, too
        with opened(gateway, source="127.0.0.3") as client, pytest.raises(Refused) as refused:
            client.connect({**connect_params(None), "auth": {"deviceToken": "x"}}, Device())
        assert refused.value.error["details"]["code"] == "AUTH_RATE_LIMITED"
        with connected(gateway) as client:
            assert client.call("health")["ok"]


def test_pages_that_are_allowed_by_the_known_name_of_the_setting() -> None:
    found = settings({}, gateway={"controlUi": {"allowedOrigins": ["https://panel.example"]}})
    with running_gateway(found) as gateway, opened(gateway, {"origin": "https://panel.example"}) as client:
        client.connect(connect_params(gateway.token, client={**CLI, "id": "webchat"}))
        assert client.call("health")["ok"]


def test_strangers_of_one_address_are_few() -> None:
    with running_gateway(settings({})) as gateway:
        held = [opened(gateway, source="127.0.0.4") for _ in range(32)]
        for each in held:
            each.__enter__()
        with pytest.raises(Exception, match="503"), opened(gateway, source="127.0.0.4"):
            pass
        with connected(gateway) as client:
            assert client.call("health")["ok"]
        for each in held:
            each.__exit__(None, None, None)


def test_an_open_gateway_lets_programs_of_this_machine_in_and_nobody_from_elsewhere_by_himself() -> None:
    with running_gateway(settings({}, gateway={"auth": {"mode": "none"}}), env={"CRAWDAD_TOKEN": ""}) as gateway:
        with opened(gateway) as client:
            client.connect(connect_params(None))
            assert client.hello["snapshot"]["authMode"] == "none" and client.call("health")["ok"]
        with opened(gateway, source="127.0.0.5") as client, pytest.raises(Refused) as refused:
            client.connect(connect_params(None))
        assert refused.value.error["message"] == "device identity required"
        with opened(gateway, source="127.0.0.5") as client, pytest.raises(Refused) as refused:
            client.connect(connect_params(None), Device())
        assert refused.value.error["message"] == "pairing required"
