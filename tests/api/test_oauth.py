"""Signing in with the operator's own OAuth client, over a running gateway, with an identity provider on loopback."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.support.identity_provider import CLIENT_SECRET, Faults, TestIdentityProvider, query_of
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE, eventually

ADMIN = "cd-admin-token-0123456789abcdef"


@pytest.fixture(scope="module")
def idp() -> Iterator[TestIdentityProvider]:
    with TestIdentityProvider() as provider:
        yield provider


@pytest.fixture(scope="module")
def gateway(idp: TestIdentityProvider) -> Iterator[Gateway]:
    config = settings({}, oauth={"google": idp.settings(project="pays-1")})
    with running_gateway(config, {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as running:
        yield running


class Panel:
    """An administrator with a browser."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.client = httpx.Client(base_url=gateway.base_url, timeout=PATIENCE)

    def post(self, path: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.client.post(path, json=body, headers={"x-admin-token": ADMIN, **headers})

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(path, headers={"x-admin-token": ADMIN, **headers})

    def start(self, body: Any = None) -> dict[str, Any]:
        answer = self.post("/api/accounts/oauth/start", body)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def web(self) -> dict[str, Any]:
        return dict(self.get("/api/auth/url").json())

    def status(self, state: str) -> dict[str, Any]:
        return dict(self.get(f"/api/accounts/oauth/status?state={state}").json())

    def until(self, state: str, wanted: str) -> dict[str, Any]:
        def look() -> dict[str, Any] | None:
            if (found := self.status(state))["status"] == wanted:
                return found
            assert found["status"] in ("pending", "working"), found
            return None

        return eventually(look, f"a flow that is {wanted}")


@pytest.fixture
def panel(gateway: Gateway, idp: TestIdentityProvider) -> Iterator[Panel]:
    idp.faults = Faults()
    found = Panel(gateway)
    found.post("/api/accounts/oauth/cancel")
    yield found
    found.client.close()


def error(answer: httpx.Response, status: int) -> str:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert CLIENT_SECRET not in answer.text
    return str(answer.json()["error"])


def test_start_answers_at_once_and_the_loopback_port_ends_it(panel: Panel, idp: TestIdentityProvider) -> None:
    flow = panel.start()
    assert flow["status"] == "pending" and 590 <= flow["expires_in"] <= 600
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/oauth-callback", flow["redirect_uri"])
    asked = query_of(flow["url"])
    assert asked["code_challenge_method"] == "S256" and asked["state"] == flow["state"] and len(flow["state"]) >= 32
    assert "client_secret" not in asked and "code_verifier" not in asked
    page = httpx.get(idp.browse(flow["url"], "loop@example.com"), timeout=PATIENCE)
    assert page.status_code == 200 and "账号已添加" in page.text and "The account was added" in page.text
    done = panel.status(flow["state"])
    assert done["status"] == "complete" and done["account"]["email"] == "loop@example.com" and done["error"] is None
    used = next(form for form in reversed(idp.grants) if form["grant_type"] == "authorization_code")
    assert used["code_verifier"] and used["redirect_uri"] == flow["redirect_uri"]


def test_the_loopback_port_is_let_go(panel: Panel, idp: TestIdentityProvider) -> None:
    flow = panel.start()
    assert httpx.get(flow["redirect_uri"].replace("/oauth-callback", "/other"), timeout=PATIENCE).status_code == 404
    assert httpx.get(flow["redirect_uri"], headers={"host": "evil.example"}, timeout=PATIENCE).status_code == 400
    assert httpx.get(flow["redirect_uri"] + "?code=x&state=wrong", timeout=PATIENCE).status_code == 400
    assert panel.status(flow["state"])["status"] == "pending"
    assert panel.post("/api/accounts/oauth/cancel", {"state": flow["state"]}).json()["cancelled"] == 1

    def closed() -> bool:
        try:
            httpx.get(flow["redirect_uri"], timeout=5)
        except httpx.TransportError as error:  # others than this one come in the middle of closing
            return isinstance(error, httpx.ConnectError)
        return False

    eventually(closed, "the port to be let go")


def test_prepare_is_idempotent_and_start_uses_what_was_prepared(panel: Panel) -> None:
    first = panel.post("/api/accounts/oauth/prepare").json()
    assert panel.post("/api/accounts/oauth/prepare", {}).json()["url"] == first["url"]
    assert panel.start()["state"] == first["state"]
    assert panel.start({"name": "another"})["state"] != first["state"]


def test_start_can_wait_for_the_account(panel: Panel, idp: TestIdentityProvider) -> None:
    found: list[httpx.Response] = []
    flow = panel.post("/api/accounts/oauth/prepare").json()
    waiting = threading.Thread(target=lambda: found.append(panel.post("/api/accounts/oauth/start", {"wait": True})))
    waiting.start()
    httpx.get(idp.browse(flow["url"], "waits@example.com"), timeout=PATIENCE)
    waiting.join(PATIENCE)
    assert found[0].status_code == 200 and found[0].json()["email"] == "waits@example.com"


def test_complete_waits_and_tells_what_went_wrong(panel: Panel, idp: TestIdentityProvider) -> None:
    assert "No sign-in" in error(panel.post("/api/accounts/oauth/complete"), 409)
    flow = panel.start()
    found: list[httpx.Response] = []
    waiting = threading.Thread(target=lambda: found.append(panel.post("/api/accounts/oauth/complete")))
    waiting.start()
    httpx.get(idp.browse(flow["url"], deny=True), timeout=PATIENCE)
    waiting.join(PATIENCE)
    assert "refused" in error(found[0], 400)


@pytest.mark.parametrize("form", ["code", "url", "encoded"])
def test_a_code_is_pasted(panel: Panel, idp: TestIdentityProvider, form: str) -> None:
    flow = panel.start()
    back = idp.browse(flow["url"], f"{form}@example.com")
    code = parse_qs(urlsplit(back).query)["code"][0]
    pasted = {"code": code, "url": f"  {back}\n", "encoded": code.replace("/", "%2F")}[form]
    answer = panel.post("/api/accounts/oauth/submit-code", {"code": pasted})
    assert answer.status_code == 200 and answer.json()["account"]["email"] == f"{form}@example.com"
    assert panel.status(flow["state"])["status"] == "complete"
    assert "already used" in error(panel.post("/api/accounts/oauth/submit-code", {"code": back}), 409)


def test_a_code_with_the_wrong_state(panel: Panel, idp: TestIdentityProvider) -> None:
    flow = panel.start()
    back = idp.browse(flow["url"])
    for body in ({"code": back, "state": "x" * 43}, {"code": "4/0-abc", "state": "x" * 43}):
        assert "not known" in error(panel.post("/api/accounts/oauth/submit-code", body), 404)
    assert "not known" in error(
        panel.post("/api/accounts/oauth/submit-code", {"code": back.replace(flow["state"], "y" * 43)}), 404
    )
    assert panel.status(flow["state"])["status"] == "pending"


def test_two_flows_at_once_do_not_mix(panel: Panel, idp: TestIdentityProvider) -> None:
    one, other = panel.web(), panel.web()
    assert one["state"] != other["state"]
    code = query_of(idp.browse(one["url"], "one@example.com"))["code"]
    assert "Several" in error(panel.post("/api/accounts/oauth/submit-code", {"code": code}), 400)
    crossed = panel.post("/api/accounts/oauth/submit-code", {"code": code, "state": other["state"]})
    assert "code verifier" in error(crossed, 502)  # PKCE: the code belongs to the other flow
    assert panel.status(other["state"])["status"] == "failed" and panel.status(one["state"])["status"] == "pending"
    third = panel.web()
    for flow, email in ((third, "three@example.com"), (one, "again@example.com")):
        assert httpx.get(idp.browse(flow["url"], email), timeout=PATIENCE).status_code == 200
        assert panel.status(flow["state"])["account"]["email"] == email


def test_the_web_callback_is_public_and_for_one_use(panel: Panel, idp: TestIdentityProvider, gateway: Gateway) -> None:
    flow = panel.web()
    assert flow["redirect_uri"] == f"{gateway.base_url}/auth/callback"
    back = idp.browse(flow["url"], "web@example.com")
    grants = len(idp.grants)
    page = httpx.get(back, timeout=PATIENCE)
    assert page.status_code == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    replayed = httpx.get(back, timeout=PATIENCE)
    assert replayed.status_code == 400 and "already used" in replayed.text and "已被使用" in replayed.text
    assert len(idp.grants) == grants + 1
    assert panel.status(flow["state"])["account"]["email"] == "web@example.com"


def test_many_replays_at_once_use_the_code_once(panel: Panel, idp: TestIdentityProvider) -> None:
    back = idp.browse(panel.web()["url"], "many@example.com")
    grants = len(idp.grants)
    idp.faults.seconds = 0.05
    found: list[int] = []
    threads = [
        threading.Thread(target=lambda: found.append(httpx.get(back, timeout=PATIENCE).status_code)) for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert sorted(found) == [200] + [400] * 11 and len(idp.grants) == grants + 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "code=x",
        "code=x&state=",
        "code=x&state=unknown-state-of-nobody",
        "error=%3Cscript%3Ealert(1)%3C%2Fscript%3E&state=nobody",
        "code=%3Cimg+src%3Dx%3E&state=%22%3E%3Cscript%3E",
        "state=" + "s" * 5000 + "&code=x",
        "code=x&state=%00%0d%0aset-cookie:+a=b",
    ],
)
def test_a_callback_out_of_nowhere(panel: Panel, idp: TestIdentityProvider, query: str) -> None:
    """Attack 54: nothing of the request is on the page, and the page may run nothing but its own script."""
    grants = len(idp.grants)
    page = panel.client.get(f"/auth/callback?{query}")
    assert page.status_code == 400 and page.headers["content-type"] == "text/html; charset=utf-8"
    _is_tight(page)
    for piece in ("alert(1)", "<img", "nobody", "ssss", "set-cookie"):
        assert piece not in page.text
    assert len(idp.grants) == grants and "set-cookie" not in page.headers


