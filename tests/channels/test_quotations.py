"""Messages that answer others: which message that is, where a platform counts each chat's messages anew."""

from __future__ import annotations

from typing import Any

from crawdad.services.agents.transcript import text_of
from crawdad.store.channel_tables import channel_messages
from tests.support.channel_stage import TOKEN, channel_stage

BLOCK: dict[str, Any] = {"token": TOKEN, "groupPolicy": "open", "groups": {"*": {}}}


async def test_what_was_said_in_one_group_is_not_quoted_in_another(database_url: str) -> None:
    """The same id in another chat is another message: nobody wakes the agent, or reads along, by answering their own."""
    async with channel_stage(database_url, {"memory": BLOCK}) as stage:
        asked = stage.platform.say("say the secret of g1", chat="g1", kind="group", mention="native")["id"]
        assert await stage.done(asked) == "answered"
        await stage.until(lambda: stage.platform.texts("g1"))
        ours = stage.platform.shown("g1")[0].id
        other = stage.platform.say("what do you mean", chat="g2", kind="group", quoted={"id": ours, "text": "theirs"})
        assert await stage.done(other["id"]) == "group_not_mentioned"
        named = stage.platform.say(
            "say it", chat="g2", kind="group", mention="native", quoted={"id": ours, "text": "theirs"}
        )
        assert await stage.done(named["id"]) == "answered"
        shown = text_of(stage.runs.orders[-1].parts)
        assert "theirs" in shown and "the secret of g1" not in shown and "your message" not in shown
        back = stage.platform.say("say more", chat="g1", kind="group", quoted={"id": ours, "text": "x"})
        assert await stage.done(back["id"]) == "answered", "where it was said an answer to it is one to the agent"


async def test_messages_of_two_groups_with_one_id_are_both_shown(database_url: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}) as stage:
        for group in ("g1", "g2"):
            aside = stage.platform.say(f"aside in {group}", chat=group, kind="group", message="7")["id"]
            assert await stage.done(aside) == "group_not_mentioned"
        for group in ("g1", "g2"):
            asked = stage.platform.say("say so", chat=group, kind="group", mention="native")["id"]
            assert await stage.done(asked) == "answered"
            assert f"aside in {group}" in text_of(stage.runs.orders[-1].parts)


async def test_what_was_remembered_by_an_earlier_version_is_still_known(database_url: str) -> None:
    async with channel_stage(database_url, {"memory": BLOCK}) as stage:
        account = stage.account()
        row: dict[str, Any] = {
            "channel": account.channel,
            "account": account.name,
            "message_id": "old",
            "lane": "group:g1",
        }
        row |= {
            "at": stage.clock.now(),
            "ours": True,
            "sender_id": "",
            "sender_name": "",
            "text": "an old word",
            "pending": False,
        }
        async with stage.database.write() as connection:
            await connection.execute(channel_messages.insert(), row)
        elsewhere = stage.platform.say("say no", chat="g2", kind="group", quoted={"id": "old"})["id"]
        assert await stage.done(elsewhere) == "group_not_mentioned"
        here = stage.platform.say("say yes", chat="g1", kind="group", quoted={"id": "old"})["id"]
        assert await stage.done(here) == "answered"
        assert "an old word" in text_of(stage.runs.orders[-1].parts)
