"""A browser for them all, a window for each test, and one gateway in front of models that follow stories."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.browser import Window, running_browser
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.protocols import provider
from tests.support.upstreams.scripted import PREFIX, ScriptedUpstream
from tests.support.upstreams.stories import Call, Say, Story, Think, Turn
from tests.ui.hostile import MARKDOWN, NAME

if TYPE_CHECKING:
    from playwright.sync_api import Browser

Opened = Callable[..., Window]
STORIES: dict[str, Story] = {
    "long": (Turn((Say("All work and no play makes a dull day. " * 40),)),),
    "thinker": (Turn((Think("I wonder about that."), Say("**Four**, I think."))),),
    "reader": (Turn((Call("read", {"path": "NOTES.md"}),), "tools"), Turn((Say("It says: {results}"),))),
    "hostile": (Turn((Say(MARKDOWN),)),),
    NAME: (Turn((Say("hello"),)),),
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[ScriptedUpstream]:
    """Models that follow stories."""
    with ScriptedUpstream(STORIES) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(upstream: ScriptedUpstream) -> Iterator[Gateway]:
    """A gateway with agents of hostile names and models of stories."""
    found = {"scripted": provider("chat", upstream.url, upstream.models, discover=False, profile="openrouter")}
    agents = {
        "defaults": {"model": f"scripted/{PREFIX}long"},
        "list": [
            {"id": "main", "default": True},
            {"id": "thinker", "model": f"scripted/{PREFIX}thinker"},
            {"id": "reader", "model": f"scripted/{PREFIX}reader"},
            {"id": "hostile", "name": NAME, "model": f"scripted/{PREFIX}hostile"},
        ],
    }
    with running_gateway(settings(found, agents=agents)) as running:
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One browser for all tests of the console that follow one another: while it runs, no other event loop can."""
    with running_browser() as running:
        yield running


@pytest.fixture
def opened(browser: Browser, gateway: Gateway) -> Iterator[Opened]:
    """Opens windows. What the browser found wrong in any of them fails the test."""
    windows: list[Window] = []

    def new(**look: Any) -> Window:
        windows.append(Window(browser, gateway, **look))
        return windows[-1]

    yield new
    complaints = [text for window in windows for text in window.complaints]
    for window in windows:
        window.close()
    assert complaints == []


@pytest.fixture
def window(opened: Opened) -> Window:
    """A window of usual size."""
    return opened()
