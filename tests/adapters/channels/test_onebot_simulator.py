"""The simulator of OneBot 11, against NoneBot's adapter: a client that was not written by us finds what it expects."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.support.waiting import PATIENCE

pytest.importorskip("nonebot.adapters.onebot", reason="nonebot-adapter-onebot is not installed")
PEER = Path(__file__).with_name("nonebot_peer.py")


@pytest.mark.parametrize("form", ["array", "string"])
def test_an_independent_client_gets_along_with_it(form: str) -> None:
    with OneBotSimulator(format=form) as qq:
        command = [sys.executable, str(PEER), qq.url, qq.token]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as peer:
            try:
                qq.journal.wait(lambda _: qq.connected == 1, 30)
                qq.say("hello")
                qq.journal.wait(lambda _: len(qq.account.shown) == 1, 30)
                qq.say({"type": "at", "data": {"qq": str(SELF_ID)}}, " hi & [x]", group=900)
                qq.journal.wait(lambda _: len(qq.account.shown) == 2, 30)
                first = qq.say("x", sender=502)
                qq.journal.wait(lambda _: len(qq.account.shown) == 3, 30)
                qq.say({"type": "reply", "data": {"id": str(first["message_id"])}}, "quoting")
                qq.ask("friend", "f1")
                qq.journal.wait(lambda _: len(qq.account.shown) == 4 and bool(qq.account.decided), 30)
                qq.say("bye")
                output = peer.communicate(timeout=PATIENCE)[0]
            finally:
                peer.kill()
        seen = json.loads(output.strip().splitlines()[-1])
        assert [one for one in seen if one[0] != "request"] == [
            ["PrivateMessageEvent", "hello", True, "501", None],
            ["GroupMessageEvent", "hi & [x]", True, "501", None],
            ["PrivateMessageEvent", "x", True, "502", None],
            ["PrivateMessageEvent", "quoting", True, "501", "x"],
            ["PrivateMessageEvent", "bye", True, "501", None],
            [{"user_id": SELF_ID, "nickname": "Claw"}, 1],
        ]
        assert ["request", "hi"] in seen and qq.account.decided == [("friend", "f1", True, "")]
        assert {(one.text, one.data) for one in qq.account.shown} == {("got & [it]", b"PNG")}

    with OneBotSimulator() as qq:
        command = [sys.executable, str(PEER), qq.url, "wrong"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as peer:
            try:
                qq.journal.wait(lambda _: qq.refusals >= 1, 30)
            finally:
                peer.kill()
        assert qq.connected == 0 and qq.account.calls == []
