"""Backups of the configuration through OpenClaw Buddy's contract: buddy.md §3.5, §3.6."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import orjson
import pytest

from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

LIST = "/v1/heal/backups"
NAME = re.compile(r"openclaw\.json\.(\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z)\.bak\Z")
MOVING = "openclaw.json.bak"
SECRETS = ("sk-first-secret-0123456789", "sk-second-secret-9876543210")


def config(key: str, level: str) -> dict[str, Any]:
    provider = {"baseUrl": "http://127.0.0.1:9/v1", "api": "openai-completions", "apiKey": key, "models": []}
    return settings({"scripted": provider}, logging={"level": level}, backup={"enabled": False, "timezone": "UTC"})


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    with running_gateway(config(SECRETS[0], "info")) as found:
        yield found


def ask(gateway: Gateway, method: str, path: str, **more: Any) -> httpx.Response:
    headers = {**gateway.headers, **more.pop("headers", {})}
    return httpx.request(method, gateway.base_url + path, timeout=PATIENCE, headers=headers, **more)


def data_of(answer: httpx.Response) -> Any:
    assert answer.status_code == 200 and answer.json()["code"] == 200, answer.text
    return answer.json()["data"]


def refused(answer: httpx.Response, status: int) -> None:
    body = answer.json()
    assert (answer.status_code, body["code"], body["message"]) == (status, status, body["error"]), answer.text


def back_up(gateway: Gateway) -> str:
    made = ask(gateway, "POST", "/api/system/backup").json()["backupId"]
    return f"openclaw.json.{made}.bak"


def test_backups_are_listed_and_compared_with_what_is_there(gateway: Gateway) -> None:
    first = back_up(gateway)
    rows = data_of(ask(gateway, "GET", LIST))
    assert [row["name"] for row in rows] == [first, MOVING]
    assert {**rows[1], "name": first} == rows[0]
    assert NAME.match(first) and set(rows[0]) == {"name", "size", "time"}
    assert rows[0]["size"] == (gateway.home / "openclaw.json").stat().st_size
    assert rows[0]["time"].replace(" ", "T").replace(":", "-") == first.split(".")[2][:19]

    same = data_of(ask(gateway, "GET", f"{LIST}/{first}/diff"))
    assert same == {
        "name": first,
        "diff": "无差异",
        "identical": True,
        "secretsDiffer": False,
        "truncated": False,
        "hunks": [],
    }

    gateway.write_config(config(SECRETS[0], "warning"))
    found = data_of(ask(gateway, "GET", f"{LIST}/{first}/diff"))
    lines = found["diff"].splitlines()
    assert lines[:2] == ["--- backup/config/openclaw.json", "+++ error/config/openclaw.json"]
    changed = [line for line in lines[2:] if line[0] in "+-"]
    assert changed == ['-    "level": "info"', '+    "level": "warning"'], "`+` is what is there now"
    assert found["identical"] is False
    hunk = found["hunks"][0]
    assert (hunk["file"], hunk["header"], hunk["lines"]) == ("config/openclaw.json", lines[2], lines[3:])

    second = back_up(gateway)
    assert [row["name"] for row in data_of(ask(gateway, "GET", LIST))] == [second, MOVING, first]
    moving = data_of(ask(gateway, "GET", f"{LIST}/openclaw.json.bak/diff"))
    assert (moving["name"], moving["identical"]) == ("openclaw.json.bak", True), "it is the newest"


def test_no_secret_is_shown_and_a_changed_one_is_told(gateway: Gateway) -> None:
    name = back_up(gateway)
    gateway.write_config(config(SECRETS[1], "info"))
    answer = ask(gateway, "GET", f"{LIST}/{name}/diff", headers={"accept-language": "en"})
    found = data_of(answer)
    assert (found["identical"], found["secretsDiffer"], found["hunks"]) == (False, True, [])
    assert found["diff"] == "Only secrets differ, which are not shown."
    gateway.write_config(config(SECRETS[1], "error"))
    both = ask(gateway, "GET", f"{LIST}/{name}/diff")
    assert [len(hunk["lines"]) > 0 for hunk in data_of(both)["hunks"]] == [True]
    for secret in SECRETS:
        assert secret not in answer.text + both.text + ask(gateway, "GET", LIST).text


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("openclaw.json.2020-01-01T00-00-00-000Z.bak", 404),
        ("openclaw.json.bak", 404),
        ("other.bak", 404),
        ("openclaw.json.20.bak", 404),
        ("openclaw..json.bak", 400),
        ("..%5C..%5Copenclaw.json.bak", 400),
    ],
)
def test_names_that_are_none(gateway: Gateway, name: str, status: int) -> None:
    refused(ask(gateway, "GET", f"{LIST}/{name}/diff"), status)


def test_who_may_not_read_the_configuration_sees_no_difference(gateway: Gateway) -> None:
    name = back_up(gateway)
    body = {"name": "reader", "permissions": ["system.read"]}
    key = ask(gateway, "POST", "/api/keys", json=body).json()["key"]
    headers = {"authorization": f"Bearer {key}"}
    assert len(data_of(ask(gateway, "GET", LIST, headers=headers))) == 2
    for path in (f"{LIST}/{name}/diff", f"{LIST}/{name}"):
        refused(ask(gateway, "GET", path, headers=headers), 403)
    refused(ask(gateway, "POST", f"{LIST}/{name}/restore", headers=headers), 403)
    for path in (LIST, f"{LIST}/{name}/diff", f"{LIST}/{name}"):
        refused(httpx.get(gateway.base_url + path, timeout=PATIENCE), 401)


def test_one_is_shown_without_secrets_and_put_back(gateway: Gateway) -> None:
    name = back_up(gateway)
    gateway.write_config(config(SECRETS[1], "warning"))
    answer = ask(gateway, "GET", f"{LIST}/{name}")
    shown = data_of(answer)
    assert shown["name"] == name
    assert orjson.loads(shown["content"])["logging"]["level"] == "info"
    assert not any(secret in answer.text for secret in SECRETS)
    restored = data_of(ask(gateway, "POST", f"{LIST}/{name}/restore"))
    assert restored["status"] == "success"
    written = (gateway.home / "openclaw.json").read_text()
    assert '"info"' in written and '"warning"' not in written
    undone = data_of(ask(gateway, "GET", f"{LIST}/{restored['undo']}"))
    assert '"warning"' in undone["content"], "what was there is a backup now"


def test_a_damaged_backup_hides_no_other(gateway: Gateway) -> None:
    damaged, whole = back_up(gateway), back_up(gateway)
    manifest = gateway.home / "backups" / "manifests" / f"{damaged.split('.')[2]}.jsonl"
    first, *rest = manifest.read_bytes().splitlines(keepends=True)
    assert orjson.loads(first) and rest
    manifest.write_bytes(first + b"{broken\n")
    assert whole in [row["name"] for row in data_of(ask(gateway, "GET", LIST))]
