"""Requests that fit the methods' schemas by chance, and ones that nearly do: each is answered in the protocol's form, none brings
a fault of ours to light, and the gateway answers afterwards."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, cast

import pytest
from websockets.exceptions import ConnectionClosed

from crawdad.api.control.context import Control
from crawdad.api.control.methods import registry_of
from crawdad.api.control.registry import Method
from crawdad.wire.control.connect import CONNECT
from tests.api.control.test_schema import Every
from tests.support.control import Client, Device, connected, opened
from tests.support.node_host import node_params
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings

SEED = 20260226
ROUNDS = 12
TEXTS = [
    *(
        "",
        "main",
        "agent:main:main",
        "agent::",
        "x",
        "\0",
        "../../etc/passwd",
        "💥" * 40,
        "{",
        "null",
        "-1",
        "a" * 3000,
    ),
    *("2026-02-30", "2026-01-01", "' OR 1=1 --", "\ud7ff", "%00", "once", "*", "operator", "models.providers", "[0]"),
]
NUMBERS = [0, 1, -1, 2, 5000, 2**31, 2**53, 2**63, 10**30, 1.5, -0.0, 1e300]
ODD: list[Any] = [None, True, [], {}, [[]], {"": None}, [1, "x", None], {"a": {"b": {"c": []}}}]
WAITS = frozenset(
    ("agent.wait", "exec.approval.request", "exec.approval.waitDecision", "cron.run", "agent", "node.invoke")
)
"""Methods that answer when something else has happened: they are told not to wait."""


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    with (
        ScriptedModel(says("Fine.")) as model,
        running_gateway(settings({NAME: model.provider()}) | {"agents": agents}) as running,
    ):
        yield running


class Chance:
    """Makes values."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def of(self, schema: dict[str, Any], depth: int = 4) -> Any:
        """One that fits a schema, mostly."""
        if depth == 0 or self._random.random() < 0.06:
            return self._random.choice([*ODD, *TEXTS, *NUMBERS])
        if "const" in schema:
            return schema["const"]
        if "anyOf" in schema:
            return self.of(self._random.choice(schema["anyOf"]), depth)
        kind = schema.get("type")
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return [self.of(schema.get("items", {}), depth - 1) for _ in range(self._random.randrange(4))]
        if kind in ("integer", "number"):
            least, most = schema.get("minimum", 0), schema.get("maximum", 10_000)
            return self._random.choice([least, most, least + 1, self._random.choice(NUMBERS)])
        if kind == "boolean":
            return self._random.random() < 0.5
        return self._random.choice(TEXTS) if kind == "string" else self._random.choice([*ODD, *TEXTS, *NUMBERS])

    def _object(self, schema: dict[str, Any], depth: int) -> dict[str, Any]:
        made = {
            name: self.of(inner, depth - 1)
            for name, inner in schema.get("properties", {}).items()
            if name in schema.get("required", ()) or self._random.random() < 0.4
        }
        if self._random.random() < 0.08:
            made[self._random.choice(TEXTS)] = self._random.choice(ODD)
        return made


def _asked(method: Method, chance: Chance) -> Any:
    params = chance.of(method.params)
    if method.name in WAITS and isinstance(params, dict) and "timeoutMs" in method.params.get("properties", {}):
        params["timeoutMs"] = 1
    return params


def _methods(*, node: bool) -> list[Method]:
    found = registry_of(cast(Control, Every()))
    return [each for each in found if (each.scope == "node") is node]


def _is_answer(answer: dict[str, Any]) -> bool:
    if answer["ok"]:
        return "payload" in answer
    error = answer["error"]
    return bool(error["code"] and error["message"]) and "Traceback" not in error["message"]


def _fuzz(client: Client, methods: list[Method], seed: int) -> None:
    chance = Chance(seed)
    for method in methods:
        if method.name == "exec.approval.waitDecision":
            continue  # it would wait for a question that stays open
        for number in range(ROUNDS):
            answer = client.request(method.name, _asked(method, chance), f"{method.name}-{number}")
            assert _is_answer(answer), (method.name, answer)


def _faults(gateway: Gateway) -> list[str]:
    lines = gateway.log().splitlines()
    return [line[:3000] for line in lines if "control_request_failed" in line or "task_failed" in line]


def test_operators_ask_anything(gateway: Gateway) -> None:
    with connected(gateway) as client:
        _fuzz(client, _methods(node=False), SEED)
    assert not _faults(gateway)
    with connected(gateway) as client:
        assert client.call("health")["ok"]


def test_nodes_ask_anything(gateway: Gateway) -> None:
    with opened(gateway) as node:
        node.connect(node_params(gateway), Device())
        _fuzz(node, _methods(node=True), SEED + 1)
    assert not _faults(gateway)


def test_anybody_connects_with_anything(gateway: Gateway) -> None:
    chance = Chance(SEED + 2)
    for _ in range(60):
        with opened(gateway) as client:
            client.send({"type": "req", "id": "connect", "method": "connect", "params": chance.of(CONNECT)})
            try:
                answer = client.response("connect")
            except ConnectionClosed:  # that is an answer, too
                continue
            assert _is_answer(answer) and not answer["ok"], answer
    assert not _faults(gateway)
