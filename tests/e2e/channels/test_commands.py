"""`crawdad channels` against a running gateway: signing in by QR code, stopping, what went wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest

from crawdad.app import exits
from crawdad.app.main import run
from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.simulators.weixin import BOT, TOKEN, USER, WeixinSimulator
from tests.support.scripted_model import NAME, ScriptedModel, says
from tests.support.server import TOKEN as GATEWAY_TOKEN
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE


def config(model: ScriptedModel, channel: str, **block: Any) -> dict[str, Any]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    channels = {channel: {"dmPolicy": "open", "allowFrom": ["*"], **block}}
    return settings({NAME: model.provider()}, agents=agents, channels=channels)


def command(gateway: Gateway, *words: str) -> int:
    return run(["--home", str(gateway.home), "--url", gateway.base_url, "--token", GATEWAY_TOKEN, *words])


def test_signing_in_by_qr_code(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with WeixinSimulator() as wechat, ScriptedModel(says("Hello.")) as model:
        wechat.tokens.clear()
        block = {"baseUrl": wechat.url, "cdnBaseUrl": f"{wechat.url}/c2c"}
        with running_gateway(config(model, "openclaw-weixin", **block)) as gateway:
            wechat.sign_in.append({"status": "denied"})
            assert command(gateway, "channels", "login", "weixin") == exits.PROBLEM
            refused = capsys.readouterr()
            assert "█" in refused.out and "https://liteapp.weixin.qq.com/q/1" in refused.out
            assert "refused on the phone" in refused.out + refused.err
            confirmed = {"status": "confirmed", "bot_token": TOKEN, "ilink_bot_id": BOT, "baseurl": wechat.url}
            wechat.sign_in.extend(
                [{"status": "scaned"}, {"status": "need_verifycode"}, {**confirmed, "ilink_user_id": USER}]
            )
            monkeypatch.setattr("typer.prompt", lambda text: "42")
            assert command(gateway, "--json", "channels", "login", "weixin") == exits.OK
            steps = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
            assert [one["state"] for one in steps] == ["qr", "need_code", "connected"] and wechat.verified == ["42"]
            wechat.say("hi")
            wechat.journal.wait(lambda _: wechat.texts() == ["Hello."], PATIENCE)
            assert command(gateway, "channels", "stop", "weixin") == exits.OK
            starts = wechat.notices.count("start")
            assert command(gateway, "channels", "start", "weixin") == exits.OK
            wechat.journal.wait(lambda _: wechat.notices.count("start") > starts, PATIENCE)
            assert "openclaw-weixin:default" in capsys.readouterr().out
            assert command(gateway, "channels", "logout", "weixin") == exits.OK
            wechat.journal.wait(lambda _: wechat.notices[-1] == "stop", PATIENCE)
            assert TOKEN not in capsys.readouterr().out + gateway.log()


def test_what_could_not_be_read_is_listed_and_looked_at_anew(capsys: pytest.CaptureFixture[str]) -> None:
    with OneBotSimulator() as qq, ScriptedModel(says("Hello.")) as model:
        block = {"wsUrl": qq.url, "accessToken": qq.token}
        with running_gateway(config(model, "qq", **block)) as gateway:
            assert command(gateway, "channels", "dead-letters") == exits.OK
            assert "none" in capsys.readouterr().out
            qq.journal.wait(lambda _: qq.connected > 0, PATIENCE)
            qq.happen({"post_type": "message", "self_id": SELF_ID, "time": 5, "message_type": "private"})
            qq.say("hi")
            qq.journal.wait(lambda _: qq.texts() == ["Hello."], PATIENCE)
            assert command(gateway, "--json", "channels", "dead-letters", "qq") == exits.OK
            (letter,) = json.loads(capsys.readouterr().out)["deadLetters"]
            assert letter["channel"] == "qq" and letter["event"]["time"] == 5 and "KeyError" in letter["reason"]
            assert command(gateway, "channels", "dead-letters") == exits.OK
            assert letter["id"] in capsys.readouterr().out
            assert command(gateway, "channels", "resubmit", letter["id"]) == exits.PROBLEM, (
                "it is no better than it was"
            )
            assert command(gateway, "channels", "resubmit", "none") == exits.PROBLEM
