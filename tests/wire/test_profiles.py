"""What is known of model families by their names."""

from __future__ import annotations

import pytest

from crawdad.core.parts import Message, TextPart
from crawdad.core.request import ModelRequest, Reasoning, Sampling
from crawdad.wire import codecs
from crawdad.wire.profile import DEFAULT
from crawdad.wire.profiles import model_profile


@pytest.mark.parametrize(
    ("model", "adaptive", "sampled"),
    [
        ("claude-3-5-haiku-latest", False, True),
        ("claude-sonnet-4-20250514", False, True),
        ("claude-opus-4-5-20251101", False, True),
        ("claude-haiku-4-5", False, True),
        ("anthropic/claude-opus-4-6", True, True),
        ("claude-sonnet-4-6", True, True),
        ("claude-opus-4-7", True, False),
        ("claude-opus-4-8-20260901", True, False),
        ("claude-sonnet-5", True, False),
        ("claude-opus-4-10", True, False),
        ("glm-5", True, True),
    ],
)
def test_claude_families(model: str, adaptive: bool, sampled: bool) -> None:
    """Newer models think adaptively only, and reject temperature, top_p and top_k."""
    profile = model_profile(DEFAULT, "anthropic-messages", model)
    request = ModelRequest(
        model, [Message("user", [TextPart("hi")])], sampling=Sampling(temperature=0.5, top_k=3), protocol="openai-chat"
    )
    written = codecs.get("anthropic-messages").write_request(request, profile)
    assert ("temperature" in written.body, "top_k" in written.body) == (sampled, sampled)
    assert any(note.startswith("temperature: dropped") for note in written.notes) is not sampled
    request.reasoning = Reasoning("low")
    thinking = codecs.get("anthropic-messages").write_request(request, profile).body["thinking"]
    assert thinking["type"] == ("adaptive" if adaptive else "enabled")


@pytest.mark.parametrize(
    ("model", "levels", "full"),
    [("gemini-1.5-pro", False, False), ("gemini-2.5-flash", False, True), ("gemini-3-pro-preview", True, True)],
)
def test_gemini_families(model: str, levels: bool, full: bool) -> None:
    profile = model_profile(DEFAULT, "gemini", model)
    assert (profile.thinking_levels, profile.json_schema_tools) == (levels, full)
