"""From a platform to a real gateway, an agent with a tool and a scripted model behind it, and back; with a kill in between."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.e2e.channels.more_platforms import MORE
from tests.e2e.channels.platform import Platform, nothing
from tests.simulators.feishu import APP_ID, SECRET, FeishuSimulator
from tests.simulators.feishu import USER as FEISHU_USER
from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.simulators.telegram import TelegramSimulator
from tests.simulators.wechatbot import BOT as WECHAT_NAME
from tests.simulators.wechatbot import WechatbotSimulator
from tests.simulators.weixin import BOT, TOKEN, WeixinSimulator
from tests.simulators.weixin import USER as WEIXIN_USER
from tests.support.control import connected
from tests.support.scripted_model import NAME, Hold, ScriptedModel, calls, says
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

CALLBACK_SECRET = "callback-secret-1"


@contextmanager
def telegram() -> Iterator[Platform]:
    with TelegramSimulator() as one:
        block = {"botToken": one.token, "apiRoot": one.url, "pollSeconds": 5, "streaming": "off"}

        def ask_group(text: str, named: bool) -> object:
            return one.say(f"@ClawBot {text}" if named else text, chat=-900, sender=501)

        yield Platform(
            "telegram",
            block,
            one.token.partition(":")[2],
            one.say,
            one.texts,
            lambda condition: one.wait(lambda _: condition()),
            nothing,
            ask_group,
            lambda: one.texts(-900),
            "-900",
        )


@contextmanager
def qq() -> Iterator[Platform]:
    with OneBotSimulator() as one:

        def ask(text: str) -> object:
            one.journal.wait(lambda _: one.connected > 0, PATIENCE)
            return one.say(text)

        def ask_group(text: str, named: bool) -> object:
            one.journal.wait(lambda _: one.connected > 0, PATIENCE)
            at = [{"type": "at", "data": {"qq": str(SELF_ID)}}] if named else []
            return one.say(*at, f" {text}", group=900)

        yield Platform(
            "qq",
            {"wsUrl": one.url, "accessToken": one.token},
            one.token,
            ask,
            one.texts,
            lambda condition: one.journal.wait(lambda _: condition(), PATIENCE),
            nothing,
            ask_group,
            lambda: one.texts(900),
            "900",
        )


@contextmanager
def weixin() -> Iterator[Platform]:
    with WeixinSimulator() as one:
        one.tokens.clear()

        def sign_in(gateway: Gateway) -> None:
            """By QR code over the control channel, as a console would."""
            with connected(gateway) as client:
                begun = client.call("web.login.start", {"channel": "openclaw-weixin"})
                assert begun["qrText"] == "https://liteapp.weixin.qq.com/q/1", begun
                picture = base64.b64decode(begun["qrDataUrl"].removeprefix("data:image/png;base64,"))
                assert picture.startswith(b"\x89PNG") and len(begun["qrDataUrl"]) < 16_384
                confirmed = {"status": "confirmed", "bot_token": TOKEN, "ilink_bot_id": BOT, "baseurl": one.url}
                one.sign_in.extend([{"status": "scaned"}, {**confirmed, "ilink_user_id": WEIXIN_USER}])
                ended = client.call("web.login.wait", {"channel": "openclaw-weixin"})
                assert ended["connected"] is True, ended
                assert TOKEN not in str([begun, ended])

        yield Platform(
            "openclaw-weixin",
            {"baseUrl": one.url, "cdnBaseUrl": f"{one.url}/c2c"},
            TOKEN,
            one.say,
            one.texts,
            lambda condition: one.journal.wait(lambda _: condition(), PATIENCE),
            sign_in,
        )


@contextmanager
def feishu() -> Iterator[Platform]:
    with FeishuSimulator() as one:

        def ask_group(text: str, named: bool) -> object:
            bot = [{"key": "@_user_1", "id": {"open_id": "ou_bot"}, "name": "Claw"}] if named else []
            return one.say(f"@_user_1 {text}" if named else text, chat="oc_group", mentions=bot)

        yield Platform(
            "feishu",
            {"appId": APP_ID, "appSecret": SECRET, "domain": one.url, "streaming": "off"},
            SECRET,
            one.say,
            lambda: one.texts(FEISHU_USER),
            lambda condition: one.journal.wait(lambda _: condition(), PATIENCE),
            nothing,
            ask_group,
            lambda: one.texts("oc_group"),
            "oc_group",
        )


@contextmanager
def wechatbot() -> Iterator[Platform]:
    with WechatbotSimulator() as one:
        places: list[str] = []

        def sign_in(gateway: Gateway) -> None:
            """Nothing to be scanned: the bridge is told where to post, and is there."""
            places.append(f"{gateway.base_url}/api/wechat/callback?token={CALLBACK_SECRET}")
            with connected(gateway) as client:

                def linked() -> bool:
                    return bool(client.call("channels.status")["channelAccounts"]["wechat"][0]["connected"])

                eventually(linked, "the bridge")

        def ask(text: str) -> object:
            answer = one.deliver(places[-1], one.text(text))
            assert answer.json() == {"success": True}, answer.text
            return answer

        def ask_group(text: str, named: bool) -> object:
            words = f"@{WECHAT_NAME}\u2005{text}" if named else text
            return one.deliver(places[-1], one.text(words, room="The group"))

        yield Platform(
            "wechat",
            {"apiUrl": one.url, "token": one.token, "pollSeconds": 0.5, "callbackSecret": CALLBACK_SECRET},
            one.token,
            ask,
            lambda: one.texts("alias:r-Ann"),
            lambda condition: one.wait(condition, PATIENCE),
            sign_in,
            ask_group,
            lambda: one.texts("#The group"),
            "The group",
        )


PLATFORMS = {"telegram": telegram, "qq": qq, "weixin": weixin, "feishu": feishu, "wechatbot": wechatbot, **MORE}


@pytest.fixture(params=sorted(PLATFORMS))
def platform(request: pytest.FixtureRequest) -> Iterator[Platform]:
    with PLATFORMS[request.param]() as made:
        yield made


def config(platform: Platform, model: ScriptedModel) -> dict[str, Any]:
    agents = {"defaults": {"model": f"{NAME}/model", "heartbeat": {"every": "0m"}}}
    groups = {"groupPolicy": "open", "groups": {platform.group: {}}} if platform.group else {}
    block = {"dmPolicy": "open", "allowFrom": ["*"], **groups, **platform.block}
    return settings({NAME: model.provider()}, agents=agents, channels={platform.channel: block})


def asked_tools(model: ScriptedModel) -> list[str]:
    """The results of tools that the model was shown."""
    return [str(one["content"]) for body in model.asked for one in body["messages"] if one["role"] == "tool"]


def test_a_question_is_answered_with_a_tool(platform: Platform) -> None:
    story = (calls(("read", {"path": "IDENTITY.md"})), says("It is **written**."))
    with ScriptedModel(*story) as model, running_gateway(config(platform, model)) as gateway:
        platform.sign_in(gateway)
        platform.ask("What is written there?")
        platform.wait(lambda: len(platform.texts()) == 1)
        (answer,) = platform.texts()
        assert "written" in answer and asked_tools(model)
        with connected(gateway) as client:

            def told() -> Any:  # the platform shows the answer before the gateway hears that it was taken
                (account,) = client.call("channels.status")["channelAccounts"][platform.channel]
                return account if account.get("lastOutboundAt") else None

            account = eventually(told, "the answer to be known as sent")
            assert account["connected"] is True and account["lastInboundAt"]
        assert platform.secret not in gateway.log()


def test_what_a_killed_gateway_was_answering_is_answered_once_by_the_next(platform: Platform) -> None:
    held = Hold(says("At last."), after=1)
    story = (held, says("At last."), says("And this."))
    with ScriptedModel(*story) as model, running_gateway(config(platform, model)) as gateway:
        platform.sign_in(gateway)
        platform.ask("Say it.")
        assert held.reached.wait(PATIENCE)
        gateway.kill()
        held.gate.set()
        gateway.start()
        platform.wait(lambda: len(platform.texts()) == 1)
        platform.ask("Go on.")
        platform.wait(lambda: len(platform.texts()) == 2)
        assert list(platform.texts()) == ["At last.", "And this."]


def test_in_a_group_it_answers_when_it_is_named(platform: Platform) -> None:
    ask_group = platform.ask_group
    if ask_group is None:
        pytest.skip(f"{platform.channel} has no groups")
    with ScriptedModel(says("I heard you.")) as model, running_gateway(config(platform, model)) as gateway:
        platform.sign_in(gateway)
        ask_group("we talk of lunch", False)
        ask_group("what do we talk of?", True)
        platform.wait(lambda: len(platform.group_texts()) == 1)
        assert list(platform.group_texts()) == ["I heard you."] and len(model.asked) == 1
        shown = str(model.asked[0]["messages"][-1]["content"])
        assert "we talk of lunch" in shown and "what do we talk of?" in shown
