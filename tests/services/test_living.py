"""Who still lives, for work that goes on while nobody is at the door."""

from __future__ import annotations

from collections.abc import Mapping

from crawdad.core.identity import EVERYTHING, Principal
from crawdad.core.settings import GatewaySettings
from crawdad.services.identity import Door
from crawdad.services.identity.living import Living
from tests.support.services import ManualClock


def _living(gateway: Mapping[str, object], *principals: Principal) -> tuple[Living, ManualClock]:
    clock = ManualClock()
    door = Door(clock)
    door.replace({each.id: each for each in principals}, True)
    settings = GatewaySettings.model_validate(gateway)
    return Living(door, lambda: settings), clock


def test_keys_live_until_they_expire() -> None:
    living, clock = _living({}, Principal("a", "api_key"), Principal("b", "api_key", expires_at=1.0))
    assert living("a") is not None
    assert clock.now() > 1.0 and living("b") is None
    assert living("c") is None and living("local") is None


def test_whoever_is_vouched_for_lives_while_the_word_is_taken() -> None:
    proxied = {"auth": {"mode": "trusted-proxy", "trustedProxy": {"userHeader": "x-user", "allowUsers": ["ann"]}}}
    living, _ = _living(proxied)
    ann = living("proxy:ann")
    assert ann is not None and ann.permissions == EVERYTHING
    assert living("proxy:bob") is None and living("proxy:") is None and living("tailscale:ann") is None
    by_tailscale, _ = _living({"auth": {"mode": "token", "allowTailscale": True}})
    assert by_tailscale("tailscale:ann") is not None and by_tailscale("proxy:ann") is None
    assert _living({"auth": {"mode": "token", "allowTailscale": False}})[0]("tailscale:ann") is None
