"""The third step of the first-run guide on a phone: WeChat by its QR code, until somebody there has an answer."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulators.weixin import USER, WeixinSimulator
from tests.support.browser import Window
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import PREFIX, ScriptedUpstream
from tests.support.waiting import eventually
from tests.ui.conftest import Opened


@pytest.fixture(scope="module")
def wechat() -> Iterator[WeixinSimulator]:
    """Tencent's service, where nobody is signed in."""
    with WeixinSimulator() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream, wechat: WeixinSimulator) -> Iterator[Gateway]:
    """A gateway that has a model, and nothing of channels but where Tencent is."""
    found = {"scripted": provider("chat", upstream.url, upstream.models, discover=False, profile="openrouter")}
    agents = {"defaults": {"model": f"scripted/{PREFIX}long"}}
    channels = {"openclaw-weixin": {"baseUrl": wechat.url, "cdnBaseUrl": wechat.url}}
    more = {"channels": channels, "gateway": {"privateNetworks": True}}
    with running_gateway(settings(found, agents=agents, **more)) as running:
        yield running


@pytest.fixture
def phone(opened: Opened) -> Window:
    """A phone that speaks Chinese."""
    return opened(viewport={"width": 390, "height": 844}, has_touch=True, locale="zh-CN", color_scheme="dark")


def test_wechat_is_connected_by_its_code_and_answers(phone: Window, wechat: WeixinSimulator) -> None:
    page = phone.sign_in("/welcome")
    step = page.get_by_role("listitem", name="接入聊天软件")
    step.get_by_role("button", name="显示二维码").click()
    step.get_by_role("img", name="二维码").wait_for()
    assert step.get_by_text("已完成", exact=True).count() == 0
    phone.screenshot("first-channel-code-zh-CN")
    wechat.sign_in.append({"status": "scaned"})
    step.get_by_text("已扫描", exact=False).wait_for()
    wechat.sign_in.append(
        {"status": "confirmed", "bot_token": "new", "ilink_bot_id": "bot2@im.bot", "baseurl": wechat.url}
        | {"ilink_user_id": USER}
    )
    step.get_by_text("微信已连接", exact=False).wait_for()
    step.get_by_text("已完成", exact=True).wait_for()
    step.get_by_role("img", name="二维码").wait_for(state="detached")
    assert phone.violations() == []
    phone.screenshot("first-channel-connected-zh-CN")
    wechat.say("早上好")
    eventually(lambda: any("a dull day. All work" in text for text in wechat.texts()), "an answer in WeChat")
    step.get_by_role("link", name="“渠道”页面").click()
    page.get_by_text("已连接", exact=True).wait_for()
    page.get_by_text("收到消息", exact=False).wait_for()
    phone.open("/chat")
    page.get_by_label("输入消息").fill("你会什么？")
    page.keyboard.press("Enter")
    page.get_by_role("log").get_by_text("a dull day. All work", exact=False).last.wait_for()