def _is_tight(page: httpx.Response) -> None:
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert page.headers["referrer-policy"] == "no-referrer" and page.headers["cache-control"] == "no-store"
    assert "location.origin" in page.text and '"*"' not in page.text
    assert page.text.count("<script") == 1


def test_what_the_provider_says_is_not_run(panel: Panel, idp: TestIdentityProvider) -> None:
    flow = panel.web()
    page = panel.client.get(f"/auth/callback?state={flow['state']}&error=<script>alert(1)</script>")
    assert page.status_code == 400 and "<script>alert" not in page.text and "&lt;script&gt;alert" in page.text
    _is_tight(page)
    assert "alert" in panel.status(flow["state"])["error"]


def test_consent_is_denied(panel: Panel, idp: TestIdentityProvider) -> None:
    flow = panel.web()
    assert httpx.get(idp.browse(flow["url"], deny=True), timeout=PATIENCE).status_code == 400
    told = panel.get(f"/api/accounts/oauth/status?state={flow['state']}", **{"accept-language": "zh-CN"}).json()
    assert told["status"] == "failed" and told["error"] == "授权页面上拒绝了登录。"


def test_a_cancelled_flow_is_over(panel: Panel, idp: TestIdentityProvider) -> None:
    flow = panel.web()
    back = idp.browse(flow["url"])
    assert panel.post("/api/accounts/oauth/cancel").json() == {"success": True, "cancelled": 1}
    assert httpx.get(back, timeout=PATIENCE).status_code == 400 and panel.status(flow["state"])["status"] == "cancelled"
    assert "not known" in error(panel.post("/api/accounts/oauth/cancel", {"state": "nobody"}), 404)


