"""Notifications of a running gateway: each way out to a real server, the test of a target by every door, and what stays secret."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import orjson
import pytest

from tests.simulators.feishu import APP_ID, SECRET, FeishuSimulator
from tests.simulators.mail import PASSWORD, USER, MailSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.support.control import connected
from tests.support.server import UP, Gateway, clean_environment, run_command, running_gateway, settings
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.waiting import PATIENCE

HOOK_SECRET = "hook-secret-5e3f9a77c1"
PATH_SECRET = "path-secret-90ab12cd"


class Hooks(LoopbackServer):
    """Takes what is posted; the custom bot's path answers as Feishu does."""

    def __init__(self) -> None:
        super().__init__()
        self.statuses: list[int] = []

    async def answer(self, request: Received, reply: Reply) -> None:
        if request.path.startswith("/bot/"):
            await reply.whole(200, {"code": 0, "msg": "success"})
        else:
            await reply.whole(self.statuses.pop(0) if self.statuses else 204, b"")


@dataclass
class World:
    """A gateway and those whom it tells."""

    gateway: Gateway
    hooks: Hooks
    mail: MailSimulator
    feishu: FeishuSimulator
    telegram: TelegramSimulator

    def ask(self, method: str, path: str, **more: Any) -> Any:
        headers = {"authorization": f"Bearer {self.gateway.token}"}
        answer = httpx.request(method, self.gateway.base_url + path, headers=headers, timeout=60, **more)
        assert answer.status_code < 300, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with Hooks() as hooks, MailSimulator() as mail, FeishuSimulator() as feishu, TelegramSimulator() as telegram:
        targets = {
            "hook": {"kind": "webhook", "url": f"{hooks.url}/{PATH_SECRET}", "secret": HOOK_SECRET},
            "bot": {"kind": "feishu-webhook", "url": f"{hooks.url}/bot/1", "secret": HOOK_SECRET, "language": "zh"},
            "app": {"kind": "feishu-app", "appId": APP_ID, "appSecret": SECRET, "to": "oc_ops", "domain": feishu.url},
            "mail": {
                "kind": "smtp",
                "to": "ops@people.example",
                "events": ["test"],
                "smtp": {
                    "host": "127.0.0.1",
                    "port": mail.smtp_port,
                    "security": "none",
                    "username": USER,
                    "password": PASSWORD,
                },
            },
            "chat": {"kind": "telegram", "to": "501", "events": ["budget.*", "test"]},
            "bare": {"kind": "webhook"},
        }
        config = settings(
            {},
            gateway={"privateNetworks": True},
            channels={"telegram": {"botToken": telegram.token, "apiRoot": telegram.url, "pollSeconds": 1}},
            notifications={"targets": targets},
        )
        env = {"FEISHU_ENABLED": "true", "FEISHU_APP_ID": "", "FEISHU_CHAT_ID": "oc_x"}
        with running_gateway(config, env) as gateway:
            yield World(gateway, hooks, mail, feishu, telegram)


def signed(request: Received) -> bool:
    """Whether a call is signed as "Standard Webhooks" has it."""
    about = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}.".encode()
    wanted = base64.b64encode(hmac.digest(HOOK_SECRET.encode(), about + request.body, hashlib.sha256)).decode()
    return request.headers["webhook-signature"] == f"v1,{wanted}"


def test_every_way_out_arrives(world: World) -> None:
    for name in ("hook", "bot", "app", "mail", "chat"):
        told = world.ask("POST", f"/api/notifications/targets/{name}/test")
        assert (told["ok"], told["error"]) == (True, ""), (name, told)
    call = next(one for one in world.hooks.journal if PATH_SECRET in one.path)
    assert signed(call)
    assert (call.json["type"], call.json["data"]["notifications"][0]["target"]) == ("test", "hook")
    bot = next(one for one in world.hooks.journal if one.path == "/bot/1").json
    assert bot["content"]["text"].endswith("UTC") and "这是一条测试通知" in bot["content"]["text"]
    assert (world.feishu.shown[-1].chat, "This is a test." in world.feishu.shown[-1].text) == ("oc_ops", True)
    letter = world.mail.delivered[-1]
    assert world.mail.envelopes[-1] == (USER, "ops@people.example")
    assert (str(letter["To"]), "a test" in str(letter["Subject"])) == ("ops@people.example", True)
    assert world.telegram.messages[-1].chat == "501"
    assert "This is a test." in world.telegram.messages[-1].text


