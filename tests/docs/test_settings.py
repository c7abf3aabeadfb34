"""Every setting has words in both languages, and no words are left over."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from crawdad.core.catalogue import MESSAGES
from tests.docs.pages import ROOT


@pytest.fixture(scope="module")
def settings_document() -> ModuleType:
    spec = importlib.util.spec_from_file_location("settings_document", ROOT / "scripts/settings_document.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_setting_has_its_words(settings_document: ModuleType) -> None:
    wanted = {f"settings.{key.path}" for key in settings_document.every_key()}
    assert wanted == {key for key in MESSAGES if key.startswith("settings.")}


def test_words_are_in_two_languages() -> None:
    for key, (english, chinese) in MESSAGES.items():
        if not key.startswith(("settings.", "environment.")):
            continue
        assert english.endswith((".", ")")) and english != chinese, key
        assert any("\u4e00" <= character <= "\u9fff" for character in chinese), key


def test_what_waits_for_a_start_is_told(settings_document: ModuleType) -> None:
    at_start = {
        key.path
        for key in settings_document.every_key()
        if not key.is_section and not settings_document.applies_at_once(key.path)
    }
    assert at_start == {
        *("gateway.port", "gateway.bind", "gateway.extraPorts", "gateway.drainSeconds"),
        *("database.url", "cluster.url", "cluster.prefix"),
        *(
            f"telemetry.{name}"
            for name in ("enabled", "endpoint", "headers", "serviceName", "sampleRatio", "propagate")
        ),
    }
