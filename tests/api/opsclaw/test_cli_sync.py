"""`/api/proxy/cli/*` and `crawdad sync` in homes of their own, with the files that people really have there."""

from __future__ import annotations

import json
import os
import stat
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.opsclaw.asking import ADMIN, Client
from tests.api.opsclaw.test_config import make_key
from tests.support.server import TOKEN, Gateway, clean_environment, run_command, running_gateway, settings
from tests.support.waiting import eventually

KEY = "sk-given-0123456789abcdefghij"
SETTINGS = '{\r\n  // my own words\r\n  "permissions": { "allow": ["Bash"] },\r\n  "env": { "ANTHROPIC_AUTH_TOKEN": "old" }\r\n}\r\n'


class Scene:
    def __init__(self, gateway: Gateway, home: Path) -> None:
        self.gateway, self.home = gateway, home
        self.admin = Client(gateway, ADMIN)

    def file(self, path: str, text: str | None = None, mode: int = 0o644) -> Path:
        place = self.home / path
        if text is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(text.encode())
            place.chmod(mode)
        return place

    def all_files(self) -> dict[str, bytes]:
        return {str(each.relative_to(self.home)): each.read_bytes() for each in self.home.rglob("*") if each.is_file()}

    def post(self, action: str, **body: Any) -> Any:
        return self.admin.post(f"/api/proxy/cli/{action}", body)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Gateway, Path]]:
    home, programs = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("programs")
    claude = programs / "claude"
    claude.write_text("#!/bin/sh\necho '2.1.4 (Claude Code) build 77'\n")
    claude.chmod(0o755)
    env = {"HOME": str(home), "PATH": f"{programs}:/usr/bin:/bin", "CRAWDAD_ADMIN_TOKEN": ADMIN}
    with running_gateway(settings({}), env) as gateway:
        yield gateway, home


@pytest.fixture
def scene(running: tuple[Gateway, Path]) -> Iterator[Scene]:
    import shutil

    gateway, home = running
    for each in home.iterdir():
        if each.is_symlink() or each.is_file():
            each.unlink()
        else:
            each.chmod(0o755)
            shutil.rmtree(each)
    yield Scene(gateway, home)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_contracts_own_example(scene: Scene) -> None:
    told = scene.post("sync", appType="Claude", proxyUrl="http://127.0.0.1:8045", apiKey=KEY)
    assert told.status == 200
    written = json.loads(scene.file(".claude/settings.json").read_text())
    assert written == {"env": {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8045", "ANTHROPIC_API_KEY": KEY}}
    state = json.loads(scene.file(".claude.json").read_text())
    assert state == {"hasCompletedOnboarding": True, "customApiKeyResponses": {"approved": [KEY[-20:]]}}
    assert KEY not in str(told.body) and KEY[-20:] not in str(told.body) and len(told.body["files"]) == 2
    assert mode(scene.file(".claude/settings.json")) == 0o600 and mode(scene.file(".claude")) == 0o700


def test_status_before_and_after(scene: Scene) -> None:
    before = scene.post("status", appType="Claude", proxyUrl="http://127.0.0.1:8045").body
    assert before == {
        "installed": True,
        "version": "2.1.4",
        "is_synced": False,
        "has_backup": False,
        "current_base_url": None,
        "files": [".claude.json", "settings.json"],
        "paths": [f"{scene.home}/.claude.json", f"{scene.home}/.claude/settings.json"],
        "home": str(scene.home),
    }
    scene.post("sync", appType="Claude", proxyUrl="http://127.0.0.1:8045/v1/", apiKey=KEY)
    after = scene.post("status", appType="Claude", proxyUrl="http://127.0.0.1:8045/").body
    assert after["is_synced"] and after["has_backup"] and after["current_base_url"] == "http://127.0.0.1:8045"
    assert scene.post("status", appType="Claude", proxyUrl="http://127.0.0.1:1").body["is_synced"] is False
    missing = scene.post("status", appType="Codex").body
    assert (
        missing["installed"] is False
        and missing["version"] is None
        and missing["files"] == ["auth.json", "config.toml"]
    )


@pytest.mark.parametrize("name", ["Claude", "claude", "CODEX", "gemini"])
@pytest.mark.parametrize("field", ["appType", "app", "target"])
def test_tools_are_known_by_any_name(scene: Scene, name: str, field: str) -> None:
    assert scene.admin.post("/api/proxy/cli/status", {field: name}).status == 200


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (422, {"appType": "Emacs"}),
        (422, {}),
        (422, {"appType": 1}),
        (422, {"appType": "../../etc"}),
        (400, {"appType": "Claude", "proxyUrl": "file:///etc/passwd"}),
        (400, {"appType": "Claude", "proxyUrl": "http://h\nANTHROPIC_API_KEY=x"}),
        (400, {"appType": "Gemini", "apiKey": "a\nb"}),
        (400, {"appType": "Gemini", "apiKey": 'a"b'}),
        (400, {"appType": "Codex", "apiKey": KEY, "model": "a b"}),
        (422, {"appType": "Codex", "apiKey": "x" * 600}),
    ],
)
def test_nonsense_is_refused_and_nothing_is_written(scene: Scene, status: int, body: Any) -> None:
    told = scene.admin.post("/api/proxy/cli/sync", body)
    assert told.status == status and told.error and scene.all_files() == {}


