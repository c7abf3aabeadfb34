"""WeChat by the panel, through the bridge: clawpanel.md §1.6, §4, §8 (5, 6, 18, 20), and the fourteenth of §9."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import httpx
import pytest

from tests.api.clawpanel.panel import Panel
from tests.simulators.wechatbot import BOT, Fault, Post, WechatbotSimulator
from tests.simulators.weixin import BOT as WEIXIN_BOT
from tests.simulators.weixin import TOKEN as WEIXIN_TOKEN
from tests.simulators.weixin import USER, WeixinSimulator
from tests.support.server import Gateway, free_port, running_gateway, settings
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.waiting import PATIENCE, eventually

SECRET = "callback-secret-1"
PICTURE = b"\x89PNG\r\n\x1a\n" + b"0" * 64


def config(bridge: WechatbotSimulator, **block: Any) -> dict[str, Any]:
    common = {"apiUrl": bridge.url, "token": bridge.token, "pollSeconds": 0.3, "callSeconds": 2, "dmPolicy": "disabled"}
    gateway = {"privateNetworks": True}
    return settings({}, channels={"wechat": {**common, "callbackSecret": SECRET, **block}}, gateway=gateway)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[WechatbotSimulator, Panel]]:
    with WechatbotSimulator() as bridge, running_gateway(config(bridge)) as gateway:
        panel = Panel(gateway)
        try:
            yield bridge, panel
        finally:
            panel.close()


@pytest.fixture
def bridge(shared: tuple[WechatbotSimulator, Panel]) -> WechatbotSimulator:
    made = shared[0]
    made.signed_in, made.down = True, False
    made.faults.clear()
    made.shown.clear()
    made.friends.clear()
    wait_for(shared[1], connected=True)
    return made


@pytest.fixture
def panel(shared: tuple[WechatbotSimulator, Panel], bridge: WechatbotSimulator) -> Panel:
    return shared[1]


def wait_for(panel: Panel, **wanted: Any) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        told: dict[str, Any] = panel.get("/api/wechat/status")
        return told if wanted.items() <= told.items() else None

    return eventually(look, f"{wanted}")


def callback(gateway: Gateway, query: str = f"?token={SECRET}") -> str:
    return f"{gateway.base_url}/api/wechat/callback{query}"


def test_how_wechat_is(panel: Panel, bridge: WechatbotSimulator) -> None:
    assert wait_for(panel, connected=True, loggedIn=True, name=BOT)["ok"] is True
    bridge.signed_in = False
    assert wait_for(panel, connected=False, loggedIn=False)["name"] == BOT, "the last name known stays"
    bridge.down = True
    assert wait_for(panel, connected=False)["loggedIn"] is False


def test_the_code_is_shown_by_us_and_no_token_with_it(panel: Panel, bridge: WechatbotSimulator) -> None:
    told = panel.get("/api/wechat/login-url")
    assert told["loggedIn"] is True and "qrcode" not in told
    bridge.signed_in = False
    told = panel.get("/api/wechat/login-url")
    assert told["qrcode"].startswith("data:image/png;base64,") and told["loggedIn"] is False
    assert bridge.token not in str(told) and "%26tok" not in str(told) and str(bridge.port) not in told["externalUrl"]
    picture = panel.client.get(told["externalUrl"])
    assert picture.headers["content-type"] == "image/png" and picture.content.startswith(b"\x89PNG")
    bare = httpx.get(f"{told['externalUrl']}?token={panel.token}", timeout=PATIENCE)
    assert bare.status_code == 200 and httpx.get(told["externalUrl"], timeout=PATIENCE).status_code == 401
    bridge.signed_in = True
    assert panel.client.get(told["externalUrl"]).status_code == 409
    bridge.down = True
    answer = panel.ask("GET", "/api/wechat/login-url")
    assert (answer.status_code, answer.json()["ok"]) == (200, False)
    assert panel.client.get(told["externalUrl"]).status_code == 502


@pytest.mark.parametrize(
    ("body", "whom"),
    [
        ({"to": "Ann", "content": "hi"}, "alias:r-Ann"),
        ({"to": {"alias": "r-Bob"}, "content": "hi"}, "alias:r-Bob"),
        ({"to": "The group", "content": "hi", "isRoom": True}, "#The group"),
    ],
)
def test_something_is_said_and_the_bridges_word_is_told(
    panel: Panel, bridge: WechatbotSimulator, body: dict[str, Any], whom: str
) -> None:
    told = panel.ask("POST", "/api/wechat/send", body).json()
    assert told["ok"] is True and told["result"]["success"] is True and told["result"]["task"]["successCount"] == 1
    assert bridge.texts(whom) == ["hi"]


def test_what_the_bridge_refuses_is_a_200_and_what_it_does_not_answer_a_500(
    panel: Panel, bridge: WechatbotSimulator
) -> None:
    def send(to: str = "Ann") -> tuple[int, dict[str, Any]]:
        answer = panel.ask("POST", "/api/wechat/send", {"to": to, "content": "x"})
        return answer.status_code, answer.json()

    status, told = send("Nobody")
    assert (status, told["ok"], told["result"]["success"]) == (200, True, False)
    assert told["result"]["task"]["notFound"][0]["error"] == "User is not found"
    bridge.signed_in = False
    status, told = send()
    assert (status, told) == (200, {"ok": True, "result": {"success": False, "message": "you must login first"}})
    bridge.signed_in = True
    bridge.faults.append(Fault("reset", taken=True))
    status, told = send()
    assert (status, told["ok"], told["code"]) == (500, False, "ambiguous") and bridge.texts("alias:r-Ann") == ["x"]
    bridge.down = True
    assert send()[0] == 500
    assert bridge.token not in panel.gateway.log()


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("send", {"content": "x"}, "to"),
        ("send", {"to": " ", "content": "x"}, "to"),
        ("send", {"to": {"alias": "a"}, "isRoom": True, "content": "x"}, "to"),
        ("send", {"to": "Ann"}, "content"),
        ("send", {"to": "Ann", "content": 5}, "content"),
        ("send", {"to": "Ann", "content": "x", "isRoom": "maybe"}, "isRoom"),
        ("send-file", {"to": "Ann"}, "fileUrl"),
        ("send-file", {"to": "Ann", "fileUrl": "file:///etc/passwd"}, "fileUrl"),
    ],
)
def test_what_is_wrong_is_not_sent_on(
    panel: Panel, bridge: WechatbotSimulator, path: str, body: dict[str, Any], param: str
) -> None:
    answer = panel.ask("POST", f"/api/wechat/{path}", body)
    assert (answer.status_code, answer.json()["ok"], answer.json()["param"]) == (400, False, param)
    assert bridge.shown == []


class Files(LoopbackServer):
    async def answer(self, request: Received, reply: Reply) -> None:
        if request.path == "/a.png":
            await reply.whole(200, PICTURE, {"content-type": "image/png"})
        elif request.path == "/away":
            await reply.whole(302, b"", {"location": "http://127.0.0.1:1/x"})
        else:
            await reply.whole(404, b"no")


def test_files_are_fetched_here_and_sent_as_bytes(panel: Panel, bridge: WechatbotSimulator) -> None:
    with Files() as files:

        def send(urls: str, to: Any = "Ann") -> dict[str, Any]:
            answer = panel.ask("POST", "/api/wechat/send-file", {"to": to, "fileUrl": urls})
            assert answer.status_code == 200, answer.text
            found: dict[str, Any] = answer.json()["result"]
            return found

        assert send(f"{files.url}/a.png?$alias=cat.png")["success"] is True
        assert bridge.shown == [("alias:r-Ann", "cat.png", PICTURE)]
        told = send(f"{files.url}/a.png, {files.url}/gone", {"alias": "r-Bob"})
        assert told["success"] is True and (told["task"]["successCount"], told["task"]["failedCount"]) == (1, 1)
        assert told["task"]["sentFailed"][0]["data"][0]["content"] == f"{files.url}/gone"
        told = send(f"{files.url}/a.png", "Nobody")
        assert told["success"] is False and told["task"]["notFound"]


def test_files_in_private_networks_are_not_fetched(bridge: WechatbotSimulator) -> None:
    given = config(bridge)
    given["gateway"] = {"privateNetworks": False}
    with running_gateway(given) as gateway, Files() as files:
        panel = Panel(gateway)
        for url in (f"{files.url}/a.png", "http://169.254.169.254/latest/meta-data", "http://[::1]/x"):
            answer = panel.ask("POST", "/api/wechat/send-file", {"to": "Ann", "fileUrl": url})
            assert (answer.status_code, answer.json()["ok"]) == (400, False), url
        assert len(files.journal) == 0 and bridge.shown == []
        panel.close()


def test_the_callback_lets_nobody_in_without_the_secret(panel: Panel, bridge: WechatbotSimulator) -> None:
    post = bridge.text("hi")
    for query in ("", "?token=", "?token=wrong", f"?secret={SECRET}"):
        answer = bridge.deliver(callback(panel.gateway, query), post)
        assert (answer.status_code, answer.json()["success"]) == (401, False)
    assert bridge.deliver(callback(panel.gateway), post).json() == {"success": True}
    assert SECRET not in panel.gateway.log()


@pytest.mark.parametrize(
    ("block", "status"),
    [
        ({"callbackSecret": None}, 200),  # this machine alone
        ({"callbackFrom": ["127.0.0.0/8"]}, 200),
        ({"callbackSecret": None, "callbackFrom": ["10.0.0.0/8"]}, 401),
        ({"enabled": False}, 503),
    ],
)
def test_who_may_post_without(bridge: WechatbotSimulator, block: dict[str, Any], status: int) -> None:
    given = config(bridge, **block)
    given["channels"]["wechat"] = {k: v for k, v in given["channels"]["wechat"].items() if v is not None}
    with running_gateway(given) as gateway:
        panel = Panel(gateway)
        if status != 503:
            wait_for(panel, connected=True)
        assert bridge.deliver(callback(gateway, ""), bridge.text("hi")).status_code == status
        panel.close()


@pytest.mark.parametrize(
    "post",
    [
        lambda one: Post(b"", "multipart/form-data; boundary=x"),
        lambda one: Post(b"{}", "application/json"),
        lambda one: Post(b"x" * 100, "multipart/form-data; boundary=x"),
        lambda one: one.post("text", "x", sender=one.contact("Ann"), type="nonsense"),
        lambda one: one.post("text", "x", sender=one.contact("Ann"), source="{"),
    ],
)
def test_what_is_no_post_of_the_bridges_is_refused(panel: Panel, bridge: WechatbotSimulator, post: Any) -> None:
    answer = bridge.deliver(callback(panel.gateway), post(bridge))
    assert (answer.status_code, answer.json()["success"]) == (400, False) and answer.json()["error"]


def test_a_post_has_a_limit(panel: Panel, bridge: WechatbotSimulator) -> None:
    post = bridge.post("file", b"x" * (21 * 1024 * 1024), sender=bridge.contact("Ann"))
    try:
        answer = bridge.deliver(callback(panel.gateway), post)
    except httpx.WriteError:  # it was cut off in the middle
        return
    assert (answer.status_code, answer.json()["success"]) == (413, False)


def test_a_friend_is_not_accepted_by_being_told_of(panel: Panel, bridge: WechatbotSimulator) -> None:
    told = bridge.deliver(callback(panel.gateway), bridge.friendship("Stranger"))
    assert told.json() == {"success": False} and bridge.friends == []
    asked = pending(panel)
    assert [one["details"]["kind"] for one in asked] == ["friend"] and asked[0]["details"]["name"] == "Stranger"
    assert bridge.deliver(callback(panel.gateway), bridge.friendship("Stranger")).json() == {"success": False}
    assert len(pending(panel)) == 1, "who asks again is asked about once"
    answer = panel.ask(
        "POST", f"/api/approvals/{asked[0]['id']}", {"decision": "allow-once"}, headers=panel.gateway.headers
    )
    assert answer.status_code == 200, answer.text
    assert bridge.deliver(callback(panel.gateway), bridge.friendship("Another")).json() == {"success": False}

    def accepted() -> bool:
        return bool(bridge.deliver(callback(panel.gateway), bridge.friendship("Stranger")).json()["success"])

    eventually(accepted, "the operator's word to reach the channel")
    assert bridge.friends == ["Stranger"]
    assert bridge.deliver(callback(panel.gateway), bridge.friendship("Stranger")).json() == {"success": False}


def pending(panel: Panel) -> list[dict[str, Any]]:
    def look() -> list[dict[str, Any]]:
        found = panel.ask("GET", "/api/approvals", headers=panel.gateway.headers).json()
        return [one for one in found["approvals"] if one["status"] == "pending"]

    return eventually(look, "somebody to be asked")


@pytest.mark.parametrize(("policy", "accepted"), [("accept", True), ("refuse", False)])
def test_friends_are_accepted_by_policy(bridge: WechatbotSimulator, policy: str, accepted: bool) -> None:
    with running_gateway(config(bridge, requests=policy)) as gateway:
        panel = Panel(gateway)
        wait_for(panel, connected=True)
        assert bridge.deliver(callback(gateway), bridge.friendship("Fred")).json() == {"success": accepted}
        assert bridge.friends == (["Fred"] if accepted else [])
        panel.close()


def test_system_events_change_how_the_account_is(panel: Panel, bridge: WechatbotSimulator) -> None:
    bridge.signed_in = False
    assert bridge.deliver(callback(panel.gateway), bridge.system("logout")).json() == {"success": True}
    assert wait_for(panel, connected=False)["name"] == BOT
    bridge.signed_in = True
    assert bridge.deliver(callback(panel.gateway), bridge.system("login", "Another")).json() == {"success": True}
    wait_for(panel, connected=True)
    assert bridge.deliver(callback(panel.gateway), bridge.system("error")).json() == {"success": True}


def test_without_a_bridge_it_is_tencents_own_service() -> None:
    with WeixinSimulator() as weixin:
        weixin.tokens.clear()
        block = {"enabled": True, "baseUrl": weixin.url, "cdnBaseUrl": f"{weixin.url}/c2c"}
        with running_gateway(settings({}, channels={"openclaw-weixin": block})) as gateway:
            panel = Panel(gateway)
            wait_for(panel, connected=False, loggedIn=False, name="")
            shown = [panel.get("/api/wechat/login-url") for _ in range(2)]
            assert shown[0]["qrcode"] == shown[1]["qrcode"] and shown[0]["loggedIn"] is False
            assert panel.ask("GET", "/api/wechat/login-qr").headers["content-type"] == "image/png"
            assert weixin.codes == 1, "whoever looks again sees the code that is being waited for"
            confirmed = {"status": "confirmed", "bot_token": WEIXIN_TOKEN, "ilink_bot_id": WEIXIN_BOT}
            weixin.sign_in.append({**confirmed, "baseurl": weixin.url, "ilink_user_id": USER})
            wait_for(panel, connected=True, loggedIn=True, name=WEIXIN_BOT)
            assert panel.get("/api/wechat/login-url")["loggedIn"] is True
            weixin.say("hello")
            weixin.journal.wait(lambda _: bool(weixin.texts()), PATIENCE)
            body = {"to": USER, "content": "from the panel"}
            told = panel.ask("POST", "/api/wechat/send", body).json()
            assert told["result"]["success"] is True and weixin.texts()[-1] == "from the panel"
            told = panel.ask("POST", "/api/wechat/send", {**body, "isRoom": True}).json()
            assert (told["ok"], told["result"]["success"]) == (True, False) and "groups" in told["result"]["message"]
            assert weixin.texts().count("from the panel") == 1
            panel.close()


def test_without_a_bridge_everything_says_so() -> None:
    for channels in ({}, {"wechat": {"apiUrl": f"http://127.0.0.1:{free_port()}", "token": "x"}}):
        with running_gateway(settings({}, channels=channels)) as gateway:
            panel = Panel(gateway)
            assert panel.get("/api/wechat/status") == {"ok": True, "connected": False, "loggedIn": False, "name": ""}
            answer = panel.ask("POST", "/api/wechat/send", {"to": "Ann", "content": "x"})
            assert (answer.status_code, answer.json()["ok"]) == (500, False)
            panel.close()


def test_nobody_comes_without_a_token(panel: Panel) -> None:
    for method, path in (("GET", "status"), ("GET", "login-url"), ("POST", "send"), ("POST", "send-file")):
        answer = httpx.request(method, f"{panel.gateway.base_url}/api/wechat/{path}", timeout=PATIENCE)
        assert (answer.status_code, answer.json()["error"]) == (401, "No token")


def test_the_settings_are_a_view_and_hold_at_once(bridge: WechatbotSimulator) -> None:
    with running_gateway(config(bridge)) as gateway:
        panel = Panel(gateway)
        wait_for(panel, connected=True)
        told = panel.get("/api/wechat/config")["config"]
        assert told["apiUrl"] == bridge.url and told["token"] == told["callbackSecret"] == "********"
        assert (told["enabled"], told["autoReply"]) == (True, True)
        assert bridge.token not in str(told) and SECRET not in str(told)

        def put(body: Any) -> tuple[int, dict[str, Any]]:
            answer = panel.ask("PUT", "/api/wechat/config", body)
            return answer.status_code, answer.json()

        assert put({"token": "********", "autoReply": False, "mine": {"x": 1}})[0] == 200
        told = panel.get("/api/wechat/config")["config"]
        assert told["autoReply"] is False and told["mine"] == {"x": 1} and told["token"] == "********"
        wait_for(panel, connected=True)
        for body in ({"enabled": "yes"}, {"apiUrl": "ftp://x"}, {"callbackFrom": ["nonsense"]}, {"token": 5}):
            status, answer = put(body)
            assert (status, answer["ok"]) == (400, False) and f"wechat.{next(iter(body))}" in answer["error"]
        assert put({"callbackSecret": "another-secret"})[0] == 200

        def taken() -> bool:
            return bridge.deliver(callback(gateway, "?token=another-secret"), bridge.text("hi")).status_code == 200

        eventually(taken, "the other secret to be known")
        assert bridge.deliver(callback(gateway), bridge.text("hi")).status_code == 401
        assert put({"enabled": False})[0] == 200
        wait_for(panel, connected=False)
        assert bridge.deliver(callback(gateway, "?token=another-secret"), bridge.text("hi")).status_code == 503
        panel.close()


def test_what_is_said_stands_in_the_log(panel: Panel, bridge: WechatbotSimulator) -> None:
    panel.ask("POST", "/api/wechat/send", {"to": "The group", "content": "said by the operator", "isRoom": True})
    bridge.deliver(callback(panel.gateway), bridge.text("said by Ann"))

    def lines(words: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = panel.get("/api/events", search=words)["entries"]
        return found

    for words, type_ in (("said by the operator", "outbound.send_group_msg"), ("said by Ann", "wechat.text")):
        (line,) = eventually(partial(lines, words), words)
        assert line["type"] == type_ and line["detail"] == words
