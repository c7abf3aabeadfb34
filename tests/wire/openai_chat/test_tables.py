"""Tables are total, profiles are consistent, hosts are recognised."""

from __future__ import annotations

import pytest

from crawdad.wire.features import Feature, Treatment
from crawdad.wire.openai_chat import CODEC, HOSTS, NAME, PROFILES, profile_for
from crawdad.wire.openai_chat.support import support_for
from tests.support.goldens import needs_goldens
from tests.wire.openai_chat.recordings import GOLDENS


def test_the_support_table_is_total() -> None:
    assert CODEC.name == NAME == "openai-chat"
    assert set(CODEC.support) == set(Feature)


@pytest.mark.parametrize("name", PROFILES)
def test_every_profile_has_a_total_table(name: str) -> None:
    profile = PROFILES[name]
    assert profile.name == name
    table = support_for(profile)
    assert set(table) == set(Feature)
    if name == "openai":
        assert dict(table) == dict(CODEC.support)


def test_what_a_profile_lacks_shows_in_its_table() -> None:
    assert support_for(PROFILES["deepseek"])[Feature.DOCUMENT_DATA] is Treatment.REFUSED
    assert support_for(PROFILES["mistral"])[Feature.DOCUMENT_DATA] is Treatment.NATIVE
    assert support_for(PROFILES["deepseek"])[Feature.JSON_SCHEMA_OUTPUT] is Treatment.APPROXIMATED
    assert support_for(PROFILES["cerebras"])[Feature.PARALLEL_TOOL_CALLS] is Treatment.DROPPED
    assert support_for(PROFILES["qwen"])[Feature.REASONING_BUDGET] is Treatment.NATIVE
    assert support_for(PROFILES["nvidia"])[Feature.REASONING_EFFORT] is Treatment.APPROXIMATED


def test_hosts_name_profiles() -> None:
    assert set(HOSTS.values()) <= set(PROFILES)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.openai.com", "openai"),
        ("API.OpenAI.com:443", "openai"),
        ("contoso.openai.azure.com", "azure"),
        ("ark.cn-beijing.volces.com", "volcengine"),
        ("127.0.0.1:11434", "ollama"),
        ("localhost:1234", "lmstudio"),
        ("[::1]:8000", "vllm"),
        ("localhost:9", "compatible"),
        ("example.org", "compatible"),
        ("notopenai.com", "compatible"),
        ("com", "compatible"),
        ("", "compatible"),
    ],
)
def test_a_host_leads_to_its_profile(host: str, name: str) -> None:
    assert profile_for(host).name == name


@needs_goldens
def test_most_recorded_hosts_are_known() -> None:
    unknown = {golden.host for golden in GOLDENS if profile_for(golden.host).name == "compatible"}
    assert unknown <= {"localhost:8787"}