@pytest.mark.parametrize(
    ("spoil", "word", "status"),
    [
        (lambda faults: setattr(faults, "status", 500), "identity provider", 502),
        (lambda faults: setattr(faults, "body", b"<html>"), "", 502),
        (lambda faults: setattr(faults, "no_refresh_token", True), "no refresh token", 400),
    ],
)
def test_a_provider_that_fails(
    panel: Panel, idp: TestIdentityProvider, spoil: Callable[[Faults], None], word: str, status: int
) -> None:
    flow = panel.start()
    back = idp.browse(flow["url"], "fails@example.com")
    spoil(idp.faults)
    assert word in error(panel.post("/api/accounts/oauth/submit-code", {"code": back}), status)
    assert panel.status(flow["state"])["status"] == "failed"


def test_half_a_consent(panel: Panel, idp: TestIdentityProvider) -> None:
    idp.faults.withhold_scope = "https://www.googleapis.com/auth/cloud-platform"
    back = idp.browse(panel.start()["url"], "half@example.com")
    assert "cloud-platform" in error(panel.post("/api/accounts/oauth/submit-code", {"code": back}), 400)


def test_a_code_that_the_provider_does_not_know(panel: Panel) -> None:
    panel.start()
    assert "Malformed" in error(panel.post("/api/accounts/oauth/submit-code", {"code": "4/0-made-up"}), 502)


