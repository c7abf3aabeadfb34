"""Signing QQ in and out by the panel: clawpanel.md §1.4, §3.6–3.8, and the fourth of §9."""

from __future__ import annotations

import base64
import concurrent.futures
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.api.clawpanel.panel import Panel
from tests.simulators.napcat_web import CAPTCHA, PASSWORD_MD5, SIGNATURE, NapcatWebSimulator
from tests.simulators.onebot import OneBotSimulator
from tests.support.server import free_port, running_gateway, settings

URI = "data:image/png;base64,"


@contextmanager
def signed_in_panel(block: dict[str, Any]) -> Iterator[Panel]:
    with running_gateway(settings({}, channels={"qq": block})) as gateway:
        panel = Panel(gateway)
        try:
            yield panel
        finally:
            panel.close()


def block(web: NapcatWebSimulator, token: str = "secret-tok", **napcat: str) -> dict[str, Any]:
    return {
        "wsUrl": f"ws://127.0.0.1:{free_port()}",
        "napcat": {"webUrl": web.url, "webToken": token, **napcat},
    }


@pytest.fixture
def web() -> Iterator[NapcatWebSimulator]:
    with NapcatWebSimulator() as made:
        yield made


@pytest.fixture
def panel(web: NapcatWebSimulator) -> Iterator[Panel]:
    with signed_in_panel(block(web)) as made:
        yield made


def post(panel: Panel, path: str, body: Any = None) -> dict[str, Any]:
    answer = panel.ask("POST", f"/api/napcat/{path}", body if body is not None else {})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_credential_that_has_ended_is_made_anew_unseen(panel: Panel, web: NapcatWebSimulator) -> None:
    status = post(panel, "login-status")
    assert status == {
        "ok": True,
        "code": 0,
        "data": {"isLogin": False, "isOffline": False, "qrcodeurl": "https://txz.qq.com/p?k=1", "loginError": ""},
        "message": "success",
    }
    web.expire()
    assert post(panel, "login-status")["code"] == 0 and web.sign_ins == 2
    web.expire()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: post(panel, "login-status"), range(8)))
    assert {one["code"] for one in answers} == {0} and web.sign_ins == 3, "those who wait share one sign-in"


def test_where_sign_ins_are_rationed_nobody_hammers(panel: Panel, web: NapcatWebSimulator) -> None:
    web.rate = 0
    for _ in range(5):
        told = post(panel, "login-status")
        assert (told["ok"], told["code"], told["message"]) == (True, -1, "login rate limit")
        assert told["reason"] and 0 < told["retryAfter"] <= 20
    assert web.sign_ins == 1


def test_a_wrong_token_is_told_and_not_tried_again_and_again(web: NapcatWebSimulator) -> None:
    with signed_in_panel(block(web, "another")) as panel:
        for _ in range(4):
            told = post(panel, "qrcode")
            assert (told["ok"], told["code"], told["message"]) == (True, -1, "Unauthorized")
            assert "token is invalid" in told["reason"] and "another" not in str(told)
        assert web.sign_ins == 1
        assert "another" not in panel.gateway.log()


def test_a_second_factor_is_told(panel: Panel, web: NapcatWebSimulator) -> None:
    web.needs_second_factor = True
    told = post(panel, "login-status")
    assert told["code"] == -1 and told["require2FA"] is True and told["reason"]


def test_the_code_is_a_picture(panel: Panel, web: NapcatWebSimulator) -> None:
    told = post(panel, "qrcode")
    assert told["code"] == 0 and told["data"]["qrcode"].startswith(URI)
    assert base64.b64decode(told["data"]["qrcode"].removeprefix(URI)).startswith(b"\x89PNG\r\n\x1a\n")
    web.scan()
    assert post(panel, "qrcode") == {"ok": True, "code": -1, "message": "QQ Is Logined"}
    assert post(panel, "qrcode/refresh")["message"] == "QQ Is Logined"
    status = post(panel, "login-status")
    assert status["data"]["isLogin"] is True
    assert panel.get("/api/napcat/login-info")["data"]["nick"] == "Claw"


