"""From a real fault to the person: told what happened, once, with what was done about it, in his language; out of safe mode too."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import WebSocketException

from tests.api.test_notifications import Hooks
from tests.app.processes import ROOT, Running, running
from tests.simulators.discord import API, ROOM, DiscordSimulator
from tests.simulators.feishu import APP_ID, SECRET, FeishuSimulator
from tests.simulators.mail import PASSWORD, USER, MailSimulator
from tests.simulators.onebot import OneBotSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.support.server import settings
from tests.support.waiting import eventually

_PATIENCE = 150.0
"""Several starts of the whole application, one after the other, on a machine that has other things to do."""
FAILING = """
SERVICES = [f"die-{number}" for number in range(10)]
def register(api):
    async def fail():
        raise RuntimeError("it is spoiled")
    for name in SERVICES:
        api.register_service(name, fail)
"""
MANIFEST = {"id": "spoiled", "version": "1.0.0", "crawdad": ">=1,<2", "entry": "spoiled:register", "isolated": False}


@dataclass
class Ways:
    """All ways out, and what arrived."""

    hooks: Hooks
    mail: MailSimulator
    feishu: FeishuSimulator
    telegram: TelegramSimulator

    def config(self, **more: Any) -> dict[str, Any]:
        smtp = {"host": "127.0.0.1", "port": self.mail.smtp_port, "security": "none", "username": USER}
        targets = {
            "hook": {"kind": "webhook", "url": f"{self.hooks.url}/hook"},
            "app": {
                **{"kind": "feishu-app", "appId": APP_ID, "appSecret": SECRET, "to": "oc_ops"},
                **{"domain": self.feishu.url, "language": "zh"},
            },
            "mail": {"kind": "smtp", "to": "ops@people.example", "smtp": {**smtp, "password": PASSWORD}},
            "chat": {"kind": "telegram", "to": "501", "language": "zh"},
        }
        bot = {"botToken": self.telegram.token, "apiRoot": self.telegram.url, "pollSeconds": 1}
        return settings(
            {},
            gateway={"privateNetworks": True},
            channels={"telegram": bot},
            notifications={"targets": targets},
            **more,
        )

    def hooked(self, kind: str) -> list[str]:
        """What a webhook was told of a kind."""
        return [one.json["data"]["text"] for one in self.hooks.journal if one.json["type"] == kind]

    def kinds(self) -> list[str]:
        found: list[str] = []
        for one in self.hooks.journal:
            found += [each["kind"] for each in one.json["data"]["notifications"]]
        return found

    def letters(self) -> str:
        bodies = [letter.get_payload(decode=True) or b"" for letter in self.mail.delivered]
        return b"\n".join(body for body in bodies if isinstance(body, bytes)).decode()

    def everywhere(self, english: str, chinese: str) -> None:
        """Wait until every way has brought it, in its language."""
        eventually(lambda: english in str([one.json for one in self.hooks.journal]), "the hook", _PATIENCE)
        eventually(lambda: english in self.letters(), "mail", _PATIENCE)
        eventually(lambda: any(chinese in one.text for one in self.feishu.shown), "feishu", _PATIENCE)
        eventually(lambda: any(chinese in one.text for one in self.telegram.messages), "telegram", _PATIENCE)


@pytest.fixture
def ways() -> Iterator[Ways]:
    with Hooks() as hooks, MailSimulator() as mail, FeishuSimulator() as feishu, TelegramSimulator() as telegram:
        yield Ways(hooks, mail, feishu, telegram)


@contextmanager
def up(home: Path, config: dict[str, Any]) -> Iterator[Running]:
    (home / "openclaw.json").write_text(json.dumps(config))
    with running(home, PYTHONPATH=str(ROOT / "src")) as crawdad:
        yield crawdad


def serving(crawdad: Running, *gone: int) -> int:
    def look() -> int:
        state = crawdad.state()
        ready = state.get("state") == "ready" and state["application"]["pid"] not in gone
        return int(state["application"]["pid"]) if ready else 0

    return eventually(look, "an application that serves", _PATIENCE)


def healed(home: Path) -> int:
    """Of how many crashes healing knows that a fresh process serves."""
    with closing(sqlite3.connect(home / "crawdad.db")) as connection:
        events = [
            json.loads(row[0]) for row in connection.execute("SELECT event FROM heal_events WHERE status = 'healed'")
        ]
    return sum(event["cause"] == "crash" for event in events)


def test_an_application_that_is_killed_thrice_is_told_once_everywhere(ways: Ways, tmp_path: Path) -> None:
    with up(tmp_path, ways.config()) as crawdad:
        gone: list[int] = []
        for _ in range(3):
            gone.append(serving(crawdad, *gone))
            os.kill(gone[-1], signal.SIGKILL)
        serving(crawdad, *gone)
        ways.everywhere("SIGKILL", "SIGKILL")
        eventually(lambda: healed(tmp_path) == 3, "healing to know of all three", _PATIENCE)
        assert "was started again" in ways.hooked("gateway.crashed")[0]
        assert ways.kinds().count("gateway.crashed") == 1 and "healing.healed" not in ways.kinds()


def test_a_gateway_that_was_killed_as_a_whole_is_told_at_its_next_start(ways: Ways, tmp_path: Path) -> None:
    config = ways.config()
    for kill in (signal.SIGTERM, signal.SIGKILL, None):
        with up(tmp_path, config) as crawdad:
            serving(crawdad)
            if kill is not None:
                crawdad.signal(kill)
                crawdad.end(_PATIENCE)
                assert "gateway.crashed" not in ways.kinds(), "one that was stopped is none that was killed"
            else:
                ways.everywhere("lost its power", "断电")
                eventually(lambda: healed(tmp_path) == 1, "healing to know of it", _PATIENCE)
    assert ways.kinds().count("gateway.crashed") == 1


def test_a_plugin_that_is_set_down_is_told_once_with_the_way_back(ways: Ways, tmp_path: Path) -> None:
    folder = tmp_path / "extra"
    folder.mkdir()
    (folder / "crawdad.plugin.json").write_text(
        json.dumps({**MANIFEST, "offers": {"services": [f"die-{number}" for number in range(10)]}})
    )
    (folder / "spoiled.py").write_text(FAILING)
    plugins = {"load": {"paths": [str(folder)]}, "entries": {"spoiled": {"enabled": True}}}
    with up(tmp_path, ways.config(plugins=plugins)):
        ways.everywhere("crawdad plugins enable spoiled", "crawdad plugins enable spoiled")
        assert "it is spoiled" in ways.hooked("plugin.down")[0]
        assert ways.kinds().count("plugin.down") == 1 and "healing.healed" not in ways.kinds()


def told_by_dialling(qq: OneBotSimulator, crawdad: Running) -> bool:
    """Try to connect, as QQ's side does now and then; whether QQ has been told."""
    if not qq.connected:
        with suppress(WebSocketException):
            host, port = crawdad.state()["addresses"][0]
            qq.dial(f"ws://{host}:{port}/channels/qq/default")
    return any("安全模式" in text for text in qq.texts(501))


