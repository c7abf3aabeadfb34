"""A new user: an empty home, `crawdad up` in a terminal, and from the address that it prints to an agent's answer in the browser."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.app.terminal import Terminal
from tests.simulators.telegram import TelegramSimulator
from tests.support.browser import Window
from tests.support.control import connected
from tests.support.server import SOURCE, free_port
from tests.support.upstreams.protocols import BASE
from tests.support.upstreams.scripted import ScriptedUpstream

if TYPE_CHECKING:
    from playwright.sync_api import Browser

START_SECONDS = 90.0
_TOKEN = re.compile(r"sk-crawdad-[\w-]{20,}")
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Printed:
    """What the terminal showed."""

    base_url: str
    token: str


Begun = Callable[[str], Printed]


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Begun]:
    """Starts Crawdad as somebody does who has never had it, in a language."""
    with ExitStack() as stack:

        def begin(language: str) -> Printed:
            kept = {name: os.environ[name] for name in ("PATH", "TMPDIR") if name in os.environ}
            env = kept | {
                "HOME": str(tmp_path),
                "PYTHONPATH": str(SOURCE),
                "CRAWDAD_PORT": str(free_port()),
                "CRAWDAD_LANG": language,
                "CRAWDAD_UPDATES": "managed",
                "TERM": "dumb",
            }
            command = [sys.executable, "-P", "-m", "crawdad.app", "up"]
            terminal = stack.enter_context(Terminal(command, env))
            shown = terminal.sees("curl", START_SECONDS)
            stack.callback(terminal.ends)
            stack.callback(terminal.interrupt)
            address, token = _ADDRESS.search(shown), _TOKEN.search(shown)
            assert address and token, shown
            return Printed(address[0], token[0])

        yield begin


def look(browser: Browser, printed: Printed, locale: str) -> Window:
    """The console at the printed address; whoever opens just that is led to it."""
    window = Window(browser, printed, locale=locale)
    window.page.goto(printed.base_url)
    assert window.page.url.startswith(f"{printed.base_url}/console/")
    window.page.locator("input[name=token]").fill(printed.token)
    window.page.keyboard.press("Enter")
    window.settled()
    return window


def test_from_an_empty_home_to_an_answer(browser: Browser, begun: Begun, upstream: ScriptedUpstream) -> None:
    printed = begun("en")
    with closing(look(browser, printed, "en-US")) as window:
        page = window.page
        page.get_by_role("navigation", name="Navigation").get_by_role("link", name="Getting started").click()
        page.get_by_label("Provider").select_option(label="OpenAI")
        page.get_by_label("Address").fill(upstream.url + BASE["chat"])
        page.get_by_label("API key", exact=False).first.fill("sk-of-the-new-user")
        page.get_by_label("Model", exact=True).fill("story:long")
        page.get_by_role("button", name="Connect and test").click()
        page.get_by_text("is now the model of your agents").wait_for()
        window.screenshot("first-run-model")
        page.get_by_role("link", name="Open the chat").click()
        page.get_by_label("Write a message").fill("Good morning")
        page.keyboard.press("Enter")
        page.get_by_role("log").get_by_text("a dull day. All work", exact=False).last.wait_for()
        page.get_by_role("navigation", name="Navigation").get_by_role("link", name="Getting started").click()
        page.get_by_role("listitem", name="Talk with your agent").get_by_text("Done", exact=True).wait_for()
        assert window.complaints == []


def test_the_same_in_chinese_and_into_a_messenger(browser: Browser, begun: Begun, upstream: ScriptedUpstream) -> None:
    printed = begun("zh")
    with closing(look(browser, printed, "zh-CN")) as window:
        page = window.page
        page.get_by_role("navigation", name="导航").get_by_role("link", name="快速开始").click()
        page.get_by_label("服务商").select_option(label="其他（兼容 OpenAI）")
        page.get_by_label("地址").fill(upstream.url + BASE["chat"])
        page.get_by_label("API 密钥", exact=False).first.fill("sk-of-the-new-user")
        page.get_by_role("combobox", name="模型").fill("story:long")
        page.get_by_role("button", name="连接并测试").click()
        page.get_by_text("现已设为智能体的模型").wait_for()
        with TelegramSimulator() as telegram:
            with connected(printed) as client:  # where Telegram is, for a test
                wanted = {
                    "gateway": {"privateNetworks": True},
                    "channels": {"telegram": {"apiRoot": telegram.url, "pollSeconds": 1}},
                }
                digest = client.call("config.get", {})["hash"]
                client.call("config.patch", {"raw": json.dumps(wanted), "baseHash": digest})
            page.get_by_role("tab", name="Telegram").click()
            page.get_by_label("机器人令牌").fill(telegram.token)
            page.get_by_role("button", name="连接", exact=True).click()
            page.get_by_text("现在给机器人发条消息", exact=False).wait_for()
            telegram.say("早上好")
            page.get_by_role("link", name="“渠道”页面").click()
            page.get_by_role("button", name="批准 Ann").click()
            telegram.say("你会什么？")
            telegram.wait(lambda bot: any("a dull day. All work" in text for text in bot.texts()))
        page.get_by_role("navigation", name="导航").get_by_role("link", name="对话", exact=True).click()
        page.get_by_label("输入消息").fill("早上好")
        page.keyboard.press("Enter")
        page.get_by_role("log").get_by_text("a dull day. All work", exact=False).last.wait_for()
        window.screenshot("first-run-answer-zh-CN")
        assert window.complaints == []
