"""How `crawdad channels status` shows an account: as it is, and not merely that it is being run."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from crawdad.app.commands.channels import row_of
from crawdad.app.output import Toned
from crawdad.services.channels.status import AccountState

TOLD = {"channelLabels": {"qq": "QQ (OneBot 11)"}}


@pytest.mark.parametrize(
    ("account", "state", "tone"),
    [
        ({"state": "connected", "running": True, "lastError": "of yesterday"}, "connected", "green"),
        ({"state": "degraded", "running": True, "lastError": "cut"}, "not connected", "yellow"),
        ({"state": "needs_login", "running": True}, "signed out", "red"),
        ({"running": True}, "starting", "yellow"),
        ({"configured": True}, "stopped", "yellow"),
        ({}, "not set up", "dim"),
    ],
)
def test_an_account_is_shown_as_it_is(account: dict[str, Any], state: str, tone: str) -> None:
    label, _, shown, error = row_of(TOLD, "qq", account)
    assert (label, shown, error) == ("QQ (OneBot 11)", Toned(state, tone), "cut" if state == "not connected" else "")


def test_every_state_has_its_words() -> None:
    for state in get_args(AccountState):
        shown = row_of(TOLD, "x", {"state": state})[2]
        assert isinstance(shown, Toned) and shown.text
