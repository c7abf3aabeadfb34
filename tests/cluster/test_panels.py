"""Panels of two gateways on one PostgreSQL and one Redis: what happens in either is heard at both, and stands once."""

from __future__ import annotations

import pytest

from tests.api.clawpanel.listening import Listener, logged
from tests.api.clawpanel.panel import Panel
from tests.cluster.pair import Pair
from tests.simulators.onebot import OneBotSimulator
from tests.support.waiting import PATIENCE, eventually

pytestmark = [pytest.mark.postgres, pytest.mark.redis]


def test_what_is_pushed_at_one_is_heard_at_both_and_stands_once(pair: Pair) -> None:
    one, two = Panel(pair.first), Panel(pair.second)
    with Listener(pair.first, f"?token={one.token}") as here, Listener(pair.second, f"?token={one.token}") as there:
        assert one.ask("POST", "/api/events/log", {"summary": "from the first"}).status_code == 200
        assert two.ask("POST", "/api/events/log", {"summary": "from the second"}).status_code == 200
        for listener in (here, there):
            listener.until(logged("from the first"))
            listener.until(logged("from the second"))
        for panel in (one, two):
            found = panel.get("/api/events", search="from the")
            assert [entry["summary"] for entry in found["entries"]] == ["from the second", "from the first"]
    one.close()
    two.close()


def test_what_both_hear_of_is_one_line(pair: Pair) -> None:
    panel, other = Panel(pair.first), Panel(pair.second)
    with Listener(pair.second, f"?token={panel.token}") as listener:
        for path in ("/api/proxy/stop", "/api/proxy/start"):
            answer = panel.ask("POST", path, {}, headers=pair.first.headers)
            assert answer.status_code == 200, answer.text
        listener.until(logged("模型服务已停用"))
        listener.until(logged("模型服务已启用"))
        assert other.ask("POST", "/api/events/log", {"summary": "the end"}).status_code == 200
        listener.until(logged("the end"))
        assert other.get("/api/events", search="模型服务已停用")["total"] == 1
        told = [entry for entry in listener.of("log-entry") if "模型服务已停用" in entry["summary"]]
        assert len(told) == 1, told
    panel.close()
    other.close()


def test_their_keys_in_redis_are_their_own(pair: Pair, shared_redis: dict[str, str]) -> None:
    """Gateways with another database, which have another prefix, hear nothing of these."""
    from redis import Redis

    panel = Panel(pair.first)
    assert panel.ask("POST", "/api/events/log", {"summary": "for us alone"}).status_code == 200
    with Redis.from_url(shared_redis["CRAWDAD_CLUSTER_URL"], socket_timeout=PATIENCE) as redis:
        stream = f"{shared_redis['CRAWDAD_CLUSTER_PREFIX']}:bus"
        eventually(lambda: any(b"for us alone" in each[b"event"] for _, each in redis.xrange(stream)), "it to be told")
    panel.close()


def test_a_ticket_of_one_opens_the_other_once(pair: Pair) -> None:
    panel = Panel(pair.first)
    made = panel.ask("POST", "/api/auth/ticket", {"path": "/ws"}).json()["ticket"]
    with Listener(pair.second, f"?ticket={made}") as listener:
        assert panel.ask("POST", "/api/events/log", {"summary": "by a ticket"}).status_code == 200
        listener.until(logged("by a ticket"))
    with pytest.raises(Exception, match="401"), Listener(pair.first, f"?ticket={made}"):
        pass
    panel.close()


def test_the_status_is_the_same_whichever_is_asked(pair: Pair) -> None:
    one, two = Panel(pair.first), Panel(pair.second)
    with OneBotSimulator() as qq:
        for panel in (one, two):
            block = {"wsUrl": qq.url, "accessToken": qq.token, "enabled": True}
            assert panel.ask("PUT", "/api/openclaw/channels/qq", block).status_code == 200
        wanted = {"connected": True, "selfId": 10001, "nickname": "Claw", "groupCount": 1, "friendCount": 1}
        eventually(
            lambda: all(panel.get("/api/status")["napcat"] == wanted for panel in (one, two)),
            "both to show the account",
        )
        assert qq.connected == 1, "it runs in one of them alone"
        qq.stop_listening()
        eventually(
            lambda: all(panel.get("/api/status")["napcat"]["connected"] is False for panel in (one, two)),
            "both to show that the link is down",
        )
        for panel in (one, two):
            assert panel.get("/api/status")["napcat"]["selfId"] == 10001, "the last one known"
            assert panel.ask("PUT", "/api/openclaw/channels/qq", {"enabled": False}).status_code == 200
    one.close()
    two.close()
