"""The switch of the model service over a running server: off, every model route says so in its own dialect, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests.api.opsclaw.asking import ADMIN, Client
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.upstreams.protocols import providers
from tests.support.upstreams.scripted import ScriptedUpstream
from tests.support.waiting import PATIENCE, eventually

MODEL = "crawdad/demo"
SAY = [{"role": "user", "content": "hi"}]
ROUTES: list[tuple[str, str, Any, tuple[str, ...]]] = [
    ("POST", "/v1/chat/completions", {"model": MODEL, "messages": SAY}, ("error", "message")),
    ("POST", "/v1/responses", {"model": MODEL, "input": "hi"}, ("error", "message")),
    ("POST", "/v1/completions", {"model": MODEL, "prompt": "hi"}, ("error", "message")),
    ("POST", "/v1/messages", {"model": MODEL, "messages": SAY, "max_tokens": 9}, ("error", "message")),
    ("POST", "/v1/messages/count_tokens", {"model": MODEL, "messages": SAY}, ("error", "message")),
    ("POST", "/v1/embeddings", {"model": MODEL, "input": "hi"}, ("error", "message")),
    ("POST", "/v1/images/generations", {"model": MODEL, "prompt": "hi"}, ("error", "message")),
    ("POST", f"/v1beta/models/{MODEL}:generateContent", {"contents": []}, ("error", "message")),
    ("POST", f"/v1beta/models/{MODEL}:streamGenerateContent", {"contents": []}, ("error", "message")),
    ("POST", "/v1/models/detect", {"model": MODEL}, ("error", "message")),
    ("GET", "/v1/models", None, ("error", "message")),
    ("GET", "/v1/models/claude", None, ("error", "message")),
    ("GET", "/v1beta/models", None, ("error", "message")),
    ("GET", "/v1/responses/resp_1", None, ("error", "message")),
    ("GET", "/v1/responses/resp_1/input_items", None, ("error", "message")),
    ("POST", "/v1/responses/resp_1/cancel", {}, ("error", "message")),
    ("DELETE", "/v1/responses/resp_1", None, ("error", "message")),
    ("GET", f"/v1/models/{MODEL}", None, ("error", "message")),
    ("POST", f"/v1/models/{MODEL}:generateContent", {"contents": []}, ("error", "message")),
    ("POST", "/v1/images/edits", {"model": MODEL, "prompt": "hi"}, ("error", "message")),
    ("POST", "/v1/audio/speech", {"model": MODEL, "input": "hi"}, ("error", "message")),
    ("POST", "/v1/audio/transcriptions", {"model": MODEL}, ("error", "message")),
    ("GET", f"/v1beta/models/{MODEL}", None, ("error", "message")),
    ("POST", f"/v1beta/models/{MODEL}:countTokens", {"contents": []}, ("error", "message")),
    ("POST", f"/v1beta/models/{MODEL}/countTokens", {"contents": []}, ("error", "message")),
    ("POST", f"/v1beta/models/{MODEL}:embedContent", {"content": {}}, ("error", "message")),
    ("POST", f"/v1beta/models/{MODEL}:batchEmbedContents", {"requests": []}, ("error", "message")),
    ("POST", f"/v1beta/models/{MODEL}:predict", {"instances": []}, ("error", "message")),
]


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({}), {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as found:
        yield found


@pytest.fixture
def admin(gateway: Gateway) -> Iterator[Client]:
    client = Client(gateway, ADMIN)
    yield client
    assert client.post("/api/proxy/start").status == 200


def test_status_is_the_union_of_what_clients_read(gateway: Gateway, admin: Client) -> None:
    told = admin.get("/api/proxy/status")
    assert told.status == 200 and told.body == {
        "running": True,
        "port": gateway.port,
        "base_url": gateway.base_url,
        "url": "",
        "active_accounts": 0,
        "auto_start": True,
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "words"), ROUTES, ids=[f"{route[0]} {route[1]}" for route in ROUTES]
)
def test_off_every_model_route_is_a_503_in_its_own_dialect(
    gateway: Gateway, admin: Client, method: str, path: str, body: Any, words: tuple[str, ...]
) -> None:
    assert admin.post("/api/proxy/stop", {"config": {}}).body == {"success": True, "running": False}
    told = Client(gateway, TOKEN, "x-api-key").ask(method, path, body)
    assert told.status == 503
    found = told.body
    for word in words:
        found = found[word]
    assert "switched off" in found
    if path.startswith("/v1/messages"):
        assert (told.body["type"] == "error" and told.body["error"]["type"] == "overloaded_error") or told.body[
            "error"
        ]["type"] == "api_error"
    if path.startswith("/v1beta"):
        assert told.body["error"]["code"] == 503 and told.body["error"]["status"] == "UNAVAILABLE"
    chinese = Client(gateway, TOKEN, "x-api-key").ask(method, path, body, {"accept-language": "zh-CN"})
    assert "模型服务已停止" in str(chinese.body)


def test_off_management_health_and_metrics_work(gateway: Gateway, admin: Client) -> None:
    admin.post("/api/proxy/stop")
    for path in ("/api/health", "/health", "/healthz", "/readyz", "/metrics", "/"):
        assert Client(gateway).get(path).status == 200
    assert admin.get("/api/proxy/status").body["running"] is False
    assert admin.get("/api/config").body["proxy"]["enabled"] is False
    assert Client(gateway).get("/api/nothing").status == 404


def test_what_is_refused_while_off_is_not_in_the_log(gateway: Gateway, admin: Client) -> None:
    """Facts §0.7: the service's state is looked at before anything is noted, and before who asks."""
    before = admin.get("/api/logs/count").body
    admin.post("/api/proxy/stop")
    body = {"model": MODEL, "messages": SAY}
    for token in (TOKEN, "wrong-0123456789"):
        assert Client(gateway, token, "x-api-key").post("/v1/chat/completions", body).status == 503
    assert admin.get("/api/logs/count").body == before
    admin.post("/api/proxy/start")
    assert Client(gateway, TOKEN, "x-api-key").post("/v1/chat/completions", body).status == 200
    assert admin.get("/api/logs/count").body == before + 1


