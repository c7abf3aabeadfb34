"""A backup put back through one gateway of a cluster: the other one forgets what it knew."""

from __future__ import annotations

import secrets

import pytest

from tests.cluster.pair import Pair
from tests.support.waiting import eventually

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_both_know_what_the_backup_knows(pair: Pair) -> None:
    kept = pair.new_key(pair.first, f"kept {secrets.token_hex(4)}")
    lost_name = f"lost {secrets.token_hex(4)}"
    backup = pair.run(pair.first, "backup", "create")
    assert "database" in backup["parts"]
    lost = pair.new_key(pair.first, lost_name)
    told = pair.run(pair.first, "restore", backup["id"], "--only", "database")
    assert told["outcome"] == "done" and told["undo"]
    pair.wait_until_known(lost, False)
    pair.wait_until_known(kept, True)
    both = (pair.first, pair.second)
    eventually(lambda: all("database_restored" in one.log() for one in both), "both to begin anew")
    pair.run(pair.second, "keys", "list")
    again = pair.run(pair.first, "restore", told["undo"], "--only", "database")
    assert again["outcome"] == "done"
    pair.wait_until_known(lost, True)
