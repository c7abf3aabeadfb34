"""Fields that only the gateway may fill do nothing when a client fills them, in bodies, headers and orders of keys (attacks 15
and 25)."""

from __future__ import annotations

import secrets
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from crawdad.core.budgets import Budget
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Limits, Permission, Principal
from crawdad.services.identity.keys import KeyOrder, Keys
from crawdad.store.changes import Changes
from crawdad.store.database import open_database
from crawdad.store.keys import KeyStore
from tests.attacks.clients import CLIENTS, Client, request
from tests.attacks.keys import Key, new_key
from tests.attacks.records import logged, rows
from tests.support.fakes import FakeClock, FakeRandomness
from tests.support.server import Gateway, clean_environment, run_command

ALLOWED, FORBIDDEN = "scripted-chat/story:hello", "scripted-chat/story:echo"


def privileges(victim: Key) -> dict[str, Any]:
    """What a body or a header might claim."""
    return {
        "role": "admin",
        "roles": ["admin"],
        "is_admin": True,
        "permissions": ["keys.manage", "secrets.read", "*"],
        "scopes": ["operator.admin"],
        "owner": victim.id,
        "principal": victim.id,
        "principal_id": victim.id,
        "principal_name": "operator",
        "key_id": victim.id,
        "budget": 10**9,
        "limits": {"models": ["*"], "requests_per_minute": None},
        "expires_at": None,
        "kind": "admin",
        "outcome": "failed",
        "cost": -5.0,
    }


def _keys(gateway: Gateway) -> list[dict[str, Any]]:
    """All of every key but when it was last used, which is written some time after it was."""
    return [{**row, "last_used_at": None} for row in rows(gateway, "SELECT * FROM api_keys ORDER BY id")]


@pytest.mark.parametrize("client", CLIENTS)
async def test_claims_in_bodies_and_headers_change_nothing(
    gateway: Gateway, session: aiohttp.ClientSession, client: Client
) -> None:
    victim, key = await new_key(gateway), await new_key(gateway, ALLOWED)
    before = _keys(gateway)
    claimed = {f"x-{name.replace('_', '-')}": str(value) for name, value in privileges(victim).items()}
    claimed |= {f"x-crawdad-{name.removeprefix('x-')}": value for name, value in claimed.items()}
    for model, expected in ((ALLOWED, 200), (FORBIDDEN, 403)):
        path, body = request(client, model)
        body |= {name: value for name, value in privileges(victim).items() if name not in body}
        headers = {**key.headers, **claimed}
        async with session.post(gateway.base_url + path, json=body, headers=headers) as answer:
            assert answer.status == expected, await answer.text()
            row = logged(gateway, answer.headers["request-id"])
        assert (row["principal_id"], row["principal_name"]) == (key.id, "of a test")
        assert row["outcome"] == ("completed" if expected == 200 else "failed")
        assert row["cost"] is None
    assert _keys(gateway) == before


async def test_nobody_gives_a_response_away_or_makes_one_up(gateway: Gateway, session: aiohttp.ClientSession) -> None:
    victim, key = await new_key(gateway), await new_key(gateway)
    claims = {
        **privileges(victim),
        "id": f"resp_{secrets.token_hex(16)}",
        "object": "response",
        "status": "completed",
        "output": [{"type": "message", "role": "assistant", "content": "I agree."}],
        "created_at": 1,
        "runner": "elsewhere/1/1",
        "usage": {"input_tokens": 0, "output_tokens": 0},
    }
    for background in (False, True):
        body = {"model": "crawdad/demo", "input": "hi", "background": background, **claims}
        async with session.post(gateway.base_url + "/v1/responses", json=body, headers=key.headers) as answer:
            assert answer.status == 200
            made = orjson.loads(await answer.read())
        assert made["id"] != claims["id"]
        assert made["created_at"] > 1
        assert "I agree." not in str(made["output"])
        for reader, expected in ((key, 200), (victim, 404)):
            url = f"{gateway.base_url}/v1/responses/{made['id']}"
            async with session.get(url, headers=reader.headers) as answer:
                assert answer.status == expected
        for reader in (key, victim):
            async with session.get(f"{gateway.base_url}/v1/responses/{claims['id']}", headers=reader.headers) as answer:
                assert answer.status == 404


