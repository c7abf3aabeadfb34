"""End users' ids: what vendors take goes through, the rest becomes a digest of itself."""

from __future__ import annotations

import pytest

from crawdad.core.parts import Message, TextPart
from crawdad.core.request import ModelRequest
from crawdad.wire import codecs
from crawdad.wire.end_users import vendor_user
from crawdad.wire.profile import DEFAULT


@pytest.mark.parametrize("user", ["u-1", "a" * 64, "团队/42", "session_0123"])
def test_what_fits_stays(user: str) -> None:
    assert vendor_user(user, 64) == user


@pytest.mark.parametrize("user", ["a" * 65, "ada@example.org", "+49 30 1234567", "0301234567"])
def test_what_does_not_fit_becomes_a_digest(user: str) -> None:
    digest = vendor_user(user, 64)
    assert len(digest) == 64 and digest != user
    assert digest == vendor_user(user, 64) != vendor_user(user + "x", 64)


@pytest.mark.parametrize("protocol", ["openai-chat", "openai-responses", "anthropic-messages"])
def test_foreign_requests_carry_what_fits(protocol: str) -> None:
    """A coding agent's id of user, account and session is longer than OpenAI takes."""
    user = "user_" + "0123456789abcdef" * 20
    request = ModelRequest("m", [Message("user", [TextPart("hi")])], user=user, protocol="elsewhere")
    body = codecs.get(protocol).write_request(request, DEFAULT).body
    told = body["metadata"]["user_id"] if protocol == "anthropic-messages" else body["user"]
    assert told == vendor_user(user, 64)


def test_a_protocols_own_requests_keep_theirs() -> None:
    body = {"model": "m", "user": "ada@example.org", "messages": [{"role": "user", "content": "hi"}]}
    chat = codecs.get("openai-chat")
    assert chat.write_request(chat.read_request(body), DEFAULT).body["user"] == "ada@example.org"
