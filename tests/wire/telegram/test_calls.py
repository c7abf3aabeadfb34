"""What is sent of a part."""

from __future__ import annotations

import pytest

from crawdad.core.channels import Chat, OutboundMessage
from crawdad.wire.telegram.calls import call_of, edit_of


@pytest.mark.parametrize("text", ["```js\n```", "[x]: https://a.example"])
def test_a_text_of_marks_alone_goes_as_it_stands(text: str) -> None:
    assert call_of(OutboundMessage("p1", Chat("direct", "5"), text), "5").params == {"chat_id": "5", "text": text}
    assert edit_of("5", "7", text).params["text"] == text


def test_all_else_goes_with_its_markup() -> None:
    params = call_of(OutboundMessage("p1", Chat("direct", "5"), "**a** < b"), "5").params
    assert params == {"chat_id": "5", "text": "<b>a</b> &lt; b", "parse_mode": "HTML"}
