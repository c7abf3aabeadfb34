"""The log's routes over a running server, as the contract and its facts describe them (§1.4.7, §4, A.9, B.8)."""

from __future__ import annotations

import csv
import http.client
import io
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from crawdad.core.identity import Permission
from tests.api.opsclaw.administrator import ADMIN, Administrator
from tests.attacks.keys import new_key
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

CONTRACT = {
    *("id", "timestamp", "method", "url", "status", "duration", "model", "mapped_model", "account_email", "error"),
    *("request_body", "response_body", "input_tokens", "output_tokens", "protocol"),
}


def test_an_entry_has_the_shape_of_the_contract(fresh: Administrator) -> None:
    before = time.time() * 1000
    fresh.talk("chat", "chat/story:hello")
    (entry,) = fresh.get("/api/logs", limit=2, offset=0, filter="chat", errorsOnly="false")
    assert entry.keys() >= CONTRACT
    took = time.time() * 1000 - before
    assert before - 1000 < entry["timestamp"] <= before + took and isinstance(entry["timestamp"], int)
    assert isinstance(entry["duration"], int) and 0 <= entry["duration"] <= took + 1
    told = {name: entry[name] for name in CONTRACT - {"id", "timestamp", "duration"}}
    assert told == {
        "method": "POST",
        "url": "/v1/chat/completions",
        "status": 200,
        "model": "chat/story:hello",
        "mapped_model": "story:hello",
        "account_email": None,
        "error": None,
        "request_body": None,
        "response_body": None,
        "input_tokens": 25,
        "output_tokens": 12,
        "protocol": "openai",
    }


@pytest.mark.parametrize(
    ("client", "protocol", "url"),
    [
        ("chat", "openai", "/v1/chat/completions"),
        ("responses", "openai", "/v1/responses"),
        ("anthropic", "anthropic", "/v1/messages"),
        ("gemini", "gemini", "/v1beta/models/chat/story:hello:streamGenerateContent?alt=sse"),
    ],
)
def test_every_protocol_is_logged(fresh: Administrator, client: Any, protocol: str, url: str) -> None:
    fresh.talk(client, "chat/story:hello", stream=True)
    (entry,) = fresh.get("/api/logs", protocol=protocol)
    assert (entry["protocol"], entry["url"], entry["stream"]) == (protocol, url, True)
    assert (entry["input_tokens"], entry["output_tokens"]) == (25, 12)
    assert fresh.get("/api/logs", protocol="gemini" if protocol != "gemini" else "openai") == []


def test_tokens_of_anthropics_protocol_leave_out_the_cache(fresh: Administrator) -> None:
    fresh.talk("anthropic", "anthropic/story:cached")
    fresh.talk("chat", "anthropic/story:cached")
    newest, oldest = fresh.get("/api/logs")
    assert (oldest["input_tokens"], oldest["cache_read_tokens"], oldest["cache_write_tokens"]) == (400, 4000, 600)
    assert newest["input_tokens"] == 5000


def test_the_list_is_a_bare_array_newest_first(fresh: Administrator) -> None:
    for name in ("hello", "echo", "system"):
        fresh.talk("chat", f"chat/story:{name}")
    models = [entry["model"] for entry in fresh.get("/api/logs")]
    assert models == ["chat/story:system", "chat/story:echo", "chat/story:hello"]
    assert [entry["model"] for entry in fresh.get("/api/logs", limit=1, offset=1)] == ["chat/story:echo"]
    assert fresh.get("/api/logs", limit=0) == []
    assert fresh.get("/api/logs", offset=3) == []
    assert len(fresh.get("/api/logs", limit=10**12)) == 3
    assert fresh.get("/api/logs/count") == 3


def test_an_envelope_holds_the_total_and_a_cursor(fresh: Administrator) -> None:
    for name in ("hello", "echo", "system"):
        fresh.talk("chat", f"chat/story:{name}")
    first = fresh.get("/api/logs", envelope=1, limit=2)
    assert first["total"] == 3 and len(first["logs"]) == 2
    fresh.talk("chat", "chat/story:hello")
    second = fresh.get("/api/logs", envelope="true", limit=2, cursor=first["cursor"])
    assert [entry["model"] for entry in second["logs"]] == ["chat/story:hello"] and second["cursor"] is None
    assert fresh.ask("GET", "/api/logs", cursor="bm9uc2Vuc2U").status == 400