def test_what_happens_is_told_and_told_again_where_it_did_not_arrive(world: World) -> None:
    key = world.ask(
        "POST", "/api/keys", json={"name": "poor", "permissions": ["models.use"], "budgets": ["1requests/day"]}
    )
    body = {"model": "crawdad/demo", "messages": [{"role": "user", "content": "hi"}]}
    headers = {"authorization": f"Bearer {key['key']}"}
    world.hooks.statuses = [503]
    statuses = [
        httpx.post(
            f"{world.gateway.base_url}/v1/chat/completions", json=body, headers=headers, timeout=PATIENCE
        ).status_code
        for _ in range(4)
    ]
    assert (statuses[0], statuses[-1]) == (200, 429)

    def told(journal: Any) -> list[Received]:
        return [one for one in journal if PATH_SECRET in one.path and one.json["type"] == "budget.reached"]

    world.hooks.journal.wait(lambda journal: len(told(journal)) == 2, 30)
    first, second = told(world.hooks.journal)
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body and signed(second)
    assert "budget of 1" in second.json["data"]["text"]
    world.telegram.journal.wait(lambda _: any("budget of 1" in one.text for one in world.telegram.messages), 20)
    assert not any("budget" in str(letter["Subject"]) for letter in world.mail.delivered)


def test_the_other_doors_and_their_locks(world: World) -> None:
    gateway = world.gateway
    with connected(gateway) as client:
        targets = client.call("notifications.targets", {})["targets"]
        assert {one["name"]: one["problem"] for one in targets} == {
            **dict.fromkeys(("hook", "bot", "app", "mail", "chat"), ""),
            "bare": "Not set: url",
            "feishu-env": "Not set: appId, appSecret",
        }
        assert {one["name"]: one["to"] for one in targets}["hook"] == "127.0.0.1"
        assert client.call("notifications.test", {"name": "hook"})["ok"]
        assert client.call("notifications.test", {"name": "bare"})["error"] == "Not set: url"
        history = client.call("notifications.history", {"limit": 2})
        assert [one["target"] for one in history["notifications"]] == ["bare", "hook"]
        following = client.call("notifications.history", {"limit": 2, "cursor": history["cursor"]})
        assert not {one["id"] for one in following["notifications"]} & {one["id"] for one in history["notifications"]}
    made = world.ask("POST", "/api/keys", json={"name": "reader", "permissions": ["system.read"]})
    reader = {"authorization": f"Bearer {made['key']}"}
    for method, path, headers, status in (
        ("GET", "/api/notifications/targets", reader, 200),
        ("POST", "/api/notifications/targets/hook/test", reader, 403),
        ("POST", "/api/notifications/targets/nobody/test", gateway.headers, 404),
        ("GET", "/api/notifications", {}, 401),
    ):
        answer = httpx.request(method, gateway.base_url + path, headers=headers, timeout=PATIENCE)
        assert answer.status_code == status, answer.text


def test_a_crash_is_told_by_the_process_that_comes_after(world: World) -> None:
    targets = {"hook": {"kind": "webhook", "url": f"{world.hooks.url}/crashes"}}
    config = settings({}, gateway={"privateNetworks": True}, notifications={"targets": targets})
    with running_gateway(config, command=UP) as gateway:
        state = orjson.loads((gateway.home / "supervisor.json").read_bytes())
        os.kill(state["application"]["pid"], signal.SIGKILL)

        def told(journal: Any) -> list[Received]:
            return [one for one in journal if one.path == "/crashes"]

        world.hooks.journal.wait(lambda journal: bool(told(journal)), 60)
        notice = told(world.hooks.journal)[0].json
    assert notice["type"] == "gateway.crashed"
    assert "SIGKILL" in notice["data"]["text"]


def test_the_command_line(world: World) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        gateway = world.gateway
        environment = {**clean_environment(), "CRAWDAD_TOKEN": gateway.token, "CRAWDAD_LANG": "en"}
        place = ["--home", str(gateway.home), "--url", gateway.base_url]
        return run_command([*place, "notify", *arguments], environment)

    listed = run("list", "--json")
    assert {one["name"] for one in orjson.loads(listed.stdout)["targets"]} >= {"hook", "mail"}, listed.stderr
    assert run("test", "hook").returncode == 0
    failed = run("test", "bare")
    assert (failed.returncode, "Not set: url" in failed.stdout) == (1, True)
    assert "bare" in run("history").stdout


def test_no_secret_is_told_logged_or_kept_in_clear(world: World) -> None:
    gateway = world.gateway
    shown = orjson.dumps(
        [world.ask("GET", path) for path in ("/api/notifications", "/api/notifications/targets")]
    ).decode()
    kept = b"".join(file.read_bytes() for file in gateway.home.rglob("*") if file.is_file()).decode("latin-1")
    for secret in (HOOK_SECRET, PATH_SECRET, SECRET, PASSWORD):
        assert secret not in shown + kept + gateway.log()
