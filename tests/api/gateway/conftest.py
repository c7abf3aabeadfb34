"""A gateway whose agents follow a script, with hooks and a second agent; one for all tests of a module."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.support.agent_server import WITH_AGENTS
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

HOOK_TOKEN = "hook-token-0123456789abcdef"
AGENTS: dict[str, Any] = {"list": [{"id": "main", "default": True}, {"id": "Beta", "name": "The second"}]}
HOOKS: dict[str, Any] = {"enabled": True, "token": HOOK_TOKEN, "presets": ["gmail"]}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}, agents=AGENTS, hooks=HOOKS), command=WITH_AGENTS) as running:
        yield running


@pytest.fixture
def client(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, headers=gateway.headers, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def nobody(gateway: Gateway) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=gateway.base_url, timeout=PATIENCE) as client:
        yield client


@pytest.fixture
def hooks(gateway: Gateway) -> Iterator[httpx.Client]:
    headers = {"authorization": f"Bearer {HOOK_TOKEN}"}
    with httpx.Client(base_url=gateway.base_url, headers=headers, timeout=PATIENCE) as client:
        yield client
