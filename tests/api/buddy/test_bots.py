"""OpenClaw Buddy's bots: made, changed and removed as tasks, and the files that make them what they are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from crawdad.services.configuration import edits
from tests.api.buddy.answers import ask, ended, refused, told
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

MODEL = "crawdad/demo"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as found:
        yield found


def entry(gateway: Gateway, bot: str) -> dict[str, Any] | None:
    """A bot as the configuration file has it."""
    agents = edits.value_of((gateway.home / "openclaw.json").read_text()).get("agents", {}).get("list", [])
    return next((each for each in agents if each["id"] == bot), None)


def add(gateway: Gateway, bot: str, **more: Any) -> httpx.Response:
    return ask(gateway, "POST", "bots/add", json={"id": bot, "model": MODEL, **more})


def test_a_bot_is_made_renamed_remodelled_and_removed(gateway: Gateway) -> None:
    made = told(add(gateway, "Bot_1"))
    assert (made["status"], made["message"], made["id"]) == ("success", "Bot created", "bot_1")
    workspace = Path(made["workspace"])
    assert (workspace / "SOUL.md").exists()
    task = ended(gateway, made["taskID"])
    assert (task["kind"], task["target"], task["status"]) == ("bots.add", "Bot_1", "succeeded")
    assert (entry(gateway, "bot_1") or {})["model"] == MODEL

    zh = {"accept-language": "zh-CN"}
    named = ask(gateway, "POST", "bots/set-identity", json={"id": "bot_1", "name": "小虾"}, headers=zh)
    assert told(named)["message"] == "名称修改成功"
    assert (entry(gateway, "bot_1") or {})["name"] == "小虾"
    assert "- Name: 小虾\n" in (workspace / "IDENTITY.md").read_text()

    body = {"id": "bot_1", "model": "openai/other"}
    assert told(ask(gateway, "POST", "bots/set-model", json=body, headers=zh))["message"] == "模型修改成功"
    assert (entry(gateway, "bot_1") or {})["model"] == "openai/other"

    gone = told(ask(gateway, "POST", "bots/delete", json={"id": "bot_1"}, headers=zh))
    assert (gone["message"], gone["id"]) == ("机器人已彻底移除", "bot_1")
    assert (entry(gateway, "bot_1"), workspace.exists()) == (None, False)


def test_the_document_s_way_to_change_a_bot_and_the_other(gateway: Gateway) -> None:
    told(add(gateway, "changing"))
    changed = told(
        ask(
            gateway,
            "POST",
            "bots/update",
            json={"id": "changing", "config": {"name": "A", "model": "x/a", "emoji": "🦞"}},
        )
    )
    assert changed["message"] == "Configuration updated"
    assert entry(gateway, "changing") == {"id": "changing", "name": "A", "model": "x/a", "identity": {"emoji": "🦞"}}
    told(ask(gateway, "POST", "bots/update", json={"id": "changing", "name": "B", "modelId": "x/b"}))
    assert entry(gateway, "changing") == {"id": "changing", "name": "B", "model": "x/b", "identity": {"emoji": "🦞"}}
    odd: list[dict[str, Any]] = [
        *({}, {"config": {}}, {"config": {"tools": {}}}),
        *({"config": {"name": 5}}, {"config": {"name": "a\nb"}}, {"name": ""}, {"config": [1]}),
    ]
    for body in odd:
        refused(ask(gateway, "POST", "bots/update", json={"id": "changing", **body}), 400)
    assert "tools" in refused(ask(gateway, "POST", "bots/update", json={"id": "changing", "config": {"tools": 1}}), 400)
    assert entry(gateway, "changing") == {"id": "changing", "name": "B", "model": "x/b", "identity": {"emoji": "🦞"}}


def test_main_that_stands_nowhere_can_be_changed_and_the_last_bot_stays() -> None:
    with running_gateway(settings({})) as found:
        message = refused(ask(found, "POST", "bots/delete", json={"id": "main"}), 403)
        assert message == "The last bot cannot be removed."
        told(ask(found, "POST", "bots/set-model", json={"id": "main", "model": MODEL}))
        assert (entry(found, "main") or {})["model"] == MODEL
        told(add(found, "second"))
        refused(ask(found, "POST", "bots/delete", json={"id": "main"}), 403)
        assert entry(found, "main") is not None


@pytest.mark.parametrize("bot", ["../x", "a b", "", "ü", "a-b", "a" * 65, "a\n"])
def test_ids_that_are_none_are_refused(gateway: Gateway, bot: str) -> None:
    refused(add(gateway, bot), 400)


def test_what_is_there_or_is_not_there_is_told_with_its_kind(gateway: Gateway) -> None:
    told(add(gateway, "twice"))
    refused(add(gateway, "TWICE"), 409)
    refused(add(gateway, "main"), 400)
    refused(ask(gateway, "POST", "bots/add", json={"id": "no_model"}), 400)
    for path, more in (
        ("update", {"name": "x"}),
        ("set-identity", {"name": "x"}),
        ("set-model", {"model": "x"}),
        ("delete", {}),
    ):
        refused(ask(gateway, "POST", f"bots/{path}", json={"id": "phantom", **more}), 404)
    assert entry(gateway, "phantom") is None


@pytest.mark.parametrize(("path", "headers"), [("bots/add?async=true", {}), ("bots/add", {"prefer": "respond-async"})])
def test_who_does_not_want_to_wait_gets_the_task_alone(gateway: Gateway, path: str, headers: dict[str, str]) -> None:
    bot = "fast_" + ("query" if "?" in path else "header")
    answer = ask(gateway, "POST", path, json={"id": bot, "model": MODEL}, headers=headers)
    data = told(answer, 202)
    assert set(data) == {"taskID"}
    assert ended(gateway, data["taskID"])["result"]["id"] == bot
    assert entry(gateway, bot) is not None


def test_the_files_of_a_bot_are_read_and_written_by_type(gateway: Gateway) -> None:
    workspace = Path(told(add(gateway, "filed"))["workspace"])
    assert told(ask(gateway, "GET", "bots/file?id=filed"))["content"] == (workspace / "SOUL.md").read_text()
    for kind, name in (
        ("soul", "SOUL"),
        ("IDENTITY", "IDENTITY"),
        ("tools", "TOOLS"),
        ("user", "USER"),
        ("memory", "MEMORY"),
    ):
        written = ask(gateway, "POST", "bots/file", json={"id": "filed", "type": kind, "content": f"# {kind} 是\n"})
        assert told(written) == {"status": "success"}
        assert (workspace / f"{name}.md").read_text() == f"# {kind} 是\n"
        assert told(ask(gateway, "GET", f"bots/file?id=filed&type={kind}")) == {"content": f"# {kind} 是\n"}
    assert told(ask(gateway, "POST", "bots/file", json={"id": "filed", "content": "x"})) == {"status": "success"}
    assert (workspace / "SOUL.md").read_text() == "x"


def test_a_file_in_lower_case_is_found_and_a_missing_one_is_empty(gateway: Gateway) -> None:
    workspace = Path(told(add(gateway, "lower"))["workspace"])
    (workspace / "USER.md").unlink()
    assert told(ask(gateway, "GET", "bots/file?id=lower&type=user")) == {"content": ""}
    (workspace / "user.md").write_text("small")
    assert told(ask(gateway, "GET", "bots/file?id=lower&type=user")) == {"content": "small"}


def test_no_other_file_is_reached(gateway: Gateway, tmp_path: Path) -> None:
    workspace = told(add(gateway, "kept_in"))["workspace"]
    (tmp_path / "SOUL.md").write_text("secret")
    query = {"id": "kept_in", "type": "soul"}
    refused(ask(gateway, "GET", "bots/file", params={**query, "workspace": str(tmp_path)}), 400)
    body = {**query, "content": "y", "workspace": str(tmp_path)}
    refused(ask(gateway, "POST", "bots/file", json=body), 400)
    assert (tmp_path / "SOUL.md").read_text() == "secret"
    told(ask(gateway, "GET", "bots/file", params={**query, "workspace": workspace}))
    for kind in ("../../openclaw.json", "SOUL.md", "x", ""):
        refused(ask(gateway, "GET", "bots/file", params={"id": "kept_in", "type": kind}), 400)
    refused(ask(gateway, "GET", "bots/file?type=soul"), 400)
    refused(ask(gateway, "GET", "bots/file?id=phantom"), 404)
    refused(ask(gateway, "POST", "bots/file", json={"id": "kept_in", "type": "soul", "content": ""}), 400)
    (Path(workspace) / "TOOLS.md").unlink()
    (Path(workspace) / "TOOLS.md").symlink_to(tmp_path / "SOUL.md")
    assert told(ask(gateway, "GET", "bots/file?id=kept_in&type=tools")) == {"content": ""}


def test_the_notes_of_a_bot_are_listed_read_written_and_deleted_by_plain_names(
    gateway: Gateway, tmp_path: Path
) -> None:
    workspace = Path(told(add(gateway, "noted"))["workspace"])
    query = {"id": "noted", "type": "memory_file", "filename": "2026-01-31.md"}
    assert told(ask(gateway, "GET", "bots/file", params=query)) == {"content": ""}
    for name in ("2026-01-31.md", "plain.txt", "日记"):
        written = ask(gateway, "POST", "bots/file", json={**query, "filename": name, "content": f"# {name}\n"})
        assert told(written) == {"status": "success"}
    assert told(ask(gateway, "GET", "bots/file", params=query)) == {"content": "# 2026-01-31.md\n"}
    (workspace / "memory" / "picture.png").write_bytes(b"x")
    (tmp_path / "secret.md").write_text("secret")
    (workspace / "memory" / "link.md").symlink_to(tmp_path / "secret.md")
    listed = ask(gateway, "GET", "bots/memory/list?id=noted")
    assert told(listed) == {"files": ["2026-01-31.md", "plain.txt", "日记.md"]}
    link = {**query, "filename": "link.md"}
    assert told(ask(gateway, "GET", "bots/file", params=link)) == {"content": ""}
    for name in ("../SOUL.md", "/etc/passwd.md", "..", ".hidden.md", "a\\b.md", "a\0.md", "", "x" * 300):
        refused(ask(gateway, "GET", "bots/file", params={**query, "filename": name}), 400)
        refused(ask(gateway, "POST", "bots/file", json={**query, "filename": name, "content": "y"}), 400)
        refused(ask(gateway, "DELETE", "bots/memory/file", params={"id": "noted", "filename": name}), 400)
    refused(ask(gateway, "DELETE", "bots/memory/file", params={"id": "noted", "filename": "link.md"}), 404)
    assert told(ask(gateway, "DELETE", "bots/memory/file", params={"id": "noted", "filename": "plain.txt"})) == {
        "status": "success"
    }
    refused(ask(gateway, "DELETE", "bots/memory/file", params={"id": "noted", "filename": "plain.txt"}), 404)
    other = {"id": "noted", "workspace": str(tmp_path)}
    refused(ask(gateway, "GET", "bots/memory/list", params=other), 400)
    refused(ask(gateway, "DELETE", "bots/memory/file", params={**other, "filename": "secret.md"}), 400)
    (workspace / "memory").rename(tmp_path / "moved")
    (workspace / "memory").symlink_to(tmp_path / "moved")
    assert told(ask(gateway, "GET", "bots/memory/list?id=noted")) == {"files": []}
    refused(ask(gateway, "POST", "bots/file", json={**query, "content": "through a link"}), 503)
    refused(ask(gateway, "DELETE", "bots/memory/file", params={"id": "noted", "filename": "2026-01-31.md"}), 404)
    assert (tmp_path / "moved" / "2026-01-31.md").read_text() == "# 2026-01-31.md\n"
    assert (tmp_path / "secret.md").read_text() == "secret"


def test_no_bot_works_in_the_gateways_folder_or_the_systems(gateway: Gateway, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(gateway.home / "spool")
    for place in (str(gateway.home), "spool", str(gateway.home.parent), "/", "/etc", str(tmp_path / "link")):
        assert "no agent works" in refused(add(gateway, "misplaced", workspace=place), 400)
    zh = {"accept-language": "zh-CN"}
    body = {"id": "misplaced", "model": MODEL, "workspace": "/usr/lib/bot"}
    assert "系统目录" in refused(ask(gateway, "POST", "bots/add", json=body, headers=zh), 400)
    assert entry(gateway, "misplaced") is None
    own = tmp_path / "of somebody"
    assert told(add(gateway, "placed", workspace=str(own)))["workspace"] == str(own)
    told(add(gateway, "placed_too", workspace="workspaces/placed"))
    moved = {"id": "placed", "config": {"workspace": str(gateway.home / "media")}}
    refused(ask(gateway, "POST", "bots/update", json=moved), 400)
    assert (entry(gateway, "placed") or {})["workspace"] == str(own)


def test_rights(gateway: Gateway) -> None:
    """A key that reads the system sees no files and changes no bots; one without a credential sees nothing."""
    made = httpx.post(
        f"{gateway.base_url}/api/keys",
        json={"name": "reader", "permissions": ["system.read", "agents.manage"]},
        headers={"x-admin-token": gateway.token},
        timeout=PATIENCE,
    )
    reader = {"authorization": f"Bearer {made.json()['key']}"}
    assert ask(gateway, "GET", "bots/file?id=main", headers=reader).status_code == 200
    bodies: dict[str, dict[str, Any]] = {
        "add": {"id": "n", "model": "m"},
        "update": {"id": "main", "name": "n"},
        "set-identity": {"id": "main", "name": "n"},
        "set-model": {"id": "main", "model": "m"},
        "delete": {"id": "main"},
        "file": {"id": "main", "content": "n"},
        "template": {"expertId": "architect", "botId": "n"},
    }
    for path, body in bodies.items():
        refused(ask(gateway, "POST", f"bots/{path}", json=body, headers=reader), 403)
        refused(ask(gateway, "POST", f"bots/{path}", json=body, headers={"authorization": "Bearer no"}), 401)
    note = "bots/memory/file?id=main&filename=n.md"
    refused(ask(gateway, "DELETE", note, headers=reader), 403)
    refused(ask(gateway, "DELETE", note, headers={"authorization": "Bearer no"}), 401)
    for path in ("bots/file?id=main", "bots/memory/list?id=main", "bots/top", "sessions", "experts"):
        refused(ask(gateway, "GET", path, headers={"authorization": "Bearer no"}), 401)
    assert entry(gateway, "n") is None