@pytest.mark.parametrize("strict", [False, True])
def test_a_device_is_let_in(panel: Panel, idp: TestIdentityProvider, strict: bool) -> None:
    idp.faults.strict_devices = strict
    flow = panel.post("/api/accounts/oauth/device").json()
    assert flow["user_code"] and flow["verification_url"] == idp.url + "/device" and flow["status"] == "pending"
    assert "device_code" not in flow
    idp.allow(flow["user_code"], "device@example.com")
    assert panel.until(flow["state"], "complete")["account"]["email"] == "device@example.com"


def test_a_device_is_refused_or_given_up(panel: Panel, idp: TestIdentityProvider) -> None:
    refused, cancelled = (panel.post("/api/accounts/oauth/device").json() for _ in range(2))
    panel.post("/api/accounts/oauth/cancel", {"state": cancelled["state"]})
    idp.allow(cancelled["user_code"], "cancelled@example.com")
    idp.deny(refused["user_code"])
    assert "refused" in panel.until(refused["state"], "failed")["error"]
    assert panel.status(cancelled["state"])["status"] == "cancelled"
    for text in (refused["state"], "4/0-x"):
        error(panel.post("/api/accounts/oauth/submit-code", {"code": text, "state": refused["state"]}), 409)


def test_clients_are_listed_without_their_secret(panel: Panel, gateway: Gateway) -> None:
    answer = panel.get("/api/accounts/oauth/clients")
    client = answer.json()["clients"][0]
    assert client["configured"] and client["has_secret"] and client["project"] == "pays-1"
    assert CLIENT_SECRET not in answer.text and client["redirect_uri"] == f"{gateway.base_url}/auth/callback"


@pytest.mark.parametrize("token", [None, "wrong", "gateway"])
def test_who_may_not(gateway: Gateway, token: str | None) -> None:
    shown = gateway.token if token == "gateway" else token
    headers = {} if shown is None else {"authorization": f"Bearer {shown}"}
    for method, path in [
        *(("POST", f"/api/accounts/oauth/{name}") for name in ("prepare", "start", "complete", "cancel", "device")),
        ("POST", "/api/accounts/oauth/submit-code"),
        ("GET", "/api/accounts/oauth/status?state=x"),
        ("GET", "/api/accounts/oauth/clients"),
        ("GET", "/api/auth/url"),
    ]:
        answer = httpx.request(method, gateway.base_url + path, headers=headers, timeout=PATIENCE)
        assert answer.status_code == 401 and answer.json()["error"], path


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("submit-code", {}, 422),
        ("submit-code", {"code": ""}, 422),
        ("submit-code", {"code": 5}, 422),
        ("submit-code", {"code": "x" * 9000}, 422),
        ("submit-code", {"code": "two words"}, 400),
        ("submit-code", {"code": "https://example.com/nothing"}, 400),
        ("submit-code", {"code": "4/0-x"}, 409),
        ("start", {"wait": "perhaps"}, 422),
        ("start", {"redirect": "elsewhere"}, 422),
        ("start", [], 422),
        ("cancel", {"state": 5}, 422),
        ("complete", {"state": "nobody"}, 404),
    ],
)
def test_bad_bodies(panel: Panel, path: str, body: Any, status: int) -> None:
    error(panel.post(f"/api/accounts/oauth/{path}", body), status)