def test_a_new_code_is_waited_for(panel: Panel, web: NapcatWebSimulator) -> None:
    first = post(panel, "qrcode")["data"]["qrcode"]
    web.codes_until_new = 3
    fresh = post(panel, "qrcode/refresh")
    assert fresh["code"] == 0 and fresh["data"]["qrcode"].startswith(URI) and fresh["data"]["qrcode"] != first
    web.codes_until_new = 10_000  # as after QQ was thrown off
    told = post(panel, "qrcode/refresh")
    assert told["ok"] is True and told["code"] == -1 and "NapCat" in told["message"]


@pytest.mark.parametrize("old", [False, True])
def test_accounts_that_can_be_signed_in_quickly(panel: Panel, web: NapcatWebSimulator, old: bool) -> None:
    web.old = old
    found = panel.get("/api/napcat/quick-login-list")
    assert found["data"] == ["10001", "10002"] and [one["uin"] for one in found["accounts"]] == found["data"]
    assert post(panel, "quick-login", {"uin": "5"}) == {"ok": True, "code": -1, "message": "该账号无法快速登录"}
    assert post(panel, "quick-login")["message"] == "uin is empty"
    assert post(panel, "quick-login", {"uin": 10001}) == {
        "ok": True,
        "code": 0,
        "data": None,
        "message": "success",
    }
    assert post(panel, "login-status")["data"]["isLogin"] is True


@pytest.mark.parametrize(
    "secret", [{"password": "pw"}, {"passwordMd5": PASSWORD_MD5}, {"passwordMd5": "pw"}], ids=["clear", "md5", "odd"]
)
def test_a_password_goes_as_its_md5(panel: Panel, web: NapcatWebSimulator, secret: dict[str, str]) -> None:
    told = post(panel, "password-login", {"uin": "10001", **secret})
    assert (told["code"], told["data"]) == (0, None)
    sent = [one.json for one in web.journal if one.path.endswith("PasswordLogin")]
    assert sent == [{"uin": "10001", "passwordMd5": PASSWORD_MD5}]


def test_a_password_that_is_wrong_or_missing_is_told(panel: Panel, web: NapcatWebSimulator) -> None:
    assert post(panel, "password-login", {"uin": "1", "password": "x"})["message"] == "密码错误"
    assert post(panel, "password-login", {"uin": "1"})["message"] == "passwordMd5 is empty"
    assert post(panel, "password-login", {"password": "pw"})["message"] == "uin is empty"
    assert len([one for one in web.paths if one.endswith("PasswordLogin")]) == 1
    answer = panel.ask("POST", "/api/napcat/password-login", content=b"{", headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["ok"]) == (400, False)


def test_a_captcha_and_a_new_device_are_gone_through(panel: Panel, web: NapcatWebSimulator) -> None:
    web.wants = ["captcha", "device"]
    who = {"uin": "10001", "password": "pw"}
    step = post(panel, "password-login", who)
    assert step["code"] == 0 and step["data"] == {"needCaptcha": True, "proofWaterUrl": CAPTCHA}
    assert post(panel, "captcha-login", who)["message"] == "ticket is empty"
    solved = {"ticket": "t0", "randstr": "r0", "proofWaterUrl": CAPTCHA}
    step = post(panel, "captcha-login", {**who, **solved})
    assert step["data"]["needNewDevice"] is True
    code = post(panel, "new-device-qrcode", {"uin": "10001", "jumpUrl": step["data"]["jumpUrl"]})["data"]
    assert code["qrcode"].startswith(URI) and code["bytes_token"] == "bt"
    states = [post(panel, "new-device-poll", {"uin": "10001", "bytesToken": "bt"})["data"] for _ in range(3)]
    assert [one["uint32_guarantee_status"] for one in states] == [0, 3, 1]
    assert states[2]["str_nt_succ_token"] == SIGNATURE
    done = post(panel, "new-device-login", {**who, "newDevicePullQrCodeSig": SIGNATURE})
    assert (done["code"], done["data"]) == (0, None)
    assert post(panel, "login-status")["data"]["isLogin"] is True