def test_off_a_websocket_is_refused_and_an_open_one_takes_no_turn(gateway: Gateway, admin: Client) -> None:
    url, headers = f"ws://127.0.0.1:{gateway.port}/v1/responses", {"authorization": f"Bearer {TOKEN}"}
    create = '{"type":"response.create","model":"crawdad/demo","input":"hi"}'
    with connect(url, additional_headers=headers, open_timeout=PATIENCE) as socket:
        socket.send(create)
        while "response.completed" not in str(socket.recv(PATIENCE)):
            pass
        admin.post("/api/proxy/stop")
        with pytest.raises(InvalidStatus) as refused:
            connect(url, additional_headers=headers, open_timeout=PATIENCE)
        assert refused.value.response.status_code == 503 and b"switched off" in (refused.value.response.body or b"")
        socket.send(create)
        assert "switched off" in str(socket.recv(PATIENCE))
        admin.post("/api/proxy/start")
        socket.send(create)
        while "response.completed" not in str(socket.recv(PATIENCE)):
            pass


def test_switching_twice_is_the_same_and_many_at_once_agree(gateway: Gateway, admin: Client) -> None:
    for path, running in (("stop", False), ("stop", False), ("start", True), ("start", True)):
        assert admin.post(f"/api/proxy/{path}").body["running"] is running
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: admin.post("/api/proxy/stop").status, range(16)))
    assert told == [200] * 16 and admin.get("/api/proxy/status").body["running"] is False