def test_all_words_of_a_filter_must_be_found(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    fresh.talk("anthropic", "chat/story:echo")
    fresh.talk("chat", "faulty/fault:status,code=429")

    def urls(**query: Any) -> list[str]:
        found = [f"{entry['url']} {entry['model']}" for entry in fresh.get("/api/logs", **query)]
        assert fresh.get("/api/logs/count", **query) == len(found)
        return found

    assert len(urls(filter="")) == 3
    assert urls(filter="MESSAGES") == ["/v1/messages chat/story:echo"]
    assert urls(filter="post story:hello") == ["/v1/chat/completions chat/story:hello"]
    assert urls(filter="429") == ["/v1/chat/completions faulty/fault:status,code=429"]
    assert urls(filter="200 story") == ["/v1/messages chat/story:echo", "/v1/chat/completions chat/story:hello"]
    assert urls(filter="messages story:hello") == []


@pytest.mark.parametrize("text", ["%", "_", "%%%", "c%t", "story_hello", "\\", "/%", "' OR 1=1 --"])
def test_wildcards_are_taken_literally(fresh: Administrator, text: str) -> None:
    """Attack 26."""
    fresh.talk("chat", "chat/story:hello")
    assert fresh.get("/api/logs", filter=text) == []
    assert fresh.get("/api/logs/count", filter=text) == 0


def test_errors_alone_and_together_with_a_filter(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    fresh.talk("chat", "faulty/fault:status,code=429")
    fresh.talk("anthropic", "faulty/fault:status,code=400")
    assert [entry["status"] for entry in fresh.get("/api/logs", errorsOnly="true")] == [400, 429]
    assert [entry["status"] for entry in fresh.get("/api/logs", errorsOnly="1", filter="messages")] == [400]
    assert fresh.get("/api/logs/count", errorsOnly="true") == 2
    assert fresh.get("/api/logs/count", errorsOnly="true", filter="chat") == 1
    assert all(entry["error"] for entry in fresh.get("/api/logs", errorsOnly="true"))
    assert fresh.get("/api/proxy/stats") == {
        "total_requests": 3,
        "success_count": 1,
        "error_count": 2,
        "monitoring": True,
    }


def test_narrower_questions(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    fresh.talk("chat", "anthropic/story:echo")
    whole = fresh.get("/api/logs")
    newest, oldest = whole
    assert fresh.get("/api/logs", model="anthropic/story:echo") == [newest]
    assert fresh.get("/api/logs", provider="chat") == [oldest]
    assert fresh.get("/api/logs", status=200) == whole and fresh.get("/api/logs", status=500) == []
    assert fresh.get("/api/logs", key="token") == whole and fresh.get("/api/logs", key="nobody") == []
    assert fresh.get("/api/logs", since=oldest["timestamp"] + 1) in ([newest], whole)  # they may share a millisecond
    assert fresh.get("/api/logs", until=oldest["timestamp"]) == []
    assert fresh.get("/api/logs", until=int(time.time()) + 10, since=int(time.time()) - 60) == whole
    assert fresh.get("/api/logs", account="nobody@example.org") == []


@pytest.mark.parametrize(
    "query",
    [
        {"limit": -1},
        {"limit": "many"},
        {"offset": -1},
        {"offset": 10**30},
        {"errorsOnly": "maybe"},
        {"envelope": "2"},
        {"cursor": "%00"},
        {"protocol": "smtp"},
        {"status": 10**20},
        {"filter": "x" * 501},
        {"filter": "\x00"},
        {"since": "yesterday"},
        {"since": 10**40},
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(administrator: Administrator, query: dict[str, Any]) -> None:
    answer = administrator.ask("GET", "/api/logs", **query)
    assert answer.status == 400 and answer.json["error"], answer


def test_one_entry_has_its_bodies(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello", text="Wie geht es dir? 你好")
    (entry,) = fresh.get("/api/logs")
    detail = fresh.get(f"/api/logs/{entry['id']}")
    assert detail.keys() > entry.keys()
    assert orjson.loads(detail["request_body"])["messages"][0]["content"] == "Wie geht es dir? 你好"
    answer = orjson.loads(detail["response_body"])
    assert answer["choices"][0]["message"]["content"].startswith("Hello! I am a scripted model.")
    assert (detail["request_truncated"], detail["response_truncated"]) == (False, False)
    assert [(attempt["provider"], attempt["status"]) for attempt in detail["attempts"]] == [("chat", 200)]


def test_an_unknown_entry_is_a_404(administrator: Administrator) -> None:
    for name in ("nothing", "a" * 3000, "%00", "..%2f..%2fetc", "'%20OR%20'1'='1"):
        answer = administrator.ask("GET", f"/api/logs/{name}")
        assert answer.status == 404 and answer.json["error"], (name, answer)


def test_clearing_the_log_leaves_the_statistics(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    (entry,) = fresh.get("/api/logs")
    answer = fresh.ask("POST", "/api/logs/clear")
    assert (answer.status, answer.body) == (200, b"")
    assert fresh.get("/api/logs") == [] and fresh.get("/api/logs/count") == 0
    assert fresh.get("/api/proxy/stats")["total_requests"] == 0
    assert fresh.ask("GET", f"/api/logs/{entry['id']}").status == 404
    assert fresh.get("/api/stats/token/summary")["total_requests"] == 1


def test_a_request_refused_at_the_door_is_logged_and_belongs_to_nobody(fresh: Administrator) -> None:
    assert fresh.talk("chat", "chat/story:hello", {"authorization": "Bearer wrong-key-123456"}).status == 401
    (entry,) = fresh.get("/api/logs")
    assert (entry["status"], entry["url"], entry["model"]) == (401, "/v1/chat/completions", None)
    assert entry["input_tokens"] is None and entry["username"] is None
    assert fresh.get("/api/stats/token/summary")["failed_requests"] == 0


def test_a_flood_of_wrong_keys_writes_few_rows(fresh: Administrator) -> None:
    """Attack 12."""
    for number in range(60):
        fresh.talk("chat", "chat/story:hello", {"authorization": f"Bearer wrong-key-{number:08d}"})
    assert fresh.get("/api/logs/count") <= 21


def test_the_file_formats_of_an_export(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    fresh.talk("chat", "faulty/fault:status,code=429")
    (failed, fine) = fresh.get("/api/logs")
    document = fresh.ask("GET", "/api/logs/export", format="json")
    assert [entry["id"] for entry in document.json] == [failed["id"], fine["id"]]
    assert "attachment" in document.headers["content-disposition"]
    lines = fresh.ask("GET", "/api/logs/export", format="jsonl", errorsOnly="true").body.splitlines()
    assert [orjson.loads(line)["id"] for line in lines] == [failed["id"]]
    table = fresh.ask("GET", "/api/logs/export")
    assert table.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(table.body.decode())))
    assert [row["id"] for row in rows] == [failed["id"], fine["id"]]
    assert rows[1]["input_tokens"] == "25" and rows[1]["error"] == "" and rows[1]["stream"] == "false"
    assert fresh.ask("GET", "/api/logs/export", format="xlsx").status == 400


@pytest.mark.parametrize("name", ["=1+1", "+cmd", "-2", "@SUM(A1)", "=cmd|' /C calc'!A0", " =HYPERLINK(1)"])
def test_an_export_holds_no_formulas(fresh: Administrator, name: str) -> None:
    """Attack 26: the model's name is whatever a client says."""
    fresh.talk("chat", name)
    rows = list(csv.DictReader(io.StringIO(fresh.ask("GET", "/api/logs/export").body.decode())))
    assert [row["model"] for row in rows] == [f"'{name}"]


def many_rows(gateway: Gateway, count: int) -> None:
    """The only row of the log so many times more."""
    with closing(sqlite3.connect(gateway.home / "crawdad.db", timeout=10)) as database, database:
        names = [row[1] for row in database.execute("PRAGMA table_info(exchanges)") if row[1] not in ("id", "number")]
        database.execute(
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) "
            f"INSERT INTO exchanges (id, {', '.join(names)}) "
            f"SELECT printf('%032x', i), {', '.join(names)} FROM n, (SELECT * FROM exchanges LIMIT 1)"
        )


@pytest.mark.parametrize("form", ["csv", "json"])
def test_an_export_that_a_shutdown_cuts_off_does_not_look_whole(form: str, tmp_path: Path) -> None:
    config = settings({}, gateway={"drainSeconds": 1, "auth": {"adminToken": ADMIN}})
    with running_gateway(config, home=tmp_path) as gateway:
        admin = Administrator(gateway)
        admin.talk("chat", "crawdad/demo", {**gateway.headers, "user-agent": "x" * 800})
        assert admin.get("/api/logs/count") == 1
        many_rows(gateway, 16_000)  # more than the sockets in between hold
        with admin.open("GET", "/api/logs/export", format=form) as answer:
            assert answer.status == 200 and answer.getheader("transfer-encoding") == "chunked"
            assert answer.read(100)
            gateway.stop()  # nobody reads meanwhile
            with pytest.raises(http.client.IncompleteRead):
                answer.read()


def test_an_export_of_many_pages_is_whole_though_the_gateway_drains(tmp_path: Path) -> None:
    config = settings({}, gateway={"drainSeconds": PATIENCE - 10, "auth": {"adminToken": ADMIN}})
    with running_gateway(config, home=tmp_path) as gateway:
        admin = Administrator(gateway)
        admin.talk("chat", "crawdad/demo")
        assert admin.get("/api/logs/count") == 1
        many_rows(gateway, 5_000)
        with admin.open("GET", "/api/logs/export", format="json") as answer, ThreadPoolExecutor(1) as pool:
            first = answer.read(100)
            stopping = pool.submit(gateway.stop)
            eventually(lambda: not _answers(gateway), "the gateway to take nothing more")
            found = orjson.loads(first + answer.read())
            assert stopping.result() == 0
        assert len({entry["id"] for entry in found}) == 5_001


def _answers(gateway: Gateway) -> bool:
    try:
        return Administrator(gateway).ask("GET", "/api/logs/count").status == 200
    except (OSError, http.client.HTTPException):
        return False


def test_who_may_look(administrator: Administrator) -> None:
    gateway = administrator.gateway
    paths = ("/api/logs", "/api/logs/count", "/api/logs/x", "/api/logs/export", "/api/logs/stream", "/api/proxy/stats")
    for headers in ({}, gateway.headers, {"authorization": "Bearer wrong"}):
        for path in paths:
            answer = administrator.ask("GET", path, headers=headers)
            assert answer.status == 401 and answer.json["error"], path
        for path in ("/api/logs/clear", "/api/proxy/monitor/toggle"):
            assert administrator.ask("POST", path, {"enabled": True}, headers=headers).status == 401


async def test_a_key_sees_what_was_done_with_it_and_no_more(fresh: Administrator) -> None:
    """Attacks 21 and 22."""
    rights = frozenset({Permission.MODELS_USE, Permission.USAGE_OWN})
    mine = await new_key(fresh.gateway, permissions=rights)
    other = await new_key(fresh.gateway, permissions=frozenset({Permission.MODELS_USE, Permission.SYSTEM_READ}))
    fresh.talk("chat", "chat/story:hello", mine.headers)
    fresh.talk("chat", "faulty/fault:status,code=429", mine.headers)
    fresh.talk("chat", "chat/story:echo")
    me = Administrator(fresh.gateway, mine.headers)
    theirs = next(entry for entry in fresh.get("/api/logs") if entry["key_id"] == "token")
    assert {entry["key_id"] for entry in me.get("/api/logs")} == {mine.id}
    assert me.get("/api/logs/count") == 2 and me.get("/api/logs/count", filter="echo") == 0
    assert me.get("/api/logs", key="token") == []
    assert me.get("/api/proxy/stats")["total_requests"] == 2
    refused, unknown = me.ask("GET", f"/api/logs/{theirs['id']}"), me.ask("GET", "/api/logs/" + "0" * 32)
    assert refused.status == unknown.status == 404
    assert refused.json["error"].replace(theirs["id"], "0" * 32) == unknown.json["error"]
    assert theirs["id"] not in me.ask("GET", "/api/logs/export").body.decode()
    assert me.ask("POST", "/api/logs/clear").status == 403
    assert me.ask("POST", "/api/proxy/monitor/toggle", {"enabled": False}).status == 403
    assert Administrator(fresh.gateway, other.headers).ask("GET", "/api/logs").status == 403


def test_the_log_survives_a_restart(fresh: Administrator) -> None:
    fresh.talk("chat", "chat/story:hello")
    before = fresh.get("/api/logs")
    fresh.gateway.kill()
    fresh.gateway.start()
    fresh.talk("chat", "chat/story:echo")
    assert fresh.get("/api/logs")[1:] == before
    assert fresh.get("/api/logs/count") == fresh.get("/api/stats/token/summary")["total_requests"] == 2
