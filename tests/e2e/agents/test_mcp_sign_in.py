"""Signing in to a server made with the `mcp` package, by the command line, and an agent that uses it from then on."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.agents.conftest import OpenScene, Scene
from tests.e2e.agents.deeds import results, story, told_to, tool_names
from tests.support.scripted_model import calls, says
from tests.support.server import SOURCE, free_port
from tests.support.waiting import PATIENCE, eventually

SERVER = Path(__file__).parents[2] / "support/granting_mcp_server.py"


@contextmanager
def granting(folder: Path, life: int = 3600) -> Iterator[str]:
    """The server at work: its address. Its journal is `journal` in `folder`."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(SERVER), str(port), str(folder / "journal")],
        env={**os.environ, "LIFE": str(life)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def listens() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        eventually(listens, "the server")
        yield f"http://127.0.0.1:{port}/mcp"
    finally:
        process.kill()
        process.wait()


def journal(folder: Path, what: str) -> list[Any]:
    """What the server noted of a kind."""
    path = folder / "journal"
    lines = path.read_text().splitlines() if path.exists() else []
    return [line for line in map(json.loads, lines) if line["what"] == what]


class Command:
    """`crawdad mcp …` in the home of a gateway, while a person reads what it says."""

    def __init__(self, scene: Scene, *words: str) -> None:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("CRAWDAD_")}
        line = [
            sys.executable,
            "-P",
            "-m",
            "crawdad.app.main",
            "mcp",
            *words,
            "--json",
            "--home",
            str(scene.gateway.home),
        ]
        self.process = subprocess.Popen(
            line,
            env={**environment, "PYTHONPATH": str(SOURCE)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def page(self) -> str:
        """The address that it asks the person to open."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if line.startswith("http"):
                return line.strip()
        raise AssertionError("it named no page")

    def end(self, said: str = "") -> tuple[int, str]:
        """Say something, and wait for the end: the exit code, and all that it told."""
        out, err = self.process.communicate(said, timeout=60)
        return self.process.returncode, out + err


def consented(page: str) -> str:
    """Where a browser is sent that opens the page."""
    answer = httpx.get(page, timeout=PATIENCE)
    assert answer.status_code == 302, answer.text
    return answer.headers["location"]


def login(scene: Scene) -> None:
    command = Command(scene, "login", "shelf")
    back = httpx.get(consented(command.page()), timeout=PATIENCE)
    assert back.status_code == 200, back.text
    code, said = command.end()
    assert code == 0, said


def opened(open_scene: OpenScene, address: str) -> Scene:
    return open_scene(
        story("GO", calls(("shelf__secret", {})), says("Done.")),
        mcp={"servers": {"shelf": {"url": address, "readOnly": True}}},
    )


def test_a_person_signs_in_and_an_agent_uses_the_server(open_scene: OpenScene, tmp_path: Path) -> None:
    with granting(tmp_path) as address:
        scene = opened(open_scene, address)
        scene.chat("GO", user="a")
        assert "shelf__secret" not in tool_names(scene.model.asked[-1]), "nobody has signed in"
        login(scene)
        scene.chat("GO", user="b")
        assert "the secret of the shelf" in results(told_to(scene, "GO"))[-1]
        (consent,) = journal(tmp_path, "consented")
        assert consent == {"what": "consented", "resource": address, "scopes": ["notes"]}
        (registered,) = journal(tmp_path, "registered")
        assert registered["redirect_uris"][0].startswith("http://127.0.0.1:")
        code, _ = Command(scene, "logout", "shelf").end()
        assert code == 0
        scene.gateway.stop()
        scene.gateway.start()
        scene.chat("GO", user="c")
        assert "shelf__secret" not in tool_names(scene.model.asked[-1])


def test_the_address_may_be_pasted(open_scene: OpenScene, tmp_path: Path) -> None:
    with granting(tmp_path) as address:
        scene = opened(open_scene, address)
        command = Command(scene, "login", "shelf", "--paste")
        code, said = command.end(consented(command.page()) + "\n")
        assert code == 0, said
        scene.chat("GO")
        assert "the secret of the shelf" in results(told_to(scene, "GO"))[-1]


def test_an_answer_to_another_sign_in_is_not_taken(open_scene: OpenScene, tmp_path: Path) -> None:
    """Neither by the port of this machine, where every page of the browser can knock, nor pasted."""
    with granting(tmp_path) as address:
        scene = opened(open_scene, address)
        command = Command(scene, "login", "shelf")
        right = consented(command.page())
        state = right.partition("state=")[2]
        for wrong in (right.replace(state, "other"), right.partition("&state=")[0]):
            assert httpx.get(wrong, timeout=PATIENCE).status_code == 400
        assert httpx.get(right, timeout=PATIENCE).status_code == 200 and command.end()[0] == 0
        pasted = Command(scene, "login", "shelf", "--paste")
        code, said = pasted.end(consented(pasted.page()).partition("state=")[0] + "state=other\n")
        assert code != 0 and "another sign-in" in said


def test_tokens_are_renewed_and_encrypted_at_rest(open_scene: OpenScene, tmp_path: Path) -> None:
    with granting(tmp_path, life=30) as address:  # renewed a minute before its end: each time
        scene = opened(open_scene, address)
        login(scene)
        scene.chat("GO", user="a")
        scene.chat("GO", user="b")
        assert "the secret of the shelf" in results(told_to(scene, "GO"))[-1]
        assert len(journal(tmp_path, "renewed")) >= 2
    with sqlite3.connect(Path(scene.gateway.home) / "crawdad.db") as database:
        rows = database.execute("SELECT value FROM key_values WHERE key LIKE 'mcp.%'").fetchall()
    assert len(rows) == 1 and "access" not in rows[0][0] and "refresh" not in rows[0][0]


@pytest.mark.parametrize("change", ["address", "header"])
def test_a_token_goes_nowhere_else(open_scene: OpenScene, tmp_path: Path, change: str) -> None:
    """A server that is moved to another address has to be signed in to anew; a key in the settings goes before."""
    with granting(tmp_path) as address, granting(tmp_path) as other:
        scene = opened(open_scene, address)
        login(scene)
        server: dict[str, Any] = (
            {"url": other} if change == "address" else {"headers": {"Authorization": "Bearer none"}}
        )
        document = json.loads((scene.gateway.home / "openclaw.json").read_text())
        document["mcp"]["servers"]["shelf"] |= server
        scene.gateway.stop()
        scene.gateway.write_config(document)
        scene.gateway.start()
        scene.chat("GO")
        assert "shelf__secret" not in tool_names(scene.model.asked[-1])


def test_servers_are_listed_and_signed_in_to_over_http(open_scene: OpenScene, tmp_path: Path) -> None:
    with granting(tmp_path) as address:
        scene = open_scene(
            story("GO", calls(("shelf__secret", {})), says("Done.")),
            mcp={
                "servers": {
                    "shelf": {"url": f"{address}?key=hidden", "readOnly": True},
                    "local": {"command": "some-server", "enabled": False},
                }
            },
        )
        path = "/api/mcp/servers/shelf"

        def look(**more: Any) -> Any:
            answer = scene.client.get(path, **more)
            assert answer.status_code == 200, answer.text
            return answer.json()

        local, shelf = scene.client.get("/api/mcp/servers").json()["servers"]
        assert (local["name"], local["transport"], local["state"]) == ("local", "stdio", "off")
        assert (shelf["address"], shelf["state"], shelf["signed_in"], shelf["login"]) == (address, "idle", False, None)
        scene.chat("GO", user="a")
        assert look()["state"] == "failed" and "mcp login" in look()["error"]
        assert look(headers={"accept-language": "zh-CN"})["error"] != look()["error"]
        begun = scene.client.post(f"{path}/login")
        assert begun.status_code == 201 and begun.json()["state"] == "waiting", begun.text
        first = consented(begun.json()["url"])
        second = scene.client.post(f"{path}/login").json()  # the first is given up
        with pytest.raises(httpx.ConnectError):
            httpx.get(first, timeout=PATIENCE)
        wrong = scene.client.post(f"{path}/login/paste", json={"pasted": first})
        assert wrong.status_code == 400 and "another sign-in" in wrong.json()["error"]
        assert httpx.get(consented(second["url"]), timeout=PATIENCE).status_code == 200
        assert (look()["signed_in"], look()["login"]["state"], look()["login"]["url"]) == (True, "signed-in", "")
        scene.chat("GO", user="b")
        assert "the secret of the shelf" in results(told_to(scene, "GO"))[-1]
        assert (look()["state"], look()["tools"], look()["error"]) == ("ready", ["secret"], None)
        assert scene.client.delete(f"{path}/login").status_code == 204
        assert look()["signed_in"] is False and look()["login"] is None
        third = scene.client.post(f"{path}/login").json()
        pasted = scene.client.post(f"{path}/login/paste", json={"pasted": consented(third["url"])})
        assert pasted.status_code == 200 and pasted.json()["state"] == "signed-in", pasted.text
        assert look()["signed_in"] is True


def test_only_managers_sign_in_to_servers_that_there_are(open_scene: OpenScene) -> None:
    scene = open_scene(says("Hi."), mcp={"servers": {"local": {"command": "some-server"}}})
    key = scene.client.post("/api/keys", json={"name": "user"}).json()["key"]
    for method, path in (("GET", ""), ("GET", "/local"), ("POST", "/local/login"), ("DELETE", "/local/login")):
        told = httpx.request(
            method,
            f"{scene.gateway.base_url}/api/mcp/servers{path}",
            headers={"authorization": f"Bearer {key}"},
            timeout=PATIENCE,
        )
        assert told.status_code == 401, "a key for models opens none of it"
        assert (
            httpx.request(method, f"{scene.gateway.base_url}/api/mcp/servers{path}", timeout=PATIENCE).status_code
            == 401
        )
    assert scene.client.post("/api/mcp/servers/nobody/login").status_code == 404
    assert scene.client.post("/api/mcp/servers/local/login").status_code == 400, "a program is not signed in to"
    assert scene.client.post("/api/mcp/servers/local/login/paste", json={"pasted": "x"}).status_code == 404
