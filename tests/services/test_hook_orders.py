"""What calls of hooks ask for."""

from __future__ import annotations

from crawdad.api.gateway.hooks import kept_key
from crawdad.services.hooks.orders import read_agent_order, wake_order


def test_texts_are_such_as_every_database_holds() -> None:
    assert wake_order({"text": "a\0b "}).text == "ab"
    order = read_agent_order({"message": "\0hi", "name": "\0", "to": 5})
    assert (order.message, order.name, order.to) == ("hi", "Hook", "")


def test_two_keys_stay_two_however_long_they_are() -> None:
    assert kept_key("delivery-1") == "delivery-1"
    one, two = kept_key("k" * 250 + "1"), kept_key("k" * 250 + "2")
    assert one != two and max(len(one), len(two)) < 100
    assert kept_key("a\0") != kept_key("a\1") and "\0" not in kept_key("a\0")
