"""Seals: what one vendor made travels through another's protocol and back, and is never taken for anything else."""

from __future__ import annotations

import base64

import orjson
import pytest

from crawdad.core.parts import ThinkingPart
from crawdad.wire.seals import has_seals, seal, seal_id, thinking_fields, thinking_part, unseal, unseal_id


@pytest.mark.parametrize(
    "part",
    [
        ThinkingPart("t", signature="s+/=", origin="anthropic-messages"),
        ThinkingPart("", encrypted="e", redacted=True, origin="anthropic-messages"),
        ThinkingPart("sum", encrypted="e", summary=True, id="rs_1", origin="openai-responses"),
        ThinkingPart("t", encrypted="e", id="r", origin="openai-chat", format="openai-responses-v1"),
    ],
)
def test_a_thought_comes_back_as_it_was(part: ThinkingPart) -> None:
    fields = unseal(seal(thinking_fields(part)))
    assert fields is not None
    assert thinking_part(fields, part.text) == part


def test_ids_carry_signatures() -> None:
    sealed = seal_id("call_1", "gemini", "CiQ+/w==")
    assert unseal_id(sealed) == ("call_1", "gemini", "CiQ+/w==")
    assert unseal_id("call_1") == ("call_1", "", None)
    assert unseal_id(seal_id("", "gemini", "s"))[0] == ""


@pytest.mark.parametrize("token", ["", "abc", "Y3Jhd2RhZDE6", "Y3Jhd2RhZDE6!!", base64.b64encode(b"other").decode()])
def test_what_is_not_ours_stays_closed(token: str) -> None:
    assert unseal(token) is None
    assert unseal_id("x_cs_" + token)[2] is None


def test_a_body_that_holds_seals_is_known() -> None:
    """In either alphabet of base64, as Google's SDK changes from one to the other."""
    token = seal({"p": "anthropic-messages", "sig": "??>>"})
    assert has_seals(orjson.dumps({"signature": token}))
    assert has_seals(orjson.dumps({"thoughtSignature": token.replace("+", "-").replace("/", "_")}))
    assert has_seals(orjson.dumps({"id": seal_id("call_1", "gemini", "s")}))
    assert not has_seals(b'{"messages":[{"role":"user","content":"a_cs_b crawdad1:"}]}')
