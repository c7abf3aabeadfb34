"""Talking with agents and models over a real gateway: answers stream, tools and thoughts are shown, runs can be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.browser import Window
from tests.support.control import connected
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import eventually
from tests.ui.hostile import NAME, TRAP

if TYPE_CHECKING:
    from playwright.sync_api import Page


def say(page: Page, text: str) -> None:
    page.get_by_label("Write a message").fill(text)
    page.keyboard.press("Enter")


def test_an_answer_streams_and_can_be_stopped(window: Window, upstream: ScriptedUpstream) -> None:
    page = window.sign_in("/chat?session=agent:main:streams")
    with upstream.holding(after=5):
        say(page, "Tell me a long story")
        page.get_by_role("log").get_by_text("All work").wait_for()
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("log").get_by_text("Stopped").wait_for()
    say(page, "Again")
    page.get_by_role("log").get_by_text("a dull day. All work", exact=False).last.wait_for()
    page.get_by_role("button", name="Stop", exact=True).wait_for(state="detached")
    page.reload()
    page.get_by_role("log").get_by_text("Tell me a long story").wait_for()
    assert "UTC]" not in page.get_by_role("log").inner_text()


def test_thoughts_and_tools_are_there_to_be_opened(window: Window) -> None:
    page = window.sign_in("/chat?session=agent:thinker:t")
    say(page, "Two and two?")
    page.get_by_text("Thoughts").click()
    page.get_by_text("I wonder about that.").wait_for()
    page.locator("strong", has_text="Four").wait_for()
    window.open("/chat?session=agent:reader:t")
    say(page, "Read my notes")
    page.get_by_role("log").get_by_text("It says:").wait_for()
    page.locator("summary", has_text="NOTES.md").click()
    page.get_by_text("Arguments").wait_for()
    assert window.violations() == []


def test_a_plain_model_answers_without_an_agent(window: Window, upstream: ScriptedUpstream) -> None:
    page = window.sign_in("/chat?model=scripted/story:long")
    with upstream.holding(after=5):
        say(page, "Hello model")
        page.get_by_role("log").get_by_text("All work").wait_for()
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("log").get_by_text("Stopped").wait_for()
    page.get_by_role("button", name="Start over").click()
    page.get_by_text("Talk with scripted/story:long").wait_for()


def test_files_go_along(window: Window) -> None:
    page = window.sign_in("/chat?session=agent:main:files")
    files: list[Any] = [
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": "天气很好".encode()},
        {"name": "x.bin", "mimeType": "application/octet-stream", "buffer": b"\x00\xff\xfe"},
    ]
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_text("x.bin is neither a picture nor a text file.").wait_for()
    say(page, "What is in it?")
    page.get_by_role("log").get_by_text("天气很好").wait_for()


def test_nothing_that_is_said_or_named_runs(window: Window) -> None:
    window.page.add_init_script(TRAP)
    fetched: list[str] = []
    window.page.on("request", lambda request: fetched.append(request.url))
    page = window.sign_in("/chat?session=agent:hostile:x")
    say(page, NAME)
    page.get_by_role("log").get_by_text("the end of it").wait_for()
    page.get_by_label("Actions for this conversation").click()
    page.get_by_role("menuitem", name="Settings of the conversation").click()
    page.get_by_label("Title").fill(NAME)
    page.get_by_role("button", name="Save").click()
    page.get_by_role("navigation", name="Conversations").get_by_text(NAME).wait_for()
    window.open(f"/chat?model={NAME}")
    page.get_by_label("Write a message").wait_for()
    window.open("/")
    window.settled()
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Search").fill(NAME)
    assert page.evaluate("window.__ran") == []
    assert page.locator("main iframe, main svg script, main img[src=x]").count() == 0
    assert [url for url in fetched if not url.startswith((window.gateway.base_url, "data:"))] == []


def test_a_command_is_asked_about_where_it_is_to_run(window: Window) -> None:
    page = window.sign_in("/chat?session=agent:main:asks")
    wanted = {"command": "rm -rf ./old", "sessionKey": "agent:main:asks", "agentId": "main", "timeoutMs": 60_000}
    with connected(window.gateway) as client:
        client.send({"type": "req", "id": "ask", "method": "exec.approval.request", "params": wanted})
        page.get_by_text("rm -rf ./old").wait_for()
        page.get_by_role("button", name="Allow once").click()
        assert client.response("ask")["payload"]["decision"] == "allow-once"
    page.get_by_text("rm -rf ./old").wait_for(state="detached")


def test_a_conversation_goes_on_from_a_message_in_one_of_its_own(window: Window) -> None:
    page = window.sign_in("/chat?session=agent:thinker:fork")
    for said in ("Two and two?", "And three and one?"):
        say(page, said)
        page.get_by_role("log").get_by_text(said).wait_for()
        page.get_by_role("button", name="Stop", exact=True).wait_for(state="detached")
    page.get_by_role("button", name="Go on from here in a new conversation").first.click()
    page.get_by_text("This is the new conversation.").wait_for()
    page.get_by_role("article", name="You").get_by_text("Two and two?").wait_for()
    assert page.get_by_role("log").get_by_text("And three and one?").count() == 0
    page.get_by_role("log").get_by_role("link").click()
    page.get_by_role("log").get_by_text("And three and one?").wait_for()
    page.get_by_role("button", name="Ask differently in a new conversation").last.click()
    page.get_by_role("log").get_by_text("Goes on from").wait_for()
    eventually(
        lambda: page.get_by_label("Write a message").input_value() == "And three and one?", "the words to change"
    )
    assert page.get_by_role("log").get_by_text("And three and one?").count() == 0
    assert window.violations() == []


def test_quick_commands_are_made_said_and_removed(window: Window) -> None:
    page = window.sign_in("/chat?session=agent:main:quick")
    page.get_by_label("Write a message").fill("Tell me a long story")
    quick = page.get_by_role("button", name="Quick commands")
    quick.click()
    page.get_by_role("menuitem", name="Manage quick commands").click()
    page.get_by_text("No quick commands of your own yet").wait_for()
    page.get_by_label("Name").fill(f"讲故事 {NAME}")
    page.get_by_role("button", name="Add", exact=True).click()
    remove = page.get_by_role("button", name=f"Remove 讲故事 {NAME}")
    remove.wait_for()
    assert window.violations() == []
    page.keyboard.press("Escape")
    page.get_by_label("Write a message").fill("")
    quick.click()
    page.get_by_role("menuitem", name="讲故事").click()
    page.get_by_role("log").get_by_text("Tell me a long story").wait_for()
    page.get_by_role("navigation", name="Conversations").get_by_text("Tell me a long story").wait_for()
    quick.click()
    page.get_by_role("menuitem", name="Manage quick commands").click()
    remove.click()
    page.get_by_text("No quick commands of your own yet").wait_for()


def test_words_with_a_slash_are_chosen_by_the_arrow_keys(window: Window) -> None:
    page = window.sign_in("/chat?session=agent:main:slash")
    field = page.get_by_label("Write a message")
    field.fill("/")
    page.keyboard.press("ArrowUp")
    page.get_by_role("option", name="/stop", selected=True).wait_for()
    page.keyboard.press("ArrowDown")
    page.get_by_role("option", name="/new", selected=True).wait_for()
    assert window.violations() == []
    page.keyboard.press("Enter")
    eventually(lambda: field.input_value() == "/new", "the word that was chosen")
    page.get_by_role("option", name="/new").wait_for(state="detached")


def test_conversations_are_found_by_what_was_said_in_them(window: Window) -> None:
    page = window.sign_in("/chat?session=agent:main:found")
    say(page, "昨天的会议记录在哪里？")
    listed = page.get_by_role("navigation", name="Conversations")
    listed.get_by_text("昨天的会议记录在哪里？").wait_for()
    page.get_by_label("Search conversations").fill("会议记录")
    listed.get_by_text("昨天的会议记录在哪里？").wait_for()
    page.get_by_label("Search conversations").fill("no such words at all")
    listed.get_by_text("Nothing matches.").wait_for()
    assert listed.get_by_role("link").count() == 0
