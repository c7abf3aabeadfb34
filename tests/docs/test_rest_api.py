"""The table of routes of the REST interface is that of the contract, in both languages; the examples run."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import fields
from typing import Any
from unittest.mock import MagicMock

import orjson
import pytest

from crawdad.api.guide.context import Guide
from crawdad.api.guide.contract import guide_contract
from crawdad.api.management.application import make_application
from tests.docs.pages import Block, blocks, pages
from tests.docs.test_examples import pointed_at
from tests.support.scripted_runs import REST
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

PAGES = ("docs/rest-api.md", "docs/rest-api.zh-CN.md")
_ROW = re.compile(r"^\| `((?:[A-Z]+ )+)(/\S+)` \|", re.MULTILINE)


def routes() -> set[tuple[str, str]]:
    guide: Any = Guide(**{field.name: MagicMock() for field in fields(Guide)})
    paths: dict[str, Any] = make_application([guide_contract(guide)]).openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods if "/cron/" not in path}


@pytest.mark.parametrize("page", PAGES)
def test_every_route_is_in_the_table_and_no_other(page: str) -> None:
    listed = {(method, path) for methods, path in _ROW.findall(pages()[page]) for method in methods.split()}
    assert listed == routes()


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}), command=REST) as running:
        yield running


@pytest.mark.parametrize("block", blocks("sh", *PAGES), ids=lambda block: block.page)
def test_the_examples_run(gateway: Gateway, block: Block) -> None:
    for command in pointed_at(gateway, block.text).replace("\\\n", "").strip().splitlines():
        finished = subprocess.run(
            ["sh", "-c", command.replace("curl ", "curl -sS ", 1)], capture_output=True, timeout=PATIENCE
        )
        body = orjson.loads(finished.stdout)
        assert body["success"] is True and body["message"]["role"] == "assistant", body
