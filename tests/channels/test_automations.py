"""What a QQ account does by itself, through the real channel and a OneBot simulator: welcomes, pokes, recalls, notices to its
owner, requests; also when the process ends in between, when events come twice, and when the settings change meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from crawdad.adapters.channels import onebot
from crawdad.adapters.programs.pattern_search import search
from crawdad.core.channel_automations import AutomatedSettings
from crawdad.core.channels import SendFailed
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.identity import EVERYTHING, Principal
from tests.simulators.onebot import SELF_ID, OneBotSimulator
from tests.support.channel_stage import Stage, channel_stage
from tests.support.waiting import until

OWNER = 42
GROUP = 900
PANEL = Principal("panel", "token", "panel", EVERYTHING)


@pytest.fixture
def qq() -> Iterator[OneBotSimulator]:
    with OneBotSimulator() as simulator:
        simulator.account.strangers[501] = "小明"
        yield simulator


def block(qq: OneBotSimulator, **more: Any) -> dict[str, Any]:
    return {"qq": {"wsUrl": qq.url, "accessToken": qq.token, "ownerQQ": OWNER, "callSeconds": 2, **more}}


@asynccontextmanager
async def open_qq(database_url: str, qq: OneBotSimulator, runner: str = "one", **more: Any) -> AsyncIterator[Stage]:
    async with channel_stage(
        database_url, block(qq, **more), kinds=[onebot.CHANNEL], search=search, runner=runner, language="auto"
    ) as stage:
        await stage.connected()
        await qq.until(lambda it: it.connected > 0)
        yield stage


async def notice(qq: OneBotSimulator, what: str, **more: Any) -> Any:
    return await asyncio.to_thread(lambda: qq.notice(what, **more))


async def ask(qq: OneBotSimulator, kind: str, flag: str, **more: Any) -> Any:
    return await asyncio.to_thread(lambda: qq.ask(kind, flag, **more))


async def write(qq: OneBotSimulator, text: str, **more: Any) -> Any:
    return await asyncio.to_thread(lambda: qq.say(text, **more))


def joined(person: int = 501, **more: Any) -> dict[str, Any]:
    return {"sub_type": "approve", "group_id": GROUP, "user_id": person, "operator_id": 7, **more}


async def owner_reads(stage: Stage, qq: OneBotSimulator, *pieces: str) -> str:
    """The newest thing that the owner was told, once it holds all of these."""

    def found() -> str:
        texts = qq.texts(OWNER)
        return next((text for text in reversed(texts) if all(piece in text for piece in pieces)), "")

    return str(await stage.until(found))


async def test_who_joins_is_welcomed_after_a_while_and_the_owner_told(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq, welcome={"template": "欢迎 {nickname}（{user_id}）*来*！{x}"}) as stage:
        await notice(qq, "group_increase", **joined())
        await owner_reads(stage, qq, "小明", "501", str(GROUP))
        assert qq.texts(GROUP) == []
        stage.clock.advance(1.6)
        await stage.until(lambda: qq.shown(GROUP))
    (shown,) = qq.shown(GROUP)
    assert shown.segments == [
        {"type": "at", "data": {"qq": "501"}},
        {"type": "text", "data": {"text": " 欢迎 小明（501）*来*！{x}"}},
    ]
    called = [name for name, _ in qq.account.calls]
    assert called.index("get_stranger_info") < called.index("send_private_msg") < called.index("send_group_msg")
    assert called.count("get_stranger_info") <= 2, "nobody is looked up twice (501, and who let them in)"


async def test_a_welcome_outlives_the_process_and_comes_once(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq, welcome={"delayMs": 3_600_000}) as stage:
        frame = await notice(qq, "group_increase", **joined())
        await owner_reads(stage, qq, "小明")
        await asyncio.to_thread(lambda: qq.happen(frame))
        assert qq.texts(GROUP) == []
    async with open_qq(database_url, qq, runner="two", welcome={"delayMs": 3_600_000}) as stage:
        await asyncio.to_thread(lambda: qq.happen(frame))
        stage.clock.advance(3601)
        await stage.until(lambda: qq.shown(GROUP))
        await write(qq, "说点什么", sender=501, group=GROUP)
        await until_quiet(stage)
        assert len(qq.shown(GROUP)) == 1 and len(qq.shown(OWNER)) == 1, "nothing is said twice"


async def until_quiet(stage: Stage) -> None:
    async def is_quiet() -> bool:
        counts = (await stage.view()).counts
        return not any(counts.get(name) for name in ("waiting", "ordered", "open", "growing"))

    await until(is_quiet)


async def test_a_group_may_have_its_own_welcome_or_none(qq: OneBotSimulator, database_url: str) -> None:
    rules = [{"groupId": GROUP, "welcomeMessage": "新人 {nickname}"}]
    groups = {"901": {"enabled": False}}
    async with open_qq(database_url, qq, autoApprove={"group": {"rules": rules}}, groups=groups) as stage:
        await notice(qq, "group_increase", **joined())
        await notice(qq, "group_increase", **joined(group_id=901))
        await owner_reads(stage, qq, "901")
        stage.clock.advance(2)
        await stage.until(lambda: qq.texts(GROUP) == [" 新人 小明"])
        await until_quiet(stage)
        assert qq.texts(901) == []


async def test_a_change_of_settings_holds_at_once_and_cuts_no_link(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq, welcome={"delayMs": 60_000}) as stage:
        running = stage.running()
        await notice(qq, "group_increase", **joined())
        await owner_reads(stage, qq, "小明")
        stage.configure(block(qq, welcome={"enabled": False}), language="auto")

        async def adopted() -> bool:
            settings = stage.running().settings
            return isinstance(settings, AutomatedSettings) and not settings.welcome.enabled

        await until(adopted)
        stage.clock.advance(61)
        await until_quiet(stage)
        assert qq.texts(GROUP) == [], "what was to follow follows the settings of its time"
        assert stage.running() is running and running.status.reconnects == 0 and await stage.state() == "connected"


@pytest.mark.parametrize(
    ("what", "more", "pieces", "switch"),
    [
        ("group_increase", joined(SELF_ID), ("机器人已加入群 900",), ""),
        ("group_increase", joined(sub_type="invite"), ("受 P7", "小明"), "memberChange"),
        ("group_decrease", joined(sub_type="leave", operator_id=501), ("小明", "退出"), "memberChange"),
        ("group_decrease", joined(sub_type="kick"), ("小明", "P7", "移出"), "memberChange"),
        ("group_decrease", joined(SELF_ID, sub_type="kick_me"), ("机器人被 P7", "移出"), "memberChange"),
        ("group_admin", joined(sub_type="set"), ("小明", "管理员"), "adminChange"),
        ("group_admin", joined(sub_type="unset"), ("小明", "不再是"), "adminChange"),
        ("group_ban", joined(sub_type="ban", duration=600), ("小明", "600 秒"), "banNotice"),
        ("group_ban", joined(sub_type="lift_ban", duration=0), ("小明", "解除禁言"), "banNotice"),
        ("group_ban", joined(SELF_ID, sub_type="ban", duration=60), ("机器人", "60 秒"), "banNotice"),
    ],
)
async def test_the_owner_is_told_unless_they_do_not_want_it(
    qq: OneBotSimulator, database_url: str, what: str, more: dict[str, Any], pieces: tuple[str, ...], switch: str
) -> None:
    quiet: dict[str, Any] = {"welcome": {"enabled": False}}
    async with open_qq(database_url, qq, **quiet) as stage:
        await notice(qq, what, **more)
        told = await owner_reads(stage, qq, *pieces)
        assert "900" in told
        if not switch:
            return
        stage.configure(block(qq, notifications={switch: False}, **quiet), language="auto")

        async def adopted() -> bool:
            name = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in switch)
            return getattr(stage.running().settings.notifications, name) is False  # type: ignore[attr-defined]

        await until(adopted)
        await notice(qq, what, **more)
        await until_quiet(stage)
        assert len(qq.shown(OWNER)) == 1


async def test_what_was_recalled_is_told_as_far_as_it_is_remembered(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq) as stage:
        event = await write(qq, "秘密 <b>", sender=501, group=GROUP, name="小明")
        recall = {"group_id": GROUP, "user_id": 501, "operator_id": 501, "message_id": event["message_id"]}
        await notice(qq, "group_recall", **recall)
        told = await owner_reads(stage, qq, "撤回", "秘密 <b>")
        assert "小明" in told and "The group (900)" in told
        await notice(qq, "group_recall", **{**recall, "operator_id": 7})
        await owner_reads(stage, qq, "P7", "撤回了 小明", "秘密 <b>")
        await notice(qq, "group_recall", **{**recall, "message_id": 999_999})
        await owner_reads(stage, qq, "未缓存")
        await notice(qq, "group_recall", **{**recall, "operator_id": SELF_ID})
        await notice(qq, "friend_recall", user_id=501, message_id=5)
        await owner_reads(stage, qq, "私聊", "未缓存")
        await until_quiet(stage)
        assert len(qq.shown(OWNER)) == 4, "what the account itself takes back is nobody's business"
    settings = {"antiRecall": {"enabled": False}}
    async with open_qq(database_url, qq, runner="two", **settings) as stage:
        await notice(qq, "group_recall", **{**recall, "user_id": 502})
        await until_quiet(stage)
        assert len(qq.shown(OWNER)) == 4


async def test_what_was_gathered_into_one_turn_is_remembered_message_by_message(
    qq: OneBotSimulator, database_url: str
) -> None:
    gathering: dict[str, Any] = {"messages": {"inbound": {"debounceMs": 5000}}}
    async with channel_stage(
        database_url, block(qq), kinds=[onebot.CHANNEL], search=search, language="auto", **gathering
    ) as stage:
        await stage.connected()
        await qq.until(lambda it: it.connected > 0)
        first = await write(qq, "第一句", sender=501, group=GROUP, name="小明")
        second = await write(qq, "第二句", sender=501, group=GROUP, name="小明")
        recall = {"group_id": GROUP, "user_id": 501, "operator_id": 501}
        await notice(qq, "group_recall", **recall, message_id=first["message_id"])
        stage.clock.advance(6.0)
        assert "第二句" not in await owner_reads(stage, qq, "撤回", "第一句")
        await notice(qq, "group_recall", **recall, message_id=second["message_id"])
        assert "第一句" not in await owner_reads(stage, qq, "撤回", "第二句")


async def test_a_poke_is_answered_and_two_bots_do_not_go_on_for_ever(qq: OneBotSimulator, database_url: str) -> None:
    poke = {"sub_type": "poke", "group_id": GROUP, "user_id": 501, "target_id": SELF_ID}
    async with open_qq(database_url, qq, poke={"replies": ["在", " "]}, welcome={"enabled": False}) as stage:
        for _ in range(5):
            await notice(qq, "notify", **poke)
        await stage.until(lambda: qq.texts(GROUP) == ["在"])
        await notice(qq, "notify", **{**poke, "target_id": 502})
        await notice(qq, "notify", **{**poke, "user_id": SELF_ID})
        await until_quiet(stage)
        assert qq.texts(GROUP) == ["在"]
        stage.clock.advance(11)
        await notice(qq, "notify", **poke)
        await stage.until(lambda: qq.texts(GROUP) == ["在", "在"])
        await notice(qq, "notify", sub_type="poke", user_id=501, sender_id=501, target_id=SELF_ID)
        await stage.until(lambda: qq.texts(501) == ["在"])


async def test_an_honour_is_told_in_the_group(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq) as stage:
        await notice(qq, "notify", sub_type="honor", honor_type="talkative", group_id=GROUP, user_id=501)
        await stage.until(lambda: any("小明" in text and "龙王" in text for text in qq.texts(GROUP)))


async def test_requests_with_the_right_words_are_accepted_and_all_others_asked_about(
    qq: OneBotSimulator, database_url: str
) -> None:
    approve = {
        "friend": {"enabled": True, "pattern": "crawdad"},
        "group": {"enabled": True, "pattern": "答案：42", "rules": [{"groupId": 901, "autoApprovePattern": "yes"}]},
    }
    async with open_qq(database_url, qq, autoApprove=approve) as stage:
        await ask(qq, "add", "g1", comment="问题：多少？\n答案：42", user=501)
        await owner_reads(stage, qq, "自动同意", "小明")
        assert qq.account.decided == [("add", "g1", True, "")]
        await ask(qq, "add", "g2", comment="答案：42", group_id=901)
        await ask(qq, "invite", "i1", comment="答案：42")
        await ask(qq, "friend", "f1", comment="")
        await ask(qq, "friend", "f2", comment="x crawdad y")
        await owner_reads(stage, qq, "f1")
        await stage.until(lambda: len(qq.account.decided) == 2)
        assert qq.account.decided[1][:3] == ("friend", "f2", True)

        async def three() -> list[str]:
            found = [one.request.flag for one in await stage.host.pending_requests("qq")]
            return found if len(found) == 3 else []

        assert await until(three) == ["g2", "i1", "f1"]
        told = [one.data for one in stage.happened if one.topic == "channels.request"]
        assert {(one["flag"], one["state"]) for one in told} == {
            *(("g1", "accepted"), ("f2", "accepted")),
            *(("g2", "pending"), ("i1", "pending"), ("f1", "pending")),
        }


async def test_a_pattern_that_never_ends_is_broken_off_and_a_bad_one_accepts_nobody(
    qq: OneBotSimulator, database_url: str
) -> None:
    approve = {"friend": {"enabled": True, "pattern": "(a+)+$"}, "group": {"enabled": True, "pattern": "("}}
    async with open_qq(database_url, qq, autoApprove=approve) as stage:
        await ask(qq, "friend", "f1", comment="a" * 60 + "!")
        await ask(qq, "add", "g1", comment="(")
        await ask(qq, "friend", "f2", comment="a" * 501)

        async def three() -> bool:
            return len(await stage.host.pending_requests("qq")) == 3

        await until(three)
        assert qq.account.decided == []
        assert sum(one.topic == "channels.trouble" and one.data["code"] == "pattern" for one in stage.happened) == 2


async def test_the_owner_answers_requests_by_a_message(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq) as stage:
        await ask(qq, "add", "g/1", comment="让我进")
        await ask(qq, "friend", "f1")
        await owner_reads(stage, qq, "同意入群 g/1")
        await owner_reads(stage, qq, "同意好友 f1")
        await write(qq, "拒绝入群 g/1 人满 了", sender=501)  # somebody else's words are just words
        await write(qq, "同意入群 f1", sender=OWNER)
        await owner_reads(stage, qq, "没有待处理", "f1")
        await write(qq, "拒绝入群 g/1 人满 了", sender=OWNER)
        await owner_reads(stage, qq, "已拒绝")
        await write(qq, "同意好友 f1", sender=OWNER)
        await owner_reads(stage, qq, "已同意")
        assert qq.account.decided == [("add", "g/1", False, "人满 了"), ("friend", "f1", True, "")]
        await until_quiet(stage)
        assert await stage.host.pending_requests("qq") == [] and stage.runs.orders == []


async def test_a_panel_answers_requests_and_hears_how_it_went(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq) as stage:
        await ask(qq, "friend", "f1")
        await ask(qq, "invite", "i1")

        async def two() -> bool:
            return len(await stage.host.pending_requests("qq")) == 2

        await until(two)
        qq.fail("set_friend_add_request", 1200, "发送失败")
        with pytest.raises(SendFailed):
            await stage.host.decide_request(stage.account(), "f1", True, "", PANEL)
        assert len(await stage.host.pending_requests("qq")) == 2, "what failed waits still"
        await stage.host.decide_request(stage.account(), "f1", True, "", PANEL)
        del qq.account.requests["i1"]  # it was answered on the phone
        for _ in range(2):
            with pytest.raises(GatewayError) as refused:
                await stage.host.decide_request(stage.account(), "i1", False, "no", PANEL)
            assert refused.value.kind is ErrorKind.NOT_FOUND
        assert await stage.host.pending_requests("qq") == []
        await until_quiet(stage)
        assert [one[:3] for one in qq.account.decided] == [("friend", "f1", True)], "once"


async def test_requests_outlive_the_process_and_hold_up_no_chat(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq) as stage:
        for number in range(30):
            await ask(qq, "add", f"g{number}", comment="hi", user=600 + number)

        async def all_there() -> bool:
            return len(await stage.host.pending_requests("qq")) == 30

        await until(all_there)
        event = await write(qq, "hello", sender=OWNER)
        assert await stage.done(f"message:{event['message_id']}:{event['time']}") == "pairing"
    async with open_qq(database_url, qq, runner="two") as stage:
        await stage.host.decide_request(stage.account(), "g7", False, "no", PANEL)
        assert qq.account.decided == [("add", "g7", False, "no")]
        assert len(await stage.host.pending_requests("qq")) == 29


async def test_whoever_watches_sees_the_frames_as_they_came(qq: OneBotSimulator, database_url: str) -> None:
    async with open_qq(database_url, qq) as stage:
        frame = await notice(qq, "group_card", group_id=GROUP, user_id=501, card_new="a", card_old="b")
        qq.beat()

        def frames() -> list[Any]:
            return [one.data["frame"] for one in stage.happened if one.topic == "channels.frame"]

        await stage.until(lambda: frame in frames())
        await stage.until(lambda: any(one.topic == "channels.event" for one in stage.happened))
        kinds = {(one["post_type"], one.get("meta_event_type", "")) for one in frames()}
        assert kinds == {("meta_event", "lifecycle"), ("notice", "")}, "signs of life are not told"
        about = [one.topic for one in stage.happened if one.topic in ("channels.frame", "channels.event")]
        assert about[-2:] == ["channels.frame", "channels.event"], "first what came, then what it means"
