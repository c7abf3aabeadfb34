"""Methods that are there only with the part that answers them, and what they make of it."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from crawdad.api.control.connection import Connection, Peer
from crawdad.api.control.context import Control
from crawdad.api.control.methods import registry_of
from crawdad.api.control.registry import Asked, Method, Registry, check
from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.settings import Settings
from crawdad.services.devices.admission import Admitted
from crawdad.services.presence import Presence, Self
from crawdad.store.inprocess import InProcessBus
from crawdad.wire.control.schema import NOTHING
from tests.support.fakes import FakeClock

ADMIN = Principal("token", "token", "token", EVERYTHING)
PARTS = {
    "system_events": {"system-event"},
    "heartbeats": {"last-heartbeat", "set-heartbeats"},
    "approval_file": {"exec.approvals.get", "exec.approvals.set"},
    "approvals": {f"exec.approval.{name}" for name in ("request", "list", "get", "waitDecision", "resolve")},
    "speech": {f"tts.{name}" for name in ("status", "providers", "setProvider", "convert", "speak")},
    "backup_orders": {
        f"backups.{name}" for name in ("list", "show", "diff", "create", "verify", "restore", "standing", "delete")
    },
    "healing": {"healing.events", "healing.policy", "healing.report"},
    "plugins": {
        *("plugins.list", "plugins.inspect", "plugins.refresh", "plugins.setEnabled", "plugins.uninstall"),
        "plugins.settings",
    },
}


class Events:
    """Keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, str]] = []

    async def add(self, session_key: str, text: str, *, key: str | None = None, untrusted: bool = True) -> bool:
        assert not untrusted
        self.told.append((session_key, text))
        return True


class Pulse:
    """On or off."""

    enabled = True

    async def last(self) -> None:
        return None

    async def switch(self, enabled: bool) -> None:
        self.enabled = enabled


class Approvals:
    """Asks, and has the answer at once."""

    def __init__(self) -> None:
        self.resolved: list[tuple[str, str, Any]] = []

    async def request(self, params: dict[str, Any], by: Any, early: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        early({"status": "accepted", "id": "a"})
        return {"id": "a", "decision": "allow-once"}

    async def wait(self, approval_id: str) -> dict[str, Any]:
        return {"id": approval_id, "decision": "deny"}

    async def resolve(self, approval_id: str, decision: str, by: Any) -> None:
        self.resolved.append((approval_id, decision, by))


class Sent:
    """Where a connection's frames go."""

    async def __call__(self, message: Any) -> None:
        raise AssertionError("nothing is written here")


def control(**parts: Any) -> Control:
    """A channel with these parts and, of the others, only what the methods of them need."""
    clock = FakeClock()
    presence = Presence(Self("h", "h", "1", "linux", "Linux", "x"), InProcessBus(), clock, "one")
    made = {name: None for name in PARTS} | {"presence": presence, "settings": Settings, "clock": clock} | parts
    return cast(
        Control,
        SimpleNamespace(
            **dict.fromkeys(("configuration", "pairing", "health", "agents", "nodes", "asking", "update_orders"), None),
            **dict.fromkeys(("tasks", "notifications"), None),
            **made,
        ),
    )


def asked(params: dict[str, Any], *scopes: str, role: str = "operator") -> Asked:
    connection = Connection("c", Peer("127.0.0.1", "", "", True, False), Sent())
    connection.admitted = Admitted(ADMIN, role, scopes, "device")
    return Asked("1", params, connection)


def method(registry: Registry, name: str) -> Method:
    return next(each for each in registry if each.name == name)


@pytest.mark.parametrize("part", PARTS)
def test_methods_come_with_their_part(part: str) -> None:
    without = set(registry_of(control()).advertised())
    with_it = set(registry_of(control(**{part: object()})).advertised())
    assert with_it - without == PARTS[part] and without <= with_it


async def test_what_somebody_tells_of_himself_is_presence_and_the_rest_goes_to_the_main_session() -> None:
    events = Events()
    made = control(system_events=events)
    take = method(registry_of(made), "system-event").handler
    assert await take(asked({"text": "here I am", "host": "phone", "deviceId": "d"})) == {"ok": True}
    assert events.told == [] and made.presence.listed()[1]["host"] == "phone"
    await take(asked({"text": "the mail is here"}))
    assert events.told == [("agent:main:main", "the mail is here")]


async def test_heartbeats_are_switched() -> None:
    pulse = Pulse()
    registry = registry_of(control(heartbeats=pulse))
    assert await method(registry, "last-heartbeat").handler(asked({})) is None
    answer = await method(registry, "set-heartbeats").handler(asked({"enabled": False}))
    assert answer == {"ok": True, "enabled": False} and not pulse.enabled


async def test_an_approval_is_answered_twice_where_that_was_asked_for() -> None:
    approvals = Approvals()
    registry = registry_of(control(approvals=approvals))
    once, twice = asked({"command": "ls"}), asked({"command": "ls", "twoPhase": True})
    for each in (once, twice):
        assert (await method(registry, "exec.approval.request").handler(each))["decision"] == "allow-once"
    assert once.connection.backlog == 0 and twice.connection.backlog > 0
    await method(registry, "exec.approval.resolve").handler(asked({"id": "a", "decision": "deny"}))
    assert [each[:2] for each in approvals.resolved] == [("a", "deny")]
    assert (await method(registry, "exec.approval.waitDecision").handler(asked({"id": "a"})))["decision"] == "deny"


async def _nothing(_: Asked) -> None:
    return None


def test_a_name_is_taken_once() -> None:
    registry = Registry([Method("a", "operator.read", _nothing)])
    for name in ("a", "connect"):
        with pytest.raises(ValueError, match=name):
            registry.add(Method(name, "operator.read", _nothing))


def test_methods_of_nodes_are_theirs_alone() -> None:
    registry = Registry([Method("n", "node", _nothing), Method("hidden", "operator.read", _nothing, advertised=False)])
    operator, node = asked({}, "operator.admin").connection, asked({}, role="node").connection
    refused = registry.admit("n", operator)
    assert isinstance(refused, dict) and refused["message"] == "unauthorized role: operator"
    assert isinstance(registry.admit("n", node), Method) and isinstance(registry.admit("hidden", operator), Method)
    assert registry.advertised() == ["n"]


def test_params_are_refused_in_the_clients_words() -> None:
    found = check(Method("m", "operator.read", _nothing, NOTHING), {"x": 1})
    assert found is not None and found["message"] == "invalid m params: at root: unexpected property 'x'"
