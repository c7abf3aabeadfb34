"""From what an agent says to what people read: while it grows, at its end, and where nothing is to be said."""

from __future__ import annotations

import base64
from contextlib import AbstractAsyncContextManager
from functools import partial
from typing import Any

import pytest

from crawdad.core.parts import MediaPart
from crawdad.core.text import Text
from crawdad.store.channel_rows import DeliveryDraft, PartDraft
from tests.channels.lasting_runs import LastingRuns
from tests.support.channel_stage import TOKEN, Stage, channel_stage
from tests.support.memory_channel import LIMIT
from tests.support.waiting import until


def open_stage(
    database_url: str, runs: LastingRuns, settings: dict[str, Any] | None = None, **more: Any
) -> AbstractAsyncContextManager[Stage]:
    channels = {"memory": {"token": TOKEN, "allowFrom": ["u1"], **(settings or {})}}
    return channel_stage(database_url, channels, runs=lambda *_: runs, **more)


def _as_many(stage: Stage, count: int) -> bool:
    return len(stage.platform.shown()) == count


async def running(stage: Stage, runs: LastingRuns) -> tuple[str, str]:
    """A message whose run goes on: the event and the run."""
    await stage.connected()
    before = len(runs.orders)
    event = stage.platform.say("hang")["id"]
    await stage.until(lambda: len(runs.orders) > before)
    return event, f"run-{len(runs.orders)}"


async def test_an_answer_grows_in_one_message(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, "too short")
        runs.grow(run, " no longer, as it goes on")
        await stage.until(lambda: stage.platform.texts() == ["too short no longer, as it goes on"])

        async def has_receipt() -> bool:
            delivery = await stage.delivery(event)
            return delivery is not None and bool(delivery.parts) and delivery.parts[0].state == "sent"

        await until(has_receipt)
        runs.grow(run, "\n```py\nx")
        await stage.until(lambda: stage.platform.texts()[0].endswith("```py\nx\n```"))
        assert stage.platform.shown()[0].role == "preview"
        runs.release(run, "the whole: " + "word " * 80)
        assert await stage.done(event) == "answered"
        await stage.until(lambda: " ".join(stage.platform.texts()).count("word") == 80)
        texts = stage.platform.texts()
        assert " ".join(texts).split() == ["the", "whole:", *["word"] * 80] and all(len(one) <= LIMIT for one in texts)
        assert stage.platform.shown()[0].edits >= 2, "the first message became the beginning of the whole"


async def test_what_was_shown_goes_when_nothing_is_to_be_said(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, "thinking aloud about what to say")
        await stage.until(lambda: stage.platform.texts())
        runs.release(run, "NO_REPLY")
        assert await stage.done(event) == "silent"
        assert stage.platform.texts() == []


async def test_a_preview_of_a_dead_process_becomes_the_answer(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, {"streaming": "partial"}) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, "a beginning that is long enough")
        await stage.until(lambda: stage.platform.texts())
        platform = stage.platform
    async with open_stage(database_url, runs, {"streaming": "partial"}, platform=platform, runner="next") as stage:
        runs.release(run, "a beginning that is long enough, and the end")
        await stage.done(event)
        await stage.until(lambda: platform.texts() == ["a beginning that is long enough, and the end"])
        assert len(runs.orders) == 1


async def test_paragraphs_go_out_as_they_come(database_url: str) -> None:
    runs = LastingRuns()
    block = {"mode": "block", "block": {"coalesce": {"minChars": 10, "maxChars": 60}}}
    async with open_stage(database_url, runs, {"streaming": block}) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, "First paragraph.\n\nSecond")
        await stage.until(lambda: stage.platform.texts() == ["First paragraph."])
        runs.grow(run, " one.\n\n")
        await stage.until(lambda: len(stage.platform.texts()) == 2)
        runs.grow(run, "<tool>")
        runs.grow(run, "And the answer.")
        runs.release(run, "And the answer.")
        await stage.done(event)
        expected = ["First paragraph.", "Second one.", "And the answer."]
        await stage.until(lambda: stage.platform.texts() == expected)


async def test_the_rest_of_a_blockwise_answer_is_not_said_twice(database_url: str) -> None:
    runs = LastingRuns()
    block = {"mode": "block", "block": {"coalesce": {"minChars": 10, "maxChars": 60}}}
    async with open_stage(database_url, runs, {"streaming": block}) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, "First paragraph.\n\nSecond")
        await stage.until(lambda: stage.platform.texts() == ["First paragraph."])
        runs.grow(run, " one")
        runs.release(run, "First paragraph.\n\nSecond one")
        await stage.done(event)
        await stage.until(lambda: stage.platform.texts() == ["First paragraph.", "Second one"])


@pytest.mark.parametrize(("prefix", "begin"), [("", ""), ("[bot]", "[bot] ")])
async def test_neither_a_prefix_nor_an_empty_line_before_it_has_it_said_twice_or_cut(
    database_url: str, prefix: str, begin: str
) -> None:
    runs = LastingRuns()
    block = {"mode": "block", "block": {"coalesce": {"minChars": 10, "maxChars": 60}}}
    async with open_stage(database_url, runs, {"streaming": block}, messages={"responsePrefix": prefix}) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, "\n\n")
        runs.grow(run, "First ```paragraph```.\n\nSecond")
        await stage.until(lambda: stage.platform.texts() == [f"{begin}First ```paragraph```."])
        runs.grow(run, " one")
        runs.release(run, "\n\nFirst ```paragraph```.\n\nSecond one")
        await stage.done(event)
        await stage.until(lambda: stage.platform.texts() == [f"{begin}First ```paragraph```.", "Second one"])


