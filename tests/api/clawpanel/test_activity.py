"""The activity log: clawpanel.md §1.3, §8 (4) and the second of §9."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.server import running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

SECRET = "push-secret-0123456789"


def push(panel: Panel, body: Any, **headers: str) -> httpx.Response:
    return httpx.post(panel.gateway.base_url + "/api/events/log", json=body, headers=headers, timeout=PATIENCE)


def newest(panel: Panel, **query: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = panel.get("/api/events", **query)["entries"]
    return found


def test_a_program_on_this_machine_pushes_entries_and_they_are_read_newest_first(panel: Panel) -> None:
    answers = [push(panel, {"summary": f"s{number}", "extra": 1}).json() for number in (1, 2)]
    assert all(answer["ok"] is True and answer["id"] for answer in answers)
    page = panel.get("/api/events", limit=2)
    assert [entry["summary"] for entry in page["entries"]] == ["s2", "s1"]
    assert [entry["id"] for entry in page["entries"]] == [answers[1]["id"], answers[0]["id"]]
    assert page["total"] >= 2
    entry = page["entries"][0]
    assert set(entry) == {"id", "time", "source", "type", "summary"}
    assert (entry["source"], entry["type"]) == ("openclaw", "openclaw.action")
    assert isinstance(entry["time"], int) and entry["time"] > 1_700_000_000_000


def test_source_and_type_are_taken_and_strange_sources_are_not(panel: Panel) -> None:
    push(panel, {"summary": "from qq", "source": "qq", "type": "message.group", "detail": "All of it"})
    push(panel, {"summary": "<img src=x onerror=alert(1)>", "source": "<script>"})
    answer = panel.ask("GET", "/api/events", params={"limit": 1})
    told = answer.json()["entries"][0]
    assert (told["source"], told["summary"]) == ("openclaw", "<img src=x onerror=alert(1)>")
    assert answer.headers["content-type"].startswith("application/json"), "it is told as it is, and is never a page"
    assert answer.headers["x-content-type-options"] == "nosniff" and answer.headers["referrer-policy"] == "no-referrer"
    entry = newest(panel, source="qq", limit=1)[0]
    assert (entry["summary"], entry["type"], entry["detail"]) == ("from qq", "message.group", "All of it")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "summary"),
        ({"summary": ""}, "summary"),
        ({"summary": None}, "summary"),
        ({"summary": 5}, "summary"),
        ({"summary": {"a": 1}}, "summary"),
        ({"summary": "x", "source": 3}, "source"),
        ({"summary": "x", "type": ["y"]}, "type"),
        ({"summary": "x", "type": "no words"}, "type"),
        ({"summary": "x", "detail": {}}, "detail"),
    ],
)
def test_an_entry_of_another_type_is_refused(panel: Panel, body: dict[str, Any], param: str) -> None:
    before = panel.get("/api/events")["total"]
    answer = push(panel, body)
    assert (answer.status_code, answer.json()["ok"], answer.json()["param"]) == (400, False, param)
    if not body.get("summary"):
        assert answer.json()["error"] == "summary required"
    assert panel.get("/api/events")["total"] == before


def test_texts_are_cut_and_what_no_database_takes_is_replaced(panel: Panel) -> None:
    answer = push(panel, {"summary": "a\u0000b" + "x" * 5000, "detail": "y" * 50_000})
    assert answer.status_code == 200
    entry = newest(panel, limit=1)[0]
    assert entry["summary"].startswith("a\ufffdbx") and len(entry["summary"]) == 1000
    assert len(entry["detail"]) == 16_000


def test_they_are_searched_and_paged(panel: Panel) -> None:
    for number in range(5):
        push(panel, {"summary": f"Needle {number}", "detail": "IN THE HAY" if number == 3 else None})
    assert panel.get("/api/events", search="nEEdle")["total"] == 5
    assert [entry["summary"] for entry in newest(panel, search="in the hay")] == ["Needle 3"]
    page = panel.get("/api/events", search="needle", limit=2, offset=1)
    assert [entry["summary"] for entry in page["entries"]] == ["Needle 3", "Needle 2"]
    assert panel.get("/api/events", search="needle", source="qq")["total"] == 0
    assert panel.get("/api/events", search="100%_")["total"] == 0


@pytest.mark.parametrize("query", ["limit=0", "limit=NaN", "limit=-3", "offset=-2", "limit=99999999999999", "offset=x"])
def test_odd_numbers_do_no_harm(panel: Panel, query: str) -> None:
    answer = panel.ask("GET", f"/api/events?{query}")
    assert answer.status_code == 200
    assert answer.json()["entries"]


def test_a_repeated_search_does_no_harm(panel: Panel) -> None:
    answer = panel.ask("GET", "/api/events?search=needle&search=nothing-like-it")
    assert (answer.status_code, answer.json()["total"]) == (200, 0)


def test_clearing_takes_all_and_is_no_entry_itself(panel: Panel) -> None:
    push(panel, {"summary": "before"})
    assert panel.ask("POST", "/api/events/clear").json() == {"ok": True}
    assert panel.get("/api/events") == {"ok": True, "entries": [], "total": 0}
    push(panel, {"summary": "after"})
    assert [entry["summary"] for entry in newest(panel)] == ["after"]


def test_reading_and_clearing_need_their_rights(panel: Panel) -> None:
    key = panel.ask("POST", "/api/keys", {"name": "m"}, headers={"x-admin-token": panel.gateway.token}).json()["key"]
    for method, path in (("GET", "/api/events"), ("POST", "/api/events/clear")):
        assert httpx.request(method, panel.gateway.base_url + path, timeout=PATIENCE).status_code == 401
        answer = httpx.request(
            method, panel.gateway.base_url + path, headers={"authorization": f"Bearer {key}"}, timeout=PATIENCE
        )
        assert (answer.status_code, answer.json()["ok"]) == (403, False)


def test_sign_ins_and_failed_ones_have_their_lines(panel: Panel) -> None:
    panel.ask("POST", "/api/auth/login", {"token": "wrong"})
    panel.ask("POST", "/api/auth/login", {"token": panel.gateway.token})
    found = [entry["summary"] for entry in newest(panel, source="system", search="面板")]
    assert found[:2] == ["[系统] token 从 127.0.0.1 登录了面板", "[系统] 来自 127.0.0.1 的面板登录失败"]


def test_a_page_of_another_site_pushes_nothing_from_the_users_browser(panel: Panel) -> None:
    answer = push(panel, {"summary": "from a page"}, origin="https://evil.example")
    assert (answer.status_code, answer.json()["ok"]) == (403, False)
    assert push(panel, {"summary": "own page"}, origin=panel.gateway.base_url).status_code == 200


def test_from_elsewhere_it_takes_a_key_or_the_push_secret() -> None:
    """A proxy on this machine that is trusted says that somebody else asks."""
    config = settings(
        {}, gateway={"trustedProxies": ["127.0.0.1"]}, logging={"activity": {"pushSecret": SECRET}}, language="en"
    )
    with running_gateway(config) as gateway:
        panel = Panel(gateway)
        away = {"x-forwarded-for": "203.0.113.9"}
        answer = push(panel, {"summary": "x"}, **away)
        assert (answer.status_code, answer.json()["ok"]) == (401, False)
        assert push(panel, {"summary": "x"}, **{"x-forwarded-for": "127.0.0.1"}).status_code == 401, (
            "who knows who that is"
        )
        assert push(panel, {"summary": "x"}, **away, **{"x-event-token": "guess"}).status_code == 401
        assert push(panel, {"summary": "by secret"}, **away, **{"x-event-token": SECRET}).status_code == 200
        assert push(panel, {"summary": "by key"}, **away, authorization=f"Bearer {gateway.token}").status_code == 200
        assert push(panel, {"summary": "by token"}, **away, authorization=panel.token).status_code == 200
        assert push(panel, {"summary": "x"}, **away, authorization="Bearer wrong").status_code == 401
        assert [entry["summary"] for entry in newest(panel, source="openclaw")] == ["by token", "by key", "by secret"]
        assert "[系统] Crawdad " in newest(panel, search="has started")[0]["summary"], "the rest is in the language set"
        assert SECRET not in gateway.log()
        panel.close()


def test_what_was_acknowledged_survives_a_kill_and_a_flood_is_bounded() -> None:
    with running_gateway(settings({})) as gateway:
        panel = Panel(gateway)
        kept: list[str] = []

        def work(first: int) -> None:
            for number in range(first, first + 15):
                answer = push(panel, {"summary": f"flood {number}"})
                if answer.status_code == 200:
                    kept.append(answer.json()["id"])

        threads = [threading.Thread(target=work, args=(first,)) for first in range(0, 150, 15)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert len(kept) == 120, "a program that pushes without end is told to wait"
        gateway.kill()
        gateway.start()
        assert set(kept) <= {entry["id"] for entry in newest(panel, limit=1000)}
        gateway.stop()
        gateway.write_config(settings({}, logging={"activity": {"maxEntries": 100}}))
        gateway.start()
        eventually(lambda: 100 <= panel.get("/api/events")["total"] <= 105, "the oldest to be thrown away")
        panel.close()