def test_without_a_key_one_is_made_and_the_one_before_ends(scene: Scene) -> None:
    for _ in range(2):
        assert scene.post("sync", appType="Codex").status == 200
    text = scene.file(".codex/auth.json").read_text()
    key = json.loads(text)["OPENAI_API_KEY"]
    assert json.loads(text)["OPENAI_BASE_URL"] == scene.gateway.base_url + "/v1"
    user = Client(scene.gateway, key, "x-api-key")
    assert eventually(lambda: user.get("/v1/models").status == 200) and user.get("/api/config").status == 401
    named = json.loads(scene.gateway.run("keys", "list", "--json"))
    assert [each["name"] for each in named["keys"]].count("cli-codex") == 1
    assert scene.post("restore", appType="Codex").status == 200
    assert scene.all_files() == {} and eventually(lambda: user.get("/v1/models").status == 401)


def test_what_was_there_stays_and_comes_back_to_the_byte(scene: Scene) -> None:
    scene.file(".claude/settings.json", "\ufeff" + SETTINGS)
    scene.file(".claude.json", '{"numStartups": 7}', 0o600)
    scene.file(".codex/config.toml", '# mine\r\nmodel = "gpt-5" # keep\r\n\r\n[tools]\r\nweb = true\r\n')
    scene.file(".codex/auth.json", '{"tokens": {"id_token": "x"}}')
    scene.file(".gemini/.env", 'export A="1" # note\nGEMINI_API_KEY=old', 0o640)
    scene.file(".gemini/config.json", '{"security": {"auth": {"selectedType": "oauth-personal"}}}')
    before = scene.all_files()
    for app in ("Claude", "Codex", "Gemini"):
        for key in (KEY, "sk-another-0123456789abcdefghij"):
            told = scene.post("sync", appType=app, proxyUrl="http://127.0.0.1:8045", apiKey=key)
            assert told.status == 200, told
    text = scene.file(".claude/settings.json").read_bytes().decode()
    assert text.startswith("\ufeff") and "// my own words\r\n" in text and '"allow": ["Bash"]' in text
    assert "AUTH_TOKEN" not in text and "\n" not in text.replace("\r\n", "")
    codex = scene.file(".codex/config.toml").read_bytes().decode()
    assert "# keep\r\n" in codex and tomllib.loads(codex)["model_provider"] == "custom"
    provider = tomllib.loads(codex)["model_providers"]["custom"]
    assert provider == {
        "name": "custom",
        "wire_api": "responses",
        "requires_openai_auth": True,
        "base_url": "http://127.0.0.1:8045/v1",
    }
    gemini = scene.file(".gemini/.env").read_text()
    assert 'export A="1" # note\n' in gemini and "old" not in gemini
    assert "gemini-api-key" in scene.file(".gemini/config.json").read_text()
    assert mode(scene.file(".gemini/.env")) == 0o600 and mode(scene.file(".codex/config.toml")) == 0o644
    assert scene.file(".gemini/.env.crawdad.bak").read_bytes() == before[".gemini/.env"]
    assert scene.file(".claude/settings.json.crawdad.bak").read_bytes() == before[".claude/settings.json"]
    for app in ("Claude", "Codex", "Gemini"):
        for _ in range(2):
            assert scene.post("restore", appType=app).status == 200
    assert scene.all_files() == before


