"""The tunnel over a running server, with a stand-in for Cloudflare's program that prints what the real one prints."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from crawdad.services.tunnel import url_in
from tests.api.opsclaw.asking import ADMIN, Client
from tests.support.server import TOKEN, Gateway, running_gateway, settings
from tests.support.waiting import eventually

FAKE = Path(__file__).with_name("cloudflared.py")
SECRET = "eyJhIjoiMDEyMzQ1Njc4OWFiY2RlZiIsInQiOiJmMDBkIn0="
URL = "https://wizard-dad-contest.trycloudflare.com"


class Scene:
    def __init__(self, gateway: Gateway, folder: Path) -> None:
        self.gateway, self.folder = gateway, folder
        self.admin = Client(gateway, ADMIN)

    def install(self, plan: str) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "plan").write_text(plan)
        program = self.folder / "cloudflared"
        program.write_text(FAKE.read_text())
        program.chmod(0o755)

    def plan(self, plan: str) -> None:
        (self.folder / "plan").write_text(plan)

    def calls(self) -> list[dict[str, Any]]:
        place = self.folder / "calls"
        return [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []

    def status(self) -> Any:
        told = self.admin.get("/api/proxy/cloudflared/status")
        assert told.status == 200
        return told.body

    def post(self, action: str, body: Any = None) -> Any:
        return self.admin.post(f"/api/proxy/cloudflared/{action}", body)

    def until(self, reached: Callable[[Any], bool]) -> Any:
        def look() -> Any:
            return found if reached(found := self.status()) else None

        return eventually(look, "the tunnel")


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    env = {"CRAWDAD_ADMIN_TOKEN": ADMIN, "HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "SECRET_OF_OURS": "s3cret"}
    with running_gateway(settings({}), env, home=tmp_path) as gateway:
        yield Scene(gateway, tmp_path / "bin")


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_quick_tunnel_opens_tells_its_address_and_closes(scene: Scene) -> None:
    scene.install("quick")
    idle = scene.status()
    assert idle == {
        "installed": True,
        "version": "cloudflared version 2025.10.0 (built 2025-10-14-1022 UTC)",
        "running": False,
        "url": None,
        "error": None,
        "mode": None,
        "restarts": 0,
    }
    told = scene.post("start")
    assert told.status == 200 and told.body["running"] is True and told.body["error"] is None
    assert scene.until(lambda found: found["url"] is not None)["url"] == URL
    again = scene.post(
        "start", {"config": {"enabled": True, "mode": "quick", "port": scene.gateway.port, "token": None}}
    )
    assert again.status == 200 and again.body["url"] == URL and len(scene.calls()) == 1
    call = scene.calls()[0]
    assert call["argv"] == ["tunnel", "--url", scene.gateway.base_url, "--http-host-header", "localhost"]
    assert "SECRET_OF_OURS" not in call["env"] and TOKEN not in str(call) and ADMIN not in str(call)
    for _ in range(2):
        closed = scene.post("stop").body
        assert closed["running"] is False and closed["url"] is None and closed["error"] is None
    assert not alive(call["pid"])


def test_many_who_start_and_stop_at_once_leave_one_program_or_none(scene: Scene) -> None:
    scene.install("quick")
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda _: scene.post("start"), range(8)))
        assert {each.status for each in told} == {200}
        scene.until(lambda found: found["url"] is not None)  # the program writes itself down before it tells that
        assert len(scene.calls()) == 1
        mixed = list(pool.map(lambda number: scene.post(("start", "stop")[number % 2]), range(16)))
        assert {each.status for each in mixed} == {200}
    running = scene.status()["running"]
    eventually(lambda: sum(alive(call["pid"]) for call in scene.calls()) == int(running), "as many as it says")
    assert scene.post("stop").body["running"] is False
    assert not any(alive(call["pid"]) for call in scene.calls())


def test_a_named_tunnel_gets_its_token_where_nobody_reads_it(scene: Scene) -> None:
    scene.install("named")
    config = {"mode": "auth", "port": scene.gateway.port, "token": SECRET, "use_http2": True}
    assert scene.post("start", {"config": config}).status == 200
    assert scene.until(lambda found: found["url"] is not None)["url"] == "https://crawdad.example.com"
    call = scene.calls()[0]
    assert call["argv"] == ["tunnel", "run"] and call["env"]["TUNNEL_TOKEN"] == SECRET
    assert call["env"]["TUNNEL_TRANSPORT_PROTOCOL"] == "http2"
    commands = [place.read_bytes() for place in Path("/proc").glob("[0-9]*/cmdline") if place.exists()]
    assert not any(SECRET.encode() in command for command in commands)
    assert SECRET not in scene.gateway.log() and SECRET not in json.dumps(scene.status())


@pytest.mark.parametrize(
    ("status", "config"),
    [
        (400, {"mode": "auth"}),
        (400, {"mode": "auth", "token": "short"}),
        (400, {"mode": "auth", "token": "x" * 30 + "\nA=1"}),
        (403, {"port": 22}),
        (422, {"mode": "sideways"}),
        (422, {"port": "8045"}),
        (422, {"port": 0}),
    ],
)
def test_nonsense_opens_nothing(scene: Scene, status: int, config: Any) -> None:
    scene.install("quick")
    for body in ({"config": config}, config):
        told = scene.post("start", body)
        assert told.status == status and told.error
    assert scene.calls() == [] and scene.status()["running"] is False


def test_without_the_program_people_are_told_how_to_get_it(scene: Scene) -> None:
    assert scene.status()["installed"] is False and scene.status()["version"] is None
    told = scene.post("start")
    assert told.status == 404 and "cloudflared" in told.error and "apt-get install" in told.error
    assert str(scene.folder) in told.error
    chinese = scene.admin.post("/api/proxy/cloudflared/start", None, accept_language="zh-CN")
    assert "安装命令" in chinese.error
    install = scene.post("install")
    assert install.status == 501 and "apt-get install" in install.error and not scene.folder.exists()
    scene.install("quick")
    assert scene.post("install").status == 200


def test_it_is_started_again_when_it_ends(scene: Scene) -> None:
    scene.install("crash")
    scene.post("start")
    # Once it runs again, it is told why it had ended until it has an address.
    ended = scene.until(lambda found: not found["running"] and found["error"] is not None and found["url"] is None)
    assert "7" in ended["error"]
    scene.plan("quick")
    opened = scene.until(lambda found: found["url"] is not None)
    assert opened["running"] is True and opened["restarts"] >= 1 and opened["error"] is None
    scene.post("stop")


def test_why_it_ended_is_told_and_its_own_service_is_no_address(scene: Scene) -> None:
    scene.install("unreachable")
    scene.post("start")
    told = scene.until(lambda found: found["error"] is not None)
    assert "no such host" in told["error"] and told["url"] is None
    assert "重启" in scene.admin.get("/api/proxy/cloudflared/status", accept_language="zh").body["error"]
    assert scene.post("stop").body["error"] is None


def test_one_that_will_not_end_is_ended(scene: Scene) -> None:
    scene.install("stubborn")
    scene.post("start")
    scene.until(lambda found: found["url"] is not None)
    pid = scene.calls()[0]["pid"]
    assert scene.post("stop").body["running"] is False and not alive(pid)


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_it_ends_with_the_gateway(scene: Scene, how: str) -> None:
    scene.install("quick")
    scene.post("start")
    scene.until(lambda found: found["url"] is not None)
    pid = scene.calls()[0]["pid"]
    if how == "stop":
        scene.gateway.stop()
    else:
        assert scene.gateway.process is not None
        scene.gateway.process.kill()  # this process alone, not its group: as the kernel does when memory runs out
        scene.gateway.process.wait()
    eventually(lambda: not alive(pid), "the end of the tunnel's process")


def test_an_open_door_gets_no_tunnel(scene: Scene) -> None:
    scene.install("quick")
    scene.post("start")
    scene.until(lambda found: found["url"] is not None)
    pid = scene.calls()[0]["pid"]
    assert scene.admin.post("/api/config", {"proxy": {"auth_mode": "off"}}).status == 200
    closed = scene.status()
    assert closed["running"] is False and "authentication" in closed["error"] and not alive(pid)
    told = scene.post("start")
    assert told.status == 403 and "authentication" in told.error and len(scene.calls()) == 1


def test_it_is_for_administrators(scene: Scene) -> None:
    scene.install("quick")
    user = Client(scene.gateway, TOKEN, "x-api-key")
    for action in ("start", "stop", "install"):
        assert user.post(f"/api/proxy/cloudflared/{action}").status == 401
    assert user.get("/api/proxy/cloudflared/status").status == 401 and scene.calls() == []


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("INF |  https://a-b-c.trycloudflare.com   |", "https://a-b-c.trycloudflare.com"),
        ("ERR Post https://api.trycloudflare.com/tunnel", None),
        ("INF https://a.trycloudflare.com.evil.example", None),
        ("INF http://a.trycloudflare.com", None),
        ('INF config="{\\"ingress\\":[{\\"hostname\\":\\"x.example\\"}]}" version=1', "https://x.example"),
        ('INF config="{\\"ingress\\":[{\\"service\\":\\"http_status:404\\"}]}"', None),
        ('INF config="{\\"ingress\\":[{\\"hostname\\":\\"x/../y z\\"}]}"', None),
        ('INF config="{not json}"', None),
        ('INF config="{\\"ingress\\":[1]}"', None),
    ],
)
def test_what_lines_tell(line: str, url: str | None) -> None:
    assert url_in(line) == url