def test_bad_questions(panel: Panel) -> None:
    error(panel.get("/api/accounts/oauth/status"), 400)
    error(panel.get("/api/accounts/oauth/status?state=nobody"), 404)
    error(panel.get("/api/accounts/oauth/status?state=" + "x" * 300), 400)


def test_there_are_never_more_than_a_few_flows(panel: Panel) -> None:
    states = [panel.web()["state"] for _ in range(40)]
    assert panel.get(f"/api/accounts/oauth/status?state={states[0]}").status_code == 404
    assert panel.status(states[-1])["status"] == "pending"


def test_secrets_are_not_in_the_database_in_clear(panel: Panel, idp: TestIdentityProvider, gateway: Gateway) -> None:
    flow = panel.start()
    httpx.get(idp.browse(flow["url"], "sealed@example.com"), timeout=PATIENCE)
    panel.until(flow["state"], "complete")
    token = next(token for token, kept in idp.refreshes.items() if kept.email == "sealed@example.com")
    device = panel.post("/api/accounts/oauth/device").json()
    secrets = [token, CLIENT_SECRET, flow["state"], device["state"], next(reversed(idp.devices))]
    for path in gateway.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for secret in secrets:
                assert secret.encode() not in data or (path.name == "openclaw.json" and secret == CLIENT_SECRET), path


def test_without_a_client_there_is_guidance_and_one_counts_at_once(idp: TestIdentityProvider) -> None:
    with running_gateway(settings({}), {"CRAWDAD_ADMIN_TOKEN": ADMIN}) as running:
        alone = Panel(running)
        for path in ("prepare", "start", "device"):
            words = error(alone.post(f"/api/accounts/oauth/{path}"), 400)
            assert "oauth.google.clientId" in words and "CRAWDAD_GOOGLE_CLIENT_ID" in words
        told = alone.post("/api/accounts/oauth/start", None, **{"accept-language": "zh-CN"})
        assert "您自己的 OAuth 客户端" in error(told, 400)
        assert f"{running.base_url}/auth/callback" in error(alone.get("/api/auth/url"), 400)
        assert alone.get("/api/accounts/oauth/clients").json()["active"] is None
        running.write_config(settings({}, oauth={"google": idp.settings()}))
        eventually(lambda: alone.post("/api/accounts/oauth/prepare").status_code == 200, "the settings")
        alone.client.close()


def test_the_environment_configures_it_and_flows_survive_a_restart(idp: TestIdentityProvider) -> None:
    idp.faults = Faults()
    more = idp.settings()
    secrets = {
        "CRAWDAD_GOOGLE_CLIENT_ID": more.pop("clientId"),
        "CRAWDAD_GOOGLE_CLIENT_SECRET": more.pop("clientSecret"),
    }
    public = {"CRAWDAD_PUBLIC_URL": "https://crawdad.example/", "CRAWDAD_ADMIN_TOKEN": ADMIN}
    with running_gateway(settings({}, oauth={"google": more}), {**secrets, **public}) as running:
        panel = Panel(running)
        flow = panel.web()
        assert flow["redirect_uri"] == "https://crawdad.example/auth/callback"
        back = idp.browse(flow["url"], "restart@example.com")
        running.stop()
        running.start()
        page = panel.client.get("/auth/callback?" + urlsplit(back).query)
        assert page.status_code == 200 and panel.status(flow["state"])["account"]["email"] == "restart@example.com"
        panel.client.close()
