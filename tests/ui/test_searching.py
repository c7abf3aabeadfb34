"""Fields whose words the address keeps, as people type into them: with an input method, and with the cursor in the middle."""

from __future__ import annotations

import pytest

from tests.support.browser import Window
from tests.support.waiting import eventually

FIELDS = {
    "/sessions": "Find a session",
    "/skills": "Find a skill",
    "/skills?tab=plugins": "Find a plugin",
    "/cron": "Find a job",
    "/files": "Filter by name",
}


@pytest.mark.parametrize("path", FIELDS)
def test_an_input_method_writes_its_words(path: str, window: Window) -> None:
    page = window.sign_in(path)
    field = page.get_by_label(FIELDS[path])
    field.click()
    typing = page.context.new_cdp_session(page)
    for letters in ("t", "ti", "tia", "tian", "tianq", "tianqi"):
        typing.send(
            "Input.imeSetComposition", {"text": letters, "selectionStart": len(letters), "selectionEnd": len(letters)}
        )
        page.evaluate("() => new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
        assert field.input_value() == letters
    assert "q=" not in page.url
    typing.send("Input.insertText", {"text": "天气"})
    assert field.input_value() == "天气"
    page.wait_for_url("**q=*")
    page.keyboard.press("Home")
    page.keyboard.type("ab")
    eventually(lambda: page.url.endswith("q=ab%E5%A4%A9%E6%B0%94"), "the words in the address")
    assert field.input_value() == "ab天气"
    page.reload()
    page.get_by_label(FIELDS[path]).wait_for()
    assert page.get_by_label(FIELDS[path]).input_value() == "ab天气"
