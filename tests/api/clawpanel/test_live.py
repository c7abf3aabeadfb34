"""`/ws` and tickets: clawpanel.md §2.1, §8 (10, 16) and the 13th of §9."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from websockets.exceptions import InvalidStatus

from tests.api.clawpanel.listening import Listener, logged
from tests.api.clawpanel.panel import Panel
from tests.support.moved_clock import MovedClock
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE

OTHER = "cd-another-token-0123456789abcdef"


def refused(panel: Panel, query: str, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    with pytest.raises(InvalidStatus) as caught, Listener(panel.gateway, query, headers):
        pass
    response = caught.value.response
    body = response.body or b""
    return response.status_code, orjson.loads(body) if body.startswith(b"{") else None


def say(panel: Panel, summary: str) -> None:
    answer = httpx.post(panel.gateway.base_url + "/api/events/log", json={"summary": summary}, timeout=PATIENCE)
    assert answer.status_code == 200, answer.text


def ticket(panel: Panel, path: str = "/ws") -> str:
    answer = panel.ask("POST", "/api/auth/ticket", {"path": path})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    found = answer.json()
    assert (found["ok"], found["expiresIn"]) == (True, 60)
    return str(found["ticket"])


def test_an_entry_is_told_once_and_nothing_is_told_on_connect(panel: Panel) -> None:
    panel.get("/api/events")  # the line of the sign-in stands
    with (
        Listener(panel.gateway, f"?token={panel.token}") as one,
        Listener(panel.gateway, f"?token={panel.token}") as two,
    ):
        say(panel, "told once")
        say(panel, "the next")
        for listener in (one, two):
            listener.until(logged("the next"))
            assert [frame["type"] for frame in listener.frames] == ["log-entry", "log-entry"]
            assert [frame["data"]["summary"] for frame in listener.frames] == ["told once", "the next"]
        shown = panel.get("/api/events", limit=2)["entries"]
        assert [frame["data"] for frame in reversed(one.frames)] == shown, "as the log has it"


def test_what_a_panel_says_is_let_pass(panel: Panel) -> None:
    with Listener(panel.gateway, f"?token={panel.token}") as listener:
        listener.socket.send("hello")
        listener.socket.send(b"\x00\x01")
        assert listener.socket.ping().wait(PATIENCE)
        say(panel, "still here")
        listener.until(logged("still here"))


@pytest.mark.parametrize(
    ("query", "words"),
    [("", "No token"), ("?token=", "No token"), ("?token=junk", "Invalid token"), ("?ticket=cdt_x", "Invalid token")],
)
def test_without_a_token_there_is_no_upgrade(panel: Panel, query: str, words: str) -> None:
    status, body = refused(panel, query)
    assert (status, body["ok"], body["error"]) == (401, False, words)


def test_a_key_for_models_hears_nothing_and_the_gateways_own_token_does(panel: Panel) -> None:
    key = panel.ask("POST", "/api/keys", {"name": "m"}, headers={"x-admin-token": panel.gateway.token}).json()["key"]
    assert refused(panel, f"?token={key}")[0] == 403
    with Listener(panel.gateway, "", {"authorization": f"Bearer {panel.gateway.token}"}) as listener:
        say(panel, "by a header")
        listener.until(logged("by a header"))


def test_a_page_of_another_site_is_not_let_in(panel: Panel) -> None:
    status, _ = refused(panel, f"?token={panel.token}", {"origin": "https://evil.example"})
    assert status == 403
    with Listener(panel.gateway, f"?token={panel.token}", {"origin": panel.gateway.base_url}) as listener:
        say(panel, "its own page")
        listener.until(logged("its own page"))


def test_other_paths_are_answered_and_closed(panel: Panel) -> None:
    with socket.create_connection(("127.0.0.1", panel.gateway.port), timeout=PATIENCE) as raw:
        raw.sendall(
            b"GET /ws/more HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 4")


def test_a_ticket_opens_its_path_once(panel: Panel) -> None:
    made = ticket(panel)
    assert refused(panel, f"?ticket={ticket(panel, '/api/workspace/download')}")[0] == 401, "it is for another path"
    with Listener(panel.gateway, f"?ticket={made}") as listener:
        say(panel, "by a ticket")
        listener.until(logged("by a ticket"))
    assert refused(panel, f"?ticket={made}")[0] == 401, "it is used up"
    assert (
        panel.ask(
            "GET", f"/api/status?ticket={ticket(panel, '/api/status')}", headers={"authorization": ""}
        ).status_code
        == 401
    )


@pytest.mark.parametrize("body", [{}, {"path": 5}, {"path": "ws"}, {"path": "/ws?x"}, {"path": "/" + "x" * 600}])
def test_a_ticket_is_for_a_path(panel: Panel, body: dict[str, Any]) -> None:
    answer = panel.ask("POST", "/api/auth/ticket", body)
    assert (answer.status_code, answer.json()["ok"]) == (400, False)


def test_a_ticket_is_given_to_those_who_signed_in(panel: Panel) -> None:
    answer = httpx.post(panel.gateway.base_url + "/api/auth/ticket", json={"path": "/ws"}, timeout=PATIENCE)
    assert (answer.status_code, answer.json()["error"]) == (401, "No token")


def test_neither_tokens_nor_tickets_reach_the_log(panel: Panel) -> None:
    made = ticket(panel)
    refused(panel, f"?token={panel.token}x")
    panel.ask("GET", f"/api/workspace/nothing?token={panel.token}")
    with Listener(panel.gateway, f"?ticket={made}"):
        pass
    log = panel.gateway.log()
    assert panel.token not in log and made not in log
    shown = str(panel.get("/api/events", limit=1000))
    assert panel.token not in shown and made not in shown


def test_a_changed_password_closes_live_sockets_and_ends_tickets() -> None:
    with running_gateway(settings({}, gateway={"auth": {"adminToken": OTHER}})) as gateway:
        panel = Panel(gateway, OTHER)
        made = ticket(panel)
        with (
            Listener(gateway, f"?token={panel.token}") as listener,
            Listener(gateway, f"?ticket={ticket(panel)}") as other,
        ):
            gateway.write_config(settings({}, gateway={"auth": {"adminToken": f"{OTHER}-new"}}))
            assert listener.closed() == 4401
            assert other.closed() == 4401
        assert refused(panel, f"?token={panel.token}")[0] == 401
        assert refused(panel, f"?ticket={made}")[0] == 401
        panel.close()


def test_a_revoked_key_closes_its_sockets_and_one_that_stops_says_so(panel: Panel) -> None:
    with running_gateway(settings({})) as gateway:
        signed_in = Panel(gateway)
        body = {"name": "watcher", "permissions": ["logs.read", "system.read"]}
        made = signed_in.ask("POST", "/api/keys", body, headers={"x-admin-token": gateway.token}).json()
        with Listener(gateway, "", {"authorization": f"Bearer {made['key']}"}) as listener:
            say(signed_in, "for the watcher")
            listener.until(logged("for the watcher"))
            gone = signed_in.ask("DELETE", f"/api/keys/{made['id']}", headers={"x-admin-token": gateway.token})
            assert gone.status_code < 300, gone.text
            assert listener.closed() == 4401
        with Listener(gateway, f"?token={signed_in.token}") as listener:
            gateway.stop()
            assert listener.closed() == 1012
        signed_in.close()


def test_a_panel_that_does_not_read_is_let_go_and_the_others_hear_all() -> None:
    with running_gateway(settings({})) as gateway:
        panel = Panel(gateway)
        with socket.create_connection(("127.0.0.1", gateway.port), timeout=PATIENCE) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(
                f"GET /ws?token={panel.token} HTTP/1.1\r\nHost: 127.0.0.1:{gateway.port}\r\nConnection: Upgrade\r\n"
                "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
                "".encode()
            )
            assert slow.recv(32).startswith(b"HTTP/1.1 101")
            with Listener(gateway, f"?token={panel.token}") as listener:
                for number in range(100):
                    body = {"summary": f"entry {number}", "detail": "x" * 16_000}
                    assert panel.ask("POST", "/api/events/log", body).status_code == 200
                listener.until(logged("entry 99"))
                assert len([one for one in listener.of("log-entry") if one["summary"].startswith("entry")]) == 100
        panel.close()


def test_a_token_that_is_over_closes_its_socket_and_a_ticket_holds_for_a_minute(tmp_path: Path) -> None:
    with (
        MovedClock(tmp_path / "clock") as clock,
        running_gateway(settings({}), env=clock.environment, command=clock.command) as gateway,
    ):
        panel = Panel(gateway)
        late = ticket(panel)
        with Listener(gateway, f"?token={panel.token}") as listener:
            clock.advance(61)
            assert refused(panel, f"?ticket={late}")[0] == 401
            say(panel, "a minute later")
            listener.until(logged("a minute later"))
            clock.advance(7 * 86_400)
            assert listener.closed() == 4401
        panel.close()