def folder(tmp_path: Path) -> Path:
    root = tmp_path / "QQ"
    for name in ("nt_qq/a", "nt_qq_abc", "NapCat/data", "NapCat/quickLoginCache", "NapCat/config", "other"):
        (root / name).mkdir(parents=True)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").write_text("x")
    (root / "NapCat" / "temp").symlink_to(outside)
    (root / "nt_qq" / "a" / "link").symlink_to(outside)
    return root


def test_signing_out_removes_the_session_and_nothing_else(web: NapcatWebSimulator, tmp_path: Path) -> None:
    root = folder(tmp_path)
    with signed_in_panel(block(web, sessionPath=str(root))) as panel:
        web.scan()
        told = post(panel, "logout")
        assert told == {"ok": True, "message": "QQ 已退出登录，容器正在重启...", "sessionCleared": True}
        assert web.restarts == 1 and web.auto_login == ""
        assert sorted(str(one.relative_to(root)) for one in root.rglob("*")) == ["NapCat", "NapCat/config", "other"]
        assert (tmp_path / "outside" / "kept").exists()
        assert post(panel, "login-status")["data"]["isLogin"] is False


def test_without_a_folder_the_session_is_said_to_stay(panel: Panel, web: NapcatWebSimulator) -> None:
    web.old = True
    told = post(panel, "logout")
    assert told["ok"] is True and told["sessionCleared"] is False and "sessionPath" in told["message"]
    assert web.restarts == 1


def test_signing_out_that_is_impossible_is_said_to_be(web: NapcatWebSimulator, tmp_path: Path) -> None:
    root = folder(tmp_path)
    with signed_in_panel(block(web, sessionPath=str(tmp_path / "nowhere"))) as panel:
        told = post(panel, "logout")
        assert told["ok"] is False and "sessionPath" in told["error"] and web.restarts == 0
    web.can_restart = False
    with signed_in_panel(block(web)) as panel:
        told = post(panel, "logout")
        assert told["ok"] is False and "NapCat" in told["error"], "neither way to start it again works"
    with signed_in_panel(
        {**block(web), "napcat": {"webUrl": f"http://127.0.0.1:{free_port()}", "webToken": "x"}}
    ) as panel:
        told = post(panel, "logout")
        assert told["ok"] is False and told["error"]
        assert (root / "nt_qq").exists()


def test_what_is_not_there_is_a_200_that_says_so(panel: Panel) -> None:
    refused = {"webUrl": f"http://127.0.0.1:{free_port()}", "webToken": "x"}
    for given in ({"napcat": refused}, {}):
        with signed_in_panel({"wsUrl": "ws://127.0.0.1:9", **given}) as other:
            told = post(other, "login-status")
            assert told["ok"] is False and told["error"] and "data" not in told
    with running_gateway(settings({})) as gateway:
        bare = Panel(gateway)
        assert post(bare, "qrcode")["ok"] is False
        assert bare.ask("GET", "/api/napcat/login-info").json()["ok"] is False
        bare.close()


def test_nobody_comes_without_a_token(panel: Panel) -> None:
    del panel.client.headers["authorization"]
    for method, path in (
        ("POST", "qrcode"),
        ("POST", "logout"),
        ("GET", "quick-login-list"),
        ("POST", "password-login"),
    ):
        answer = panel.ask(method, f"/api/napcat/{path}")
        assert (answer.status_code, answer.json()) == (401, {"ok": False, "error": "No token", "code": "invalid_token"})


def test_one_bot_restarts_napcat_where_its_page_cannot(web: NapcatWebSimulator) -> None:
    web.can_restart = False
    with OneBotSimulator() as qq:
        given = {**block(web), "wsUrl": qq.url, "accessToken": qq.token}
        with signed_in_panel(given) as panel:
            qq.journal.wait(lambda _: qq.connected == 1, 30)
            told = post(panel, "logout")
            assert told["ok"] is True, told
            assert any(action == "set_restart" for action, _ in qq.account.calls)