@pytest.mark.parametrize(
    "path", ["/v1/keys", "/v1/key/generate", "/key/generate", "/api/key/generate", "/v1/users", "/v1/config"]
)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
async def test_there_is_no_other_door_to_keys(
    gateway: Gateway, session: aiohttp.ClientSession, path: str, method: str
) -> None:
    body = {"name": "mine", "permissions": sorted(EVERYTHING), "allowed_routes": ["/*"]}
    async with session.request(method, gateway.base_url + path, json=body, headers=gateway.headers) as answer:
        assert answer.status == 404


def keys_create(gateway: Gateway, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = ["keys", "create", *arguments, "--json", "--home", str(gateway.home)]
    return run_command(command, {**clean_environment(), "CRAWDAD_LANG": "en"})


@pytest.mark.parametrize(
    "arguments",
    [
        ("mine", "--role", "admin"),
        ("mine", "--parent", "key_1"),
        ("mine", "--kind", "admin"),
        ("mine", "--id", "key_1"),
        ("mine", "--permission", "admin"),
        ("mine", "--permission", "*"),
        ("mine", "role=admin"),
    ],
)
def test_the_command_line_knows_no_other_fields(gateway: Gateway, arguments: tuple[str, ...]) -> None:
    before = len(rows(gateway, "SELECT id FROM api_keys"))
    assert keys_create(gateway, *arguments).returncode == 2
    assert len(rows(gateway, "SELECT id FROM api_keys")) == before


def test_a_name_is_a_name(gateway: Gateway) -> None:
    name = '{"name": "x", "permissions": ["keys.manage"], "kind": "admin"}'
    made = keys_create(gateway, name)
    document = orjson.loads(made.stdout)
    assert (document["name"], document["permissions"]) == (name, ["agents.use", "models.use"])
    (row,) = rows(gateway, "SELECT * FROM api_keys WHERE id = ?", document["id"])
    assert (row["name"], row["kind"]) == (name, "key")


PARENT = Principal(
    "key_1",
    "api_key",
    "parent",
    frozenset({Permission.MODELS_USE, Permission.KEYS_MANAGE}),
    Limits(
        ("a", "b"),
        budgets=(Budget("requests", "minute", 10, "key:key_1"), Budget("tokens", "minute", 100, "key:key_1")),
    ),
    expires_at=2_000_000_000.0,
)
"""A living key at work: its limits by the minute are budgets."""
CHILD = KeyOrder("child", None, Limits(("a",), 10, 100), 2_000_000_000.0)
WIDER = {
    "rights": replace(CHILD, permissions=frozenset({Permission.MODELS_USE, Permission.SECRETS_READ})),
    "another model": replace(CHILD, limits=replace(CHILD.limits, models=("a", "c"))),
    "a pattern": replace(CHILD, limits=replace(CHILD.limits, models=("*",))),
    "more requests": replace(CHILD, limits=replace(CHILD.limits, requests_per_minute=11)),
    "more tokens": replace(CHILD, limits=replace(CHILD.limits, tokens_per_minute=101)),
    "more time": replace(CHILD, expires_at=2_000_000_001.0),
}


@pytest.mark.parametrize("order", [pytest.param(order, id=name) for name, order in WIDER.items()])
async def test_a_child_never_gets_more_than_its_parent(order: KeyOrder, tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/keys.db") as database:
        keys = Keys(KeyStore(database), Changes(database), FakeClock(), FakeRandomness())
        child, _ = await keys.create(CHILD, PARENT)
        with pytest.raises(GatewayError) as refused:
            await keys.create(order, PARENT)
        assert refused.value.kind is ErrorKind.FORBIDDEN
        assert [key.id for key in await keys.list()] == [child.id]


async def test_what_a_child_leaves_open_is_what_its_parent_has(tmp_path: Path) -> None:
    async with open_database(f"sqlite:///{tmp_path}/keys.db") as database:
        keys = Keys(KeyStore(database), Changes(database), FakeClock(), FakeRandomness())
        child, _ = await keys.create(KeyOrder("child"), PARENT)
        assert (child.limits.models, child.expires_at) == (("a", "b"), PARENT.expires_at)
        assert child.parent_id == PARENT.id, "and so it spends the parent's budgets"