@pytest.mark.parametrize(
    ("app", "vendor"),
    [
        ("Claude", "https://api.anthropic.com"),
        ("Codex", "https://api.openai.com/v1"),
        ("Gemini", "https://generativelanguage.googleapis.com"),
    ],
)
def test_without_a_backup_the_tool_goes_to_its_vendor_again(scene: Scene, app: str, vendor: str) -> None:
    """Facts §6.3: the vendor's own address and no key; what points elsewhere is somebody else's and stays."""
    scene.file(".codex/config.toml", '# mine\nmodel = "gpt-5"\n')
    for elsewhere in (False, True):
        url = "http://127.0.0.1:9999" if elsewhere else scene.gateway.base_url
        assert scene.post("sync", appType=app, proxyUrl=url, apiKey=KEY).status == 200
        for place in [*scene.home.rglob("*.crawdad.bak"), *scene.home.rglob("*.crawdad.new")]:
            place.unlink()
        before = scene.all_files()
        told = scene.post("restore", appType=app)
        assert told.status == 200
        if elsewhere:
            assert scene.all_files() == before and told.body["files"] == []
            continue
        status = scene.post("status", appType=app).body
        assert status["current_base_url"] == vendor and not status["is_synced"] and not status["has_backup"]
        assert KEY.encode() not in b"".join(text for name, text in scene.all_files().items() if name != ".claude.json")
        again = scene.all_files()
        assert scene.post("restore", appType=app).body["files"] == [] and scene.all_files() == again
    assert b"# mine" in scene.all_files()[".codex/config.toml"]