def test_safe_mode_is_told_by_every_way_with_the_cause(ways: Ways, tmp_path: Path) -> None:
    """A configuration with an error, and nothing that could be put back: who is told stands in what can be read of it."""
    config = ways.config(logging={"level": "loud"})
    with DiscordSimulator() as discord, OneBotSimulator() as qq:
        config["channels"]["qq"] = {"mode": "reverse", "accessToken": qq.token}
        config["notifications"]["targets"]["owner"] = {"kind": "qq", "to": "501", "language": "zh"}
        config["channels"]["discord"] = {"token": discord.token, "apiRoot": f"{discord.url}{API}"}
        config["notifications"]["targets"]["room"] = {"kind": "discord", "to": f"channel:{ROOM}", "language": "zh"}
        with up(tmp_path, config) as crawdad:
            serving(crawdad)
            assert crawdad.state()["safe_mode"]
            ways.everywhere("safe mode", "安全模式")
            eventually(lambda: any("安全模式" in text for text in discord.texts(ROOM)), "discord", _PATIENCE)
            assert discord.sockets == []
            eventually(lambda: told_by_dialling(qq, crawdad), "QQ, which connects to us", _PATIENCE)
            eventually(lambda: not qq.connected, "the end of its connection")
            (told,) = ways.hooked("gateway.safe_mode")
            assert "crawdad doctor" in told and "configuration" in told and "reports/" in told
            assert sum("安全模式" in one.text for one in ways.telegram.messages) == 1
