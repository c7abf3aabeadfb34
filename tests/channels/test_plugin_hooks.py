"""Plugins hear of answers before they go out, may change them and may keep them back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from crawdad.core.plugin_hooks import HookEvent, MessageSending, MessageSent
from tests.support.channel_stage import TOKEN, channel_stage


class Listener:
    """A plugin that writes in capitals, and lets no secret out."""

    def __init__(self) -> None:
        self.sent: list[HookEvent] = []

    def wanted(self, hook: str) -> bool:
        return hook in (MessageSending.hook, MessageSent.hook)

    async def tell(self, event: HookEvent) -> None:
        raise AssertionError("nobody waits for it")

    def tell_soon(self, event: HookEvent) -> None:
        self.sent.append(event)

    async def ask(self, event: Any) -> Any:
        assert isinstance(event, MessageSending)
        if "secret" in event.text:
            return replace(event, refuse="no secrets", refused_by="guard")
        return replace(event, text=event.text.upper())


async def test_answers_go_out_as_plugins_let_them(database_url: str) -> None:
    listener = Listener()
    block = {"token": TOKEN, "dmPolicy": "open", "allowFrom": ["*"], "streaming": "partial"}
    async with channel_stage(database_url, {"memory": block}, hooks=listener) as stage:
        first = stage.platform.say("say hello to everybody who listens here")
        assert await stage.done(str(first["id"])) == "answered"
        second = stage.platform.say("say the secret word that nobody may hear")
        assert await stage.done(str(second["id"])) == "refused_by_plugin"
        third = stage.platform.say("say bye")
        assert await stage.done(str(third["id"])) == "answered"
        await stage.until(lambda: len(stage.platform.texts()) == 2)
        assert stage.platform.texts() == ["HELLO TO EVERYBODY WHO LISTENS HERE", "BYE"]
        assert all(one.edits == 0 for one in stage.platform.shown()), "nothing was shown before the plugin had its say"
        await stage.until(lambda: len(listener.sent) == 2)
    assert said(listener) == [("HELLO TO EVERYBODY WHO LISTENS HERE", "delivered", ""), ("BYE", "delivered", "")]


async def test_an_answer_that_was_not_sent_is_told_as_such(database_url: str) -> None:
    listener = Listener()
    block = {"token": TOKEN, "dmPolicy": "open", "allowFrom": ["*"]}
    async with channel_stage(database_url, {"memory": block}, hooks=listener) as stage:
        stage.platform.fail("refused")
        first = stage.platform.say("say nothing that anybody will ever see")
        assert await stage.done(str(first["id"])) == "answered"
        await stage.until(lambda: len(listener.sent) == 1)
    ((text, status, error),) = said(listener)
    assert (text, status) == ("NOTHING THAT ANYBODY WILL EVER SEE", "not-delivered") and error


def said(listener: Listener) -> list[tuple[str, str, str]]:
    """What was told of answers: text, status, error."""
    found = [one for one in listener.sent if isinstance(one, MessageSent)]
    assert {(one.channel, one.to) for one in found} == {("memory", "u1")}
    return [(one.text, one.status, one.error) for one in found]
