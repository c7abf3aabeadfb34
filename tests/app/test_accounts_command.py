"""`crawdad accounts` against a home of its own and a vendor on loopback; a running server takes up what it does."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.opsclaw.client import chat
from tests.support.server import SOURCE, run_command, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor
from tests.support.waiting import eventually


@pytest.fixture(scope="module")
def vendor() -> Iterator[AccountVendor]:
    with AccountVendor() as found:
        yield found


def crawdad(home: Path, *arguments: str, given: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(SOURCE), str(SOURCE.parent)])
    env = {**os.environ, "PYTHONPATH": path, "CRAWDAD_LANG": "en", **environment}
    return run_command(["--home", str(home), *arguments], env, given)


def document(finished: subprocess.CompletedProcess[str]) -> Any:
    assert finished.returncode == 0, finished.stderr + finished.stdout
    return json.loads(finished.stdout)


def test_from_adding_to_removing(tmp_path: Path, vendor: AccountVendor) -> None:
    secret = "sk-command-line-000001"
    vendor.open(secret)
    place = ("--base-url", vendor.url + "/v1", "--json")
    made = document(crawdad(tmp_path, "accounts", "add", "acme", "--label", "me@x.org", *place, given=secret + "\n"))
    assert made["label"] == "me@x.org" and made["current"]
    vendor.open("sk-command-line-000002")
    second = crawdad(tmp_path, "accounts", "add", "acme", "--key-env", "OWN", *place, OWN="sk-command-line-000002")
    assert document(second)["label"] == "acme:main"
    for words in (("list",), ("test", "me@x.org"), ("refresh",), ("pause", "acme:main"), ("reorder", "acme:main")):
        finished = crawdad(tmp_path, "accounts", *words)
        assert finished.returncode == 0 and "sk-command" not in finished.stdout + finished.stderr, words
    listed = document(crawdad(tmp_path, "accounts", "list", "--json"))["accounts"]
    assert [(one["label"], one["paused"]) for one in listed] == [("acme:main", True), ("me@x.org", False)]
    export = tmp_path / "export.json"
    assert document(crawdad(tmp_path, "accounts", "export", str(export), "--secrets", "--json"))["accounts"] == 2
    assert export.stat().st_mode & 0o077 == 0 and secret in export.read_text()
    assert crawdad(tmp_path, "accounts", "export", str(export)).returncode == 1, "a file is not overwritten"
    assert crawdad(tmp_path, "accounts", "remove", "me@x.org", "acme:main").returncode == 0
    taken = document(crawdad(tmp_path, "accounts", "import", str(export), "--json"))
    assert (taken["imported"], taken["failed"]) == (2, 0)
    again = document(crawdad(tmp_path, "accounts", "list", "--json"))["accounts"]
    assert [(one["label"], one["paused"]) for one in again] == [("acme:main", True), ("me@x.org", False)]


def test_what_goes_wrong_is_told(tmp_path: Path, vendor: AccountVendor) -> None:
    refused = crawdad(tmp_path, "accounts", "add", "acme", "--base-url", vendor.url + "/v1", given="sk-nobody-knows\n")
    assert refused.returncode == 1 and "sk-nobody-knows" not in refused.stderr
    assert crawdad(tmp_path, "accounts", "add", "openai", given="").returncode == 2
    assert crawdad(tmp_path, "accounts", "pause", "nobody").returncode == 1
    assert "没有账号" in crawdad(tmp_path, "accounts", "pause", "nobody", CRAWDAD_LANG="zh").stderr


def test_a_running_server_takes_up_what_the_command_does(tmp_path: Path, vendor: AccountVendor) -> None:
    vendor.open("sk-command-line-000003")
    config = settings({}, accounts={"refreshMinutes": 0})
    with running_gateway(config, home=tmp_path) as gateway:
        place = ("--base-url", vendor.url + "/v1", "--label", "new")
        assert crawdad(tmp_path, "accounts", "add", "acme", *place, given="sk-command-line-000003").returncode == 0
        eventually(lambda: chat(gateway, "acme/vendor-large").status == 200, "the account")
        crawdad(tmp_path, "accounts", "pause", "new")
        eventually(lambda: chat(gateway, "acme/vendor-large").status == 503, "the pause")
        config["accounts"]["labelHeader"] = False
        crawdad(tmp_path, "accounts", "resume", "new")
        gateway.write_config(config)

        def unlabelled() -> bool:
            answer = chat(gateway, "acme/vendor-large")
            return answer.status == 200 and "x-account-email" not in answer.headers

        eventually(unlabelled, "settings of accounts to count")