def test_without_a_key_none_is_written_and_the_others_stay(scene: Scene) -> None:
    """Facts §6.2: an empty `apiKey` takes the key out and leaves the tool's other ways to sign in alone."""
    env = {"ANTHROPIC_API_KEY": "old", "ANTHROPIC_AUTH_TOKEN": "mine", "ANTHROPIC_MODEL": "m", "OTHER": "1"}
    scene.file(".claude/settings.json", json.dumps({"env": env}))
    assert scene.post("sync", appType="Claude", proxyUrl="http://127.0.0.1:8045", apiKey="").status == 200
    written = json.loads(scene.file(".claude/settings.json").read_text())["env"]
    assert written == {
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:8045",
        "ANTHROPIC_AUTH_TOKEN": "mine",
        "ANTHROPIC_MODEL": "m",
        "OTHER": "1",
    }
    assert scene.post("sync", appType="Claude", proxyUrl="http://127.0.0.1:8045", apiKey=KEY).status == 200
    written = json.loads(scene.file(".claude/settings.json").read_text())["env"]
    assert written == {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8045", "ANTHROPIC_API_KEY": KEY, "OTHER": "1"}


def test_what_the_tool_wrote_since_survives_a_restore(scene: Scene) -> None:
    scene.file(".claude.json", '{"numStartups": 7}')
    scene.post("sync", appType="Claude", apiKey=KEY)
    state = json.loads(scene.file(".claude.json").read_text())
    scene.file(".claude.json", json.dumps({**state, "numStartups": 8, "projects": {"/x": {}}}))
    scene.post("restore", appType="Claude")
    assert json.loads(scene.file(".claude.json").read_text()) == {"numStartups": 8, "projects": {"/x": {}}}


@pytest.mark.parametrize(
    ("app", "path", "text"),
    [
        ("Claude", ".claude/settings.json", "{ broken"),
        ("Claude", ".claude.json", "[1]"),
        ("Codex", ".codex/config.toml", "a = \n"),
        ("Codex", ".codex/auth.json", '{"OPENAI_API_KEY": '),
        ("Gemini", ".gemini/settings.json", '{"security": 1}'),
    ],
)
def test_a_broken_file_is_refused_and_no_file_is_touched(scene: Scene, app: str, path: str, text: str) -> None:
    scene.file(path, text)
    before = scene.all_files()
    told = scene.post("sync", appType=app, apiKey=KEY)
    assert told.status == 400 and path in told.error and scene.all_files() == before
    assert scene.post("status", appType=app).body["is_synced"] is False
    assert "SECRET" not in told.error


def test_a_file_that_is_not_text_is_refused(scene: Scene) -> None:
    place = scene.file(".claude/settings.json", "{}")
    place.write_bytes(b"\xff\xfe{\x00}\x00")
    assert scene.post("sync", appType="Claude", apiKey=KEY).status == 400
    place.unlink()
    os.mkfifo(place)
    assert scene.post("sync", appType="Claude", apiKey=KEY).status == 400
    place.unlink()
    place.mkdir()
    assert scene.post("sync", appType="Claude", apiKey=KEY).status == 400


def test_read_only_files_and_folders_are_respected(scene: Scene) -> None:
    scene.file(".claude/settings.json", "{}", 0o444)
    before = scene.all_files()
    told = scene.post("sync", appType="Claude", apiKey=KEY)
    assert told.status == 403 and "settings.json" in told.error and scene.all_files() == before
    scene.file(".claude/settings.json").unlink()
    scene.file(".claude").chmod(0o555)
    assert scene.post("sync", appType="Claude", apiKey=KEY).status == 403 and scene.all_files() == {}


def test_a_link_stays_a_link_and_one_that_leads_outside_is_refused(scene: Scene, tmp_path: Path) -> None:
    dotfiles = scene.file("dotfiles/claude.json", '{"theme": "dark"}')
    link = scene.file(".claude/settings.json")
    link.parent.mkdir()
    link.symlink_to(dotfiles)
    assert scene.post("sync", appType="Claude", apiKey=KEY).status == 200
    assert link.is_symlink() and KEY in dotfiles.read_text()
    assert scene.post("restore", appType="Claude").status == 200
    assert link.is_symlink() and dotfiles.read_text() == '{"theme": "dark"}'
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    link.unlink()
    link.symlink_to(outside)
    told = scene.post("sync", appType="Claude", apiKey=KEY)
    assert told.status == 403 and outside.read_text() == "{}"
    assert scene.post("config", appType="Claude", fileName="settings.json").status == 403
    link.unlink()
    link.parent.rmdir()
    link.parent.symlink_to(tmp_path)
    assert scene.post("sync", appType="Claude", apiKey=KEY).status == 403 and not (tmp_path / "settings.json").exists()


def test_a_dry_run_shows_and_writes_nothing(scene: Scene) -> None:
    scene.file(".codex/config.toml", 'model = "gpt-5"\n')
    before = scene.all_files()
    told = scene.post("sync", appType="Codex", dryRun=True, model="m/x").body
    assert scene.all_files() == before
    diff = next(file["diff"] for file in told["files"] if file["name"] == "config.toml")
    assert '-model = "gpt-5"' in diff and '+model = "m/x"' in diff


def test_rendering_is_for_machines_that_are_not_this_one(scene: Scene) -> None:
    told = scene.post("render", appType="Gemini", proxyUrl="https://gateway.example", model="m/x").body
    assert scene.all_files() == {} and [file["path"] for file in told["files"]] == [
        "~/.gemini/.env",
        "~/.gemini/settings.json",
    ]
    assert "GOOGLE_GEMINI_BASE_URL=https://gateway.example" in told["files"][0]["content"]
    assert told["command"].startswith("crawdad sync gemini --url https://gateway.example --key ")


def test_files_are_shown_to_those_who_may_see_secrets(scene: Scene) -> None:
    scene.file(".codex/auth.json", json.dumps({"tokens": {"refresh_token": "rt-0123456789abcdef"}}))
    scene.file(".ssh/id_ed25519", "private")
    assert "rt-0123456789abcdef" in scene.post("config", appType="Codex").body
    reader = Client(scene.gateway, make_key(scene.gateway, "system.read", "config.read"), "x-api-key")
    told = reader.post("/api/proxy/cli/config", {"appType": "Codex", "fileName": "auth.json"})
    assert told.status == 200 and "rt-0123456789abcdef" not in told.body and "refresh_token" in told.body
    for name in ("config.toml", "../.ssh/id_ed25519", "/etc/passwd", ".ssh/id_ed25519", "auth.json\0"):
        missing = scene.post("config", appType="Codex", fileName=name)
        assert missing.status == 404 and missing.error and "private" not in str(missing.body)
    assert reader.post("/api/proxy/cli/sync", {"appType": "Codex"}).status == 403
    assert Client(scene.gateway, TOKEN).post("/api/proxy/cli/status", {"appType": "Codex"}).status == 401


def test_who_may_make_no_keys_brings_one(scene: Scene) -> None:
    keeper = Client(scene.gateway, make_key(scene.gateway, "system.manage", "config.read"), "x-api-key")
    assert keeper.post("/api/proxy/cli/sync", {"appType": "Claude"}).status == 403 and scene.all_files() == {}
    assert keeper.post("/api/proxy/cli/sync", {"appType": "Claude", "apiKey": KEY}).status == 200


def test_the_command_line_does_the_same(scene: Scene, tmp_path: Path) -> None:
    def run(*words: str) -> Any:
        own = {"HOME": str(tmp_path), "CRAWDAD_HOME": str(scene.gateway.home), "GEMINI_CLI_HOME": ""}
        done = run_command(["sync", *words, "--json"], {**clean_environment(), **own})
        return done.returncode, json.loads(done.stdout)

    code, told = run("gemini", "--dry-run")
    assert code == 0 and told["written"] is False and len(told["files"]) == 2 and list(tmp_path.iterdir()) == []
    code, told = run("gemini", "--url", "http://127.0.0.1:8045", "--key", KEY)
    assert code == 0 and told["written"] is True and KEY not in json.dumps(told)
    assert KEY in (tmp_path / ".gemini/.env").read_text()
    code, told = run("gemini", "--status", "--url", "http://127.0.0.1:8045")
    assert code == 0 and told["synced"] is True and told["backup"] is True
    code, told = run("gemini", "--restore")
    assert code == 0 and [each for each in tmp_path.rglob("*") if each.is_file()] == []
    code, told = run("emacs")
    assert code == 1 and "emacs" in told["error"]["message"]


def test_files_are_where_the_tools_own_variables_say(scene: Scene, tmp_path: Path) -> None:
    home, elsewhere, outside = tmp_path / "home", tmp_path / "elsewhere", tmp_path / "outside"
    for each in (home, elsewhere, outside):
        each.mkdir()
    variables = {
        "CLAUDE_CONFIG_DIR": str(elsewhere / "claude"),
        "CODEX_HOME": str(elsewhere / "codex") + "/",
        "GEMINI_CLI_HOME": str(home / "config"),
    }

    def run(*words: str, **more: str) -> Any:
        own = {"HOME": str(home), "CRAWDAD_HOME": str(scene.gateway.home)}
        done = run_command(["sync", *words, "--json"], {**clean_environment(), **own, **variables, **more})
        return done.returncode, json.loads(done.stdout)

    def files() -> set[str]:
        return {str(each.relative_to(tmp_path)) for each in tmp_path.rglob("*") if each.is_file()}

    codex = elsewhere / "codex/config.toml"
    codex.parent.mkdir()
    codex.write_text('model = "gpt-5" # keep\n')
    wanted = {
        "claude": {"elsewhere/claude/.claude.json", "elsewhere/claude/settings.json"},
        "codex": {"elsewhere/codex/auth.json", "elsewhere/codex/config.toml"},
        "gemini": {"home/config/.gemini/.env", "home/config/.gemini/settings.json"},
    }
    for tool, paths in wanted.items():
        code, told = run(tool, "--url", "http://127.0.0.1:8045", "--key", KEY)
        assert code == 0 and {file["path"] for file in told["files"]} == {str(tmp_path / path) for path in paths}
        assert all(str(tmp_path / path) in "".join(file["diff"] for file in told["files"]) for path in paths)
        assert run(tool, "--status", "--url", "http://127.0.0.1:8045")[1]["synced"] is True
        assert {path for path in files() if not path.endswith((".crawdad.bak", ".crawdad.new"))} == paths | (
            {"elsewhere/codex/config.toml"}
        )
        assert run(tool, "--restore")[0] == 0 and files() == {"elsewhere/codex/config.toml"}
    assert codex.read_text() == 'model = "gpt-5" # keep\n'
    assert run("claude", "--key", KEY, CLAUDE_CONFIG_DIR="")[0] == 0 and (home / ".claude/settings.json").exists()
    codex.unlink()
    codex.symlink_to(outside / "config.toml")
    (outside / "config.toml").write_text("")
    code, told = run("codex", "--key", KEY)
    assert code == 1 and str(codex) in told["error"]["message"] and (outside / "config.toml").read_text() == ""
