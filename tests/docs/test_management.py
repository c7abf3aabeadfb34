"""The table of management routes is that of the application, in both languages."""

from __future__ import annotations

import re
from dataclasses import fields
from typing import Any
from unittest.mock import MagicMock

import pytest

from crawdad.api.management.application import make_application
from crawdad.api.opsclaw.app_config import NO_EFFECT, read_config
from crawdad.api.opsclaw.app_config import Facts as ConfigFacts
from crawdad.api.opsclaw.context import OpsClaw
from crawdad.api.opsclaw.contract import opsclaw_contract
from tests.docs.pages import pages

PAGES = ("docs/management.md", "docs/management.zh-CN.md")
_ROW = re.compile(r"^\| `((?:[A-Z]+ )+)(/\S+)` \|", re.MULTILINE)


def routes() -> set[tuple[str, str]]:
    """Every route of the application, which documents itself without fault."""
    context = OpsClaw(**{field.name: MagicMock() for field in fields(OpsClaw)})
    paths: dict[str, Any] = make_application([opsclaw_contract(context)]).openapi()["paths"]
    return {(method.upper(), path) for path, methods in paths.items() for method in methods if path.startswith("/api/")}


@pytest.mark.parametrize("page", PAGES)
def test_every_route_is_in_the_table_and_no_other(page: str) -> None:
    listed = {(method, path) for methods, path in _ROW.findall(pages()[page]) for method in methods.split()}
    assert listed == routes()


@pytest.mark.parametrize("page", PAGES)
def test_every_key_of_the_configuration_is_explained(page: str) -> None:
    config = read_config(ConfigFacts({}, (), {}, running=True, auto_start=True))
    keys = [key for key in config if key != "proxy"] + [f"proxy.{key}" for key in config["proxy"]]
    text = pages()[page]
    assert [key for key in (*keys, *NO_EFFECT) if f"`{key}`" not in text] == []