@pytest.mark.parametrize(
    ("status", "text", "shown", "reason"),
    [
        ("completed", "NO_REPLY", [], "silent"),
        ("completed", "", [], "silent"),
        ("cancelled", "half", [], "stopped"),
        ("failed", "", [Text("channels.run_failed", {"error": "no model"}).render()], "failed"),
        ("interrupted", "", [Text("channels.run_interrupted").render()], "interrupted"),
    ],
)
async def test_how_a_run_may_end(database_url: str, status: str, text: str, shown: list[str], reason: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs) as stage:
        event, run = await running(stage, runs)
        runs.release(run, text, status, "no model" if status == "failed" else "")
        assert await stage.done(event) == reason
        await stage.until(lambda: stage.platform.texts() == shown)


async def test_messages_that_were_answered_together_get_one_answer(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs) as stage:
        event, run = await running(stage, runs)
        runs.grow(run, "<absorbed by another>")
        runs.release(run, "the same words")
        assert await stage.done(event) == "answered_together" and stage.platform.texts() == []


async def test_typing_is_shown_while_the_agent_works(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs) as stage:
        event, run = await running(stage, runs)
        typing = stage.platform.phone().typing
        await stage.until(lambda: ("u1", True) in typing)
        before = typing.count(("u1", True))
        stage.clock.advance(5)
        await stage.until(lambda: typing.count(("u1", True)) > before)
        runs.release(run, "done")
        await stage.done(event)
        await stage.until(lambda: typing[-1] == ("u1", False))


async def test_files_and_captions_of_an_answer(database_url: str) -> None:
    runs = LastingRuns()
    picture = MediaPart("image", data=base64.b64encode(b"\x89PNG....").decode(), media_type="image/png", name="a.png")
    large = MediaPart("image", data=base64.b64encode(b"x" * 2000).decode(), media_type="image/png", name="big.png")
    linked = MediaPart("image", url="https://example.com/a.png")
    async with open_stage(database_url, runs) as stage:
        for parts, text, shown in (
            ([picture], "look", [("look", "a.png")]),
            ([picture], "a caption that is longer than the fifty that it takes", [("a caption", ""), ("", "a.png")]),
            ([picture, large], "two", [("two", ""), ("", "a.png"), ("[The file big.png cannot be sent here]", "")]),
            ([linked], "", [("https://example.com/a.png", "")]),
        ):
            event, run = await running(stage, runs)
            stage.platform.phone().shown.clear()
            runs.states[run].parts = list(parts)
            runs.release(run, text)
            await stage.done(event)

            count = len(shown)
            await stage.until(partial(_as_many, stage, count))
            for one, (text_wanted, media_wanted) in zip(stage.platform.shown(), shown, strict=True):
                assert one.text.startswith(text_wanted) and one.media == media_wanted


async def test_in_groups_the_answer_quotes_what_it_answers(database_url: str) -> None:
    runs = LastingRuns()
    group = {"groups": {"g1": {}}, "groupAllowFrom": ["u1"]}
    async with open_stage(database_url, runs, group) as stage:
        await stage.connected()
        event = stage.platform.say("hang", chat="g1", kind="group", mention="native", message="m77")["id"]
        await stage.until(lambda: runs.orders)
        runs.release("run-1", "word " * 60)
        await stage.done(event)
        await stage.until(lambda: len(stage.platform.shown("g1")) == 2)
        assert [one.reply_to for one in stage.platform.shown("g1")] == ["m77", ""]


async def test_a_prefix_stands_before_answers_and_the_send_policy_holds(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs, messages={"responsePrefix": "[bot]"}) as stage:
        await stage.done(stage.platform.say("say hi")["id"])
        await stage.until(lambda: stage.platform.texts() == ["[bot] hi"])
        stage.configure(
            {"memory": {"token": TOKEN, "allowFrom": ["u1"]}},
            session={"sendPolicy": {"default": "deny"}},
        )
        assert await stage.done(stage.platform.say("say no")["id"]) == "send_policy"
        assert stage.platform.texts() == ["[bot] hi"]


async def test_the_newest_reply_context_goes_along(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs) as stage:
        event, run = await running(stage, runs)
        await stage.done(stage.platform.say("/whoami", context={"token": "newest"})["id"])
        runs.release(run, "late")
        await stage.done(event)
        await stage.until(lambda: "late" in stage.platform.texts())
        late = next(one for one in stage.platform.shown() if one.text == "late")
        assert late.reply_context == {"token": "newest"}


async def test_a_part_found_half_sent_is_unknown_unless_doubles_are_dropped(database_url: str) -> None:
    runs = LastingRuns()
    async with open_stage(database_url, runs) as stage:
        await stage.connected()  # what is there from the beginning is taken up by then
        draft = DeliveryDraft("d", "k", stage.account(), stage.platform_chat())
        await stage.world.outbox.put(draft, [PartDraft("a", text="first"), PartDraft("b", text="second")], 1.0)
        await stage.world.outbox.mark_part("d", 0, 1.0, state="sending")
        stage.running().sending.poke("direct:u1")
        await stage.until(lambda: stage.platform.texts() == ["second"])
        found = await stage.running().sending.settled("d", 5)
        assert found is not None and found.state == "unknown"
