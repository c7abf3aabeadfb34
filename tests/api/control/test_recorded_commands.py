"""What OpenClaw's own command line got from a real gateway, held beside what it would get here: each field that it was given is
there, and of its kind. Values are the other machine's own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.api.control.test_agents import of_run, send
from tests.support.control import Client, connected
from tests.support.goldens import SHARED
from tests.support.node_host import node_host
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import Gateway, running_gateway, settings

FOLDER = SHARED / "contracts/traces/openclaw-2026.2.26/cli"
RECORDED = {
    "gateway_call_agents.list___json.out": ("agents.list", {}),
    "gateway_call_chat.history___json___params___sessionKey___main__.out": ("chat.history", {"sessionKey": "main"}),
    "gateway_call_config.get___json.out": ("config.get", {}),
    "gateway_call_health___json.out": ("health", {}),
    "gateway_call_models.list___json.out": ("models.list", {}),
    "gateway_call_sessions.list___json___params___limit__5_.out": ("sessions.list", {"limit": 5}),
    "gateway_call_tools.catalog___json.out": ("tools.catalog", {}),
    "approvals_get___gateway___json.out": ("exec.approvals.get", {}),
    "channels_status___json.out": ("channels.status", {}),
    "cron_list___json.out": ("cron.list", {}),
    "cron_status___json.out": ("cron.status", {}),
    "devices_list___json.out": ("device.pair.list", {}),
    "nodes_status___json.out": ("node.list", {}),
    "system_heartbeat_last___json.out": ("last-heartbeat", {}),
    "system_presence___json.out": ("system-presence", {}),
    "status___json.out": ("status", {}),
}
ADDED_BY_THE_COMMAND = {
    "status___json.out": {"os", "update", "updateChannel", "updateChannelSource", "memory", "memoryPlugin", "gateway"}
    | {"gatewayService", "nodeService", "agents", "securityAudit", "secretDiagnostics"},
}
NOT_TOLD = {
    *("socket", "parsed", "resolved", "config", "canvasHostUrl", "sessionFile", "skillsSnapshot", "origin"),
    *("deliveryContext", "lastTo", "lastAccountId", "lastChannel", "systemSent", "displayName"),
}
"""Fields that differ by what there is here: an approvals file has no socket, the configurations are two, and a session has no
file and no place that it was last delivered to."""
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="the recorded commands are not at hand")


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "30m"}}}
    with (
        ScriptedModel(says("PONG.")) as model,
        running_gateway(settings({NAME: model.provider()}) | {"agents": agents}) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[Client]:
    with connected(gateway) as found, node_host(gateway):
        send(found, "main", "hello", "recorded-1")
        of_run(found, "recorded-1")
        found.call("sessions.patch", {"key": "main", "label": "lbl"})
        yield found


def test_every_recorded_call_is_used() -> None:
    assert set(RECORDED) <= {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", RECORDED)
def test_what_the_command_line_reads_is_there(client: Client, name: str) -> None:
    method, params = RECORDED[name]
    recorded = json.loads((FOLDER / name).read_text())
    if isinstance(recorded, dict):
        recorded = {key: value for key, value in recorded.items() if key not in ADDED_BY_THE_COMMAND.get(name, ())}
    assert not list(_lacking(recorded, client.call(method, params), ""))


def _lacking(recorded: Any, here: Any, at: str) -> Iterator[str]:
    """Where something that was there is missing, or is of another kind."""
    if isinstance(recorded, dict) and isinstance(here, dict):
        for key, value in recorded.items():
            if key in NOT_TOLD:
                continue
            if key not in here:
                yield f"{at}.{key} is missing"
            else:
                yield from _lacking(value, here[key], f"{at}.{key}")
    elif isinstance(recorded, list) and isinstance(here, list):
        if recorded and here:
            yield from _lacking(recorded[0], here[0], f"{at}[0]")
    elif None not in (recorded, here) and _kind(recorded) != _kind(here):
        yield f"{at} is {here!r:.80}, not as {recorded!r:.80}"


def _kind(value: Any) -> str:
    return "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
