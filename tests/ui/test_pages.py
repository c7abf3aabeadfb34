"""Every page, in both languages and themes and on a phone: it opens by its address, axe finds nothing, nothing stands out
of the window, and neither scripts nor the content security policy complain."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.browser import Window
from tests.ui.conftest import Opened
from tests.ui.pages import PAGES

LOOKS: dict[str, dict[str, Any]] = {
    "light-en": {"color_scheme": "light", "locale": "en-US"},
    "dark-zh": {"color_scheme": "dark", "locale": "zh-CN"},
    "phone-zh": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "locale": "zh-CN"},
    "phone-en": {"viewport": {"width": 390, "height": 844}, "has_touch": True, "locale": "en-US"},
}
_CUT = """[...document.querySelectorAll('h1, h2, h3, main th, main button, main label, main [role=tab], main dt')]
  .filter(each => each.checkVisibility() && each.clientWidth > 1 && !each.closest('.sr-only, [data-place], [role=rowgroup]:not(thead)'))
  .filter(each => each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 4 && getComputedStyle(each).overflow === 'hidden')
  .map(each => each.textContent)"""
"""What names things and does not fit into its place."""


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_is_well_made(opened: Opened, look: str) -> None:
    window: Window = opened(**LOOKS[look])
    page = window.sign_in()
    for path, headings in PAGES.items():
        window.open(path)
        window.settled()
        heading = headings[1 if "zh" in look else 0]
        page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()
        window.screenshot(f"{path.strip('/') or 'overview'}-{look}")
        assert (path, window.violations()) == (path, [])
        wide = "[document.documentElement, document.querySelector('main')].filter(each => each.scrollWidth > each.clientWidth).length"
        assert page.evaluate(wide) == 0, f"{path} is too wide"
        assert (path, page.evaluate(_CUT)) == (path, [])
        assert page.evaluate("document.documentElement.dataset.theme") == ("dark" if "dark" in look else "light")
    assert page.evaluate("document.querySelectorAll('style:not([nonce])').length") == 0


def test_an_address_that_is_none(window: Window) -> None:
    page = window.sign_in("/no/such/page")
    page.get_by_text("There is no such page.").wait_for()
