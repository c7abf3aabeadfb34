"""The published schema of the protocol: that frames are really held against it, and that what is offered is of it."""

from __future__ import annotations

from typing import Any, cast

import orjson
import pytest

from crawdad.api.control.context import Control
from crawdad.api.control.methods import registry_of
from tests.support.protocol_schema import NotInstalled, installed_schema, problems

OF_VERSION_3 = {"node.pair.request", "node.pair.verify"}
"""Methods that version 4 has no more."""
OURS = {
    *(f"backups.{name}" for name in ("create", "delete", "diff", "list", "restore", "show", "standing", "verify")),
    *(f"channels.deadLetters.{name}" for name in ("drop", "list", "resubmit")),
    *("channels.pairing.people", "channels.pairing.remove"),
    *("cron.times", "skills.look", "skills.remove", "plugins.settings"),
    *("work.cancel", "work.get", "work.list"),
    *("notifications.history", "notifications.targets", "notifications.test"),
    *("healing.events", "healing.policy", "healing.report"),
}
"""Methods that only Crawdad has."""
DECIDED_BY_PARAMS = "dynamic"


@pytest.fixture(scope="module")
def published() -> dict[str, dict[str, str]]:
    try:
        found: dict[str, dict[str, str]] = orjson.loads(installed_schema().read_bytes())["methods"]
    except NotInstalled as missing:
        pytest.skip(f"the published schema is not at hand: {missing}")
    return found


def test_frames_that_are_not_of_the_schema_are_found(published: object) -> None:
    assert not problems({"type": "event", "event": "tick", "payload": {"ts": 1}, "seq": 1})
    assert problems({"type": "event", "event": "tick", "payload": {"ts": "now"}})
    assert problems({"type": "event", "event": "tick", "payload": {"ts": 1}, "sequence": 1})
    assert problems({"type": "event", "event": "agent", "payload": {"runId": "r", "sessionKey": "k"}})
    assert problems({"type": "res", "id": "", "ok": True})
    assert problems({"type": "res", "id": "1", "ok": False, "error": {"code": "X", "message": ""}})
    assert problems({"type": "res", "id": "1", "ok": True, "payload": {"lines": []}}, "logs.tail")
    assert problems({"type": "res", "id": "1", "ok": True, "payload": {"agents": []}}, "agents.list")


def test_what_is_offered_is_published_with_the_scope_that_it_has_here(published: dict[str, dict[str, str]]) -> None:
    """The published table gives some methods a scope that depends on their params: here they need the widest."""
    found = {method.name: method.scope for method in registry_of(cast(Control, Every()))}
    assert {name for name in found if name not in published} == OF_VERSION_3 | OURS
    others = {name for name in found if found[name] != published.get(name, {}).get("scope")} - OF_VERSION_3 - OURS
    assert {published[name]["scope"] for name in others} == {DECIDED_BY_PARAMS}
    assert {name: found[name] for name in others} == {
        "agent": "operator.write",
        "channels.pairing.approve": "operator.pairing",  # to make somebody the operator it wants the administrator's
        "node.invoke": "operator.write",
        "sessions.delete": "operator.admin",
        "talk.config": "operator.read",  # there are no secrets in it here
        "sessions.patch": "operator.admin",
    }


class Every:
    """Stands for every part there may be."""

    def __getattr__(self, name: str) -> Any:
        return Every()

    def __call__(self, *_: Any) -> Any:
        return Every()