def test_the_switch_is_for_administrators(gateway: Gateway, admin: Client) -> None:
    for client in (Client(gateway), Client(gateway, TOKEN, "x-api-key"), Client(gateway, "wrong-0123456789")):
        told = client.post("/api/proxy/stop")
        assert told.status == 401 and told.error
    assert admin.get("/api/proxy/status").body["running"] is True


def test_a_generated_key_has_the_contracts_form(admin: Client) -> None:
    first, second = (admin.post("/api/proxy/api-key/generate").body for _ in range(2))
    assert first != second and len(first) == 35 and first.startswith("sk-") and int(first[3:], 16) >= 0


def test_detect_and_the_lists(gateway: Gateway) -> None:
    user = Client(gateway, TOKEN, "x-api-key")
    told = user.post("/v1/models/detect", {"model": "crawdad/demo"})
    assert told.status == 200 and told.body["mapped_model"] == "crawdad/demo" and told.body["type"] == "agent"
    assert told.body["features"] == {"has_web_search": False, "is_image_gen": False}
    assert user.post("/v1/models/detect", {}).status == 400
    assert user.post("/v1/models/detect", {"model": "nobody-has-this"}).status == 404
    assert user.get("/v1/models/claude").body == user.get("/v1/models").body


def test_what_runs_finishes(scripted_upstream: ScriptedUpstream) -> None:
    config = settings(providers(scripted_upstream.url, scripted_upstream.models, discover=False))
    body = {"model": "chat/story:hello", "messages": SAY, "stream": True}
    with running_gateway(config, {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as gateway:
        admin = Client(gateway, ADMIN)
        with scripted_upstream.holding(1) as hold, httpx.Client(trust_env=False, timeout=PATIENCE) as client:
            url = gateway.base_url + "/v1/chat/completions"
            with client.stream("POST", url, json=body, headers=gateway.headers) as answer:
                chunks = answer.iter_text()
                heard = next(chunks)
                assert hold is not None and admin.post("/api/proxy/stop").status == 200
                assert client.post(url, json=body, headers=gateway.headers).status_code == 503
                scripted_upstream.release()
                heard += "".join(chunks)
        assert answer.status_code == 200 and "[DONE]" in heard and "error" not in heard


def test_the_switch_survives_a_restart(tmp_path: Path) -> None:
    with running_gateway(settings({}), home=tmp_path) as gateway:
        operator = Client(gateway, TOKEN)
        assert operator.post("/api/proxy/stop").status == 200
        gateway.kill()
        gateway.start()
        assert operator.get("/api/proxy/status").body["running"] is False
        assert operator.get("/v1/models").status == 503
        assert operator.post("/api/config", {"proxy": {"auto_start": True}}).status == 200
        assert operator.get("/v1/models").status == 503
        gateway.stop()
        gateway.start()
        assert operator.get("/api/proxy/status").body["running"] is True
        assert operator.post("/api/config", {"proxy": {"auto_start": False}}).body["changed"] == ["proxy.auto_start"]
        assert operator.get("/api/proxy/status").body["running"] is True
        gateway.stop()
        gateway.start()
        assert operator.get("/api/proxy/status").body["running"] is False


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.parametrize("bus", [True, False], ids=["redis", "database"])
def test_every_process_of_a_cluster_follows(
    postgres_url: str, shared_redis: dict[str, str], bus: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    extra = {"CRAWDAD_DATABASE_URL": postgres_url, **(shared_redis if bus else {})}
    first = running_gateway(settings({}), extra, home=tmp_path_factory.mktemp("first"))
    second = running_gateway(settings({}), extra, home=tmp_path_factory.mktemp("second"))
    with first, second:
        Client(first, TOKEN).post("/api/proxy/stop")
        eventually(lambda: Client(second, TOKEN, "x-api-key").get("/v1/models").status == 503)
        Client(second, TOKEN).post("/api/proxy/start")
        eventually(lambda: Client(first, TOKEN, "x-api-key").get("/v1/models").status == 200)
