"""The workspace as the contract has it: clawpanel.md §1.11, §5.2, §5.3 and items 8 and 9 of §9."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api.clawpanel.panel import Panel
from tests.support.waiting import PATIENCE

DAY = 86_400
FILE_KEYS = "name path size sizeHuman isDirectory modifiedAt createdAt extension ageDays"


@pytest.fixture
def root(panel: Panel) -> Path:
    """The default agent's workspace, empty."""
    panel.get("/api/workspace/files")
    root = panel.gateway.home / "workspace"
    for name in os.listdir(root):
        assert panel.ask("POST", "/api/workspace/delete", {"paths": [name], "permanent": True}).json()["errors"] == []
    panel.ask("PUT", "/api/workspace/config", {"autoCleanEnabled": False})
    return root


def told(answer: httpx.Response) -> tuple[int, Any]:
    return answer.status_code, answer.json()["ok"]


def names(panel: Panel, path: str = "") -> list[str]:
    return [each["name"] for each in panel.get("/api/workspace/files", path=path)["files"]]


def test_a_listing_has_the_shape_of_the_contract(panel: Panel, root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "b.JSON").write_bytes(b"{}")
    (root / "large.bin").write_bytes(bytes(600_000))
    found = panel.get("/api/workspace/files")
    assert (found["currentPath"], found["parentPath"]) == ("", None)
    assert [each["name"] for each in found["files"]] == ["sub", "large.bin"]
    folder, large = found["files"]
    assert set(large) == set(FILE_KEYS.split())
    assert (large["size"], large["sizeHuman"], large["extension"], large["ageDays"]) == (600_000, "585.9 KB", ".bin", 0)
    assert large["modifiedAt"].endswith("Z")
    assert len(large["modifiedAt"]) == 24
    assert (folder["isDirectory"], folder["extension"]) == (True, "")
    inner = panel.get("/api/workspace/files", path="sub/")
    assert (inner["currentPath"], inner["parentPath"]) == ("sub/", "")
    assert [(each["path"], each["extension"]) for each in inner["files"]] == [("sub/b.JSON", ".json")]
    (root / "sub" / "deep").mkdir()
    assert panel.get("/api/workspace/files", path="sub/deep")["parentPath"] == "sub"


def test_folders_come_first_and_then_the_newest(panel: Panel, root: Path) -> None:
    now = time.time()
    for age, name in enumerate(("new", "middle", "old")):
        (root / name).write_text("x")
        os.utime(root / name, (now - age * DAY, now - age * DAY))
    (root / "folder").mkdir()
    assert names(panel) == ["folder", "new", "middle", "old"]
    page = panel.get("/api/workspace/files", limit=2, offset=1)
    assert ([each["name"] for each in page["files"]], page["total"]) == (["new", "middle"], 4)
    assert panel.get("/api/workspace/files", limit=0)["files"] == []
    assert told(panel.ask("GET", "/api/workspace/files?limit=-1")) == (400, False)


def test_a_folder_with_very_much_in_it_is_shown_in_part(panel: Panel, root: Path) -> None:
    (root / "many").mkdir()
    for number in range(20_100):
        (root / "many" / f"{number:05}").touch()
    found = panel.get("/api/workspace/files", path="many", limit=50, offset=19_980)
    assert (len(found["files"]), found["total"], found["truncated"]) == (20, 20_000, True)
    assert len(panel.get("/api/workspace/files", path="many")["files"]) == 20_000
    assert panel.get("/api/workspace/stats")["totalFiles"] == 20_100


def test_names_that_are_no_utf8_are_shown(panel: Panel, root: Path) -> None:
    (root / os.fsdecode(b"\xb1\xa8.txt")).write_text("x")
    (found,) = panel.get("/api/workspace/files")["files"]
    assert (found["name"], found["extension"]) == ("\ufffd\ufffd.txt", ".txt")
    (root / os.fsdecode(b"\xb1\xa8.txt")).unlink()


def test_links_inside_are_shown_and_those_that_lead_nowhere_are_not(panel: Panel, root: Path) -> None:
    (root / "real").mkdir()
    (root / "file").write_text("12345")
    (root / "to-file").symlink_to("file")
    (root / "to-folder").symlink_to(root / "real")
    (root / "nowhere").symlink_to("missing")
    (root / "out").symlink_to("/etc/passwd")
    (root / "loop").symlink_to("loop")
    found = {each["name"]: each for each in panel.get("/api/workspace/files")["files"]}
    assert found["to-folder"]["isDirectory"] is False
    assert found["to-file"]["size"] == 5
    assert "nowhere" not in found
    assert found["out"]["size"] == len("/etc/passwd")  # of what it leads to nothing is told


@pytest.mark.parametrize(
    "path", ["..", "../", "a/../..", "/etc", "../workspace-evil", "missing", "x\0y", "file", "%2e%2e/..", "a" * 5000]
)
def test_what_is_outside_missing_or_no_folder_is_a_400(panel: Panel, root: Path, path: str) -> None:
    (root / "file").write_text("x")
    sibling = root.parent / "workspace-evil"
    sibling.mkdir(exist_ok=True)
    (sibling / "secret").write_text("x")
    for route in ("files", "download", "preview"):
        if route == "files" or path != "file":
            assert told(panel.ask("GET", f"/api/workspace/{route}", params={"path": path})) == (400, False)


def test_folders_are_made_where_they_may_be(panel: Panel, root: Path) -> None:
    assert told(panel.ask("POST", "/api/workspace/mkdir", {"name": "新 目录"})) == (200, True)
    assert told(panel.ask("POST", "/api/workspace/mkdir", {"name": "inner", "path": "新 目录"})) == (200, True)
    assert (root / "新 目录" / "inner").is_dir()
    answer = panel.ask("POST", "/api/workspace/mkdir", {})
    assert (answer.status_code, answer.json()["error"]) == (400, "Directory name required")
    for body in ({"name": "新 目录"}, {"name": "x", "path": "missing"}, {"name": "x", "path": "../outside"}):
        status, ok = told(panel.ask("POST", "/api/workspace/mkdir", body))
        assert (status in (400, 500), ok) == (True, False)
    assert panel.ask("POST", "/api/workspace/mkdir", {"name": "新 目录"}).status_code == 500
    assert not (root.parent / "outside").exists()


@pytest.mark.parametrize(
    "name", ["../x", "a/b/c", "..", ".", "a\\b", "x\0", "line\nend", "CON", "nul.txt", "‮txt", 5, ["x"]]
)
def test_what_is_no_plain_name_makes_no_folder(panel: Panel, root: Path, name: object) -> None:
    before = sorted(os.listdir(root.parent))
    assert told(panel.ask("POST", "/api/workspace/mkdir", {"name": name})) == (400, False)
    assert (os.listdir(root), sorted(os.listdir(root.parent))) == ([], before)


@pytest.mark.parametrize("path", [".", "", "..", "./", "/", "../workspace-evil", "a/..", None, 5, {}])
def test_the_root_and_what_is_outside_are_not_deleted(panel: Panel, root: Path, path: object) -> None:
    (root / "kept").write_text("x")
    sibling = root.parent / "workspace-evil"
    sibling.mkdir(exist_ok=True)
    answer = panel.ask("POST", "/api/workspace/delete", {"paths": [path]}).json()
    assert (answer["ok"], answer["deleted"], len(answer["errors"])) == (True, [], 1)
    assert (root / "kept").exists()
    assert sibling.exists()


@pytest.mark.parametrize("body", [{}, {"paths": []}, {"paths": "a"}, {"paths": None}])
def test_deleting_needs_paths(panel: Panel, body: dict[str, Any]) -> None:
    answer = panel.ask("POST", "/api/workspace/delete", body)
    assert (answer.status_code, answer.json()["error"]) == (400, "No paths provided")


def test_deleting_goes_to_the_trash_and_can_be_undone(panel: Panel, root: Path) -> None:
    (root / "sub" / "inner").mkdir(parents=True)
    (root / "sub" / "inner" / "file").write_text("precious")
    (root / "link").symlink_to("sub")
    answer = panel.ask("POST", "/api/workspace/delete", {"paths": ["link", "sub", "missing"]}).json()
    assert (answer["deleted"], len(answer["errors"])) == (["link", "sub"], 1)
    assert answer["errors"][0].startswith("missing: ")
    assert os.listdir(root) == []
    item = next(each for each in panel.get("/api/workspace/trash")["items"] if each["path"] == "sub")
    assert (item["id"], item["isDirectory"]) == (answer["trash"]["sub"], True)
    (root / "sub").mkdir()
    again = panel.ask("POST", "/api/workspace/trash/restore", {"ids": [item["id"], "nothing"]}).json()
    assert (again["restored"], len(again["errors"])) == ([], 2)
    (root / "sub").rmdir()
    assert panel.ask("POST", "/api/workspace/trash/restore", {"ids": [item["id"]]}).json()["restored"] == ["sub"]
    assert (root / "sub" / "inner" / "file").read_text() == "precious"
    assert item["id"] not in [each["id"] for each in panel.get("/api/workspace/trash")["items"]]
    assert panel.ask("POST", "/api/workspace/trash/empty").json()["removed"] >= 1
    assert panel.get("/api/workspace/trash")["items"] == []
    assert list((panel.gateway.home / "trash" / ".files").iterdir()) == []


def test_a_link_is_deleted_and_not_what_it_leads_to(panel: Panel, root: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("x")
    (root / "out").symlink_to(tmp_path)
    for body in ({"paths": ["out/theirs"]}, {"paths": ["out/theirs"], "permanent": True}):
        assert len(panel.ask("POST", "/api/workspace/delete", body).json()["errors"]) == 1
    assert panel.ask("POST", "/api/workspace/delete", {"paths": ["out"], "permanent": True}).json()["deleted"] == [
        "out"
    ]
    assert (tmp_path / "theirs").exists()


def test_figures(panel: Panel, root: Path) -> None:
    (root / "a").mkdir()
    (root / "a" / "old.md").write_bytes(bytes(2048))
    os.utime(root / "a" / "old.md", (0, 0))
    (root / "new").write_bytes(bytes(1024))
    found = panel.get("/api/workspace/stats")
    assert {name: found[name] for name in ("totalFiles", "totalSize", "totalSizeHuman", "oldFiles")} == {
        "totalFiles": 2,
        "totalSize": 3072,
        "totalSizeHuman": "3.0 KB",
        "oldFiles": 1,
    }


def test_cleaning_removes_the_old_but_what_is_excluded(panel: Panel, root: Path) -> None:
    config = panel.get("/api/workspace/config")["config"]
    assert (config["autoCleanEnabled"], config["autoCleanDays"]) == (False, 30)
    assert "*.md" in config["excludePatterns"]
    (root / ".git").mkdir()
    (root / "sub").mkdir()
    past = time.time() - 40 * DAY
    for name in ("old.dat", "old.md", ".git/object", "sub/old.txt", "SOUL.md"):
        (root / name).write_text("x")
        os.utime(root / name, (past, past))
    (root / "new.dat").write_text("x")
    os.utime(root / "sub", (past, past))
    assert panel.ask("PUT", "/api/workspace/notes", {"path": "old.dat", "note": "n"}).json() == {"ok": True}
    off = panel.ask("POST", "/api/workspace/clean").json()
    assert off == {"ok": True, "deleted": [], "errors": []}
    assert panel.ask("PUT", "/api/workspace/config", {"autoCleanDays": 20}).json()["config"]["autoCleanDays"] == 20
    panel.ask("PUT", "/api/workspace/config", {"autoCleanEnabled": True, "theirs": 1})
    assert panel.get("/api/workspace/config")["config"]["theirs"] == 1
    found = panel.ask("POST", "/api/workspace/clean").json()
    assert (sorted(found["deleted"]), found["errors"]) == (["old.dat", "sub/old.txt"], [])
    assert sorted(os.listdir(root)) == [".git", "SOUL.md", "new.dat", "old.md", "sub"]
    assert "old.dat" not in panel.get("/api/workspace/notes")["notes"]


@pytest.mark.parametrize(
    "body",
    [
        {"autoCleanEnabled": "yes"},
        {"autoCleanDays": -1},
        {"autoCleanDays": "9"},
        {"excludePatterns": "x"},
        {"excludePatterns": [1]},
    ],
)
def test_settings_that_cannot_be_are_refused(panel: Panel, root: Path, body: dict[str, Any]) -> None:
    assert told(panel.ask("PUT", "/api/workspace/config", body)) == (400, False)


def test_notes_go_with_their_files(panel: Panel, root: Path) -> None:
    (root / "sub").mkdir()
    (root / "sub" / "a").write_text("x")
    for path, note in (("sub/./a", "甲"), ("sub", "乙"), ("subway", "丙")):
        assert panel.ask("PUT", "/api/workspace/notes", {"path": path, "note": note}).json() == {"ok": True}
    assert panel.get("/api/workspace/notes")["notes"] == {"sub": "乙", "sub/a": "甲", "subway": "丙"}
    assert panel.ask("POST", "/api/workspace/move", {"from": "sub", "to": "moved"}).json()["path"] == "moved"
    assert panel.get("/api/workspace/notes")["notes"] == {"moved": "乙", "moved/a": "甲", "subway": "丙"}
    panel.ask("POST", "/api/workspace/delete", {"paths": ["moved"]})
    assert panel.get("/api/workspace/notes")["notes"] == {"subway": "丙"}
    assert panel.ask("PUT", "/api/workspace/notes", {"path": "subway"}).json() == {"ok": True}
    assert panel.get("/api/workspace/notes")["notes"] == {}
    answer = panel.ask("PUT", "/api/workspace/notes", {"note": "x"})
    assert (answer.status_code, answer.json()["error"]) == (400, "Path required")
    assert told(panel.ask("PUT", "/api/workspace/notes", {"path": "../x", "note": "x"})) == (400, False)
    assert told(panel.ask("PUT", "/api/workspace/notes", {"path": "x", "note": "x" * 4001})) == (413, False)


def test_moving_and_copying_replace_nothing_unasked(panel: Panel, root: Path) -> None:
    (root / "a").write_text("a")
    (root / "b").write_text("b")
    (root / "f" / "in").mkdir(parents=True)
    (root / "f" / "in" / "x").write_text("x")
    assert panel.ask("POST", "/api/workspace/move", {"from": "a", "to": "b"}).status_code == 409
    assert panel.ask("POST", "/api/workspace/copy", {"from": "a", "to": "b"}).status_code == 409
    assert panel.ask("POST", "/api/workspace/move", {"from": "a", "to": "f", "overwrite": True}).status_code == 409
    assert panel.ask("POST", "/api/workspace/move", {"from": "a", "to": "b", "overwrite": True}).status_code == 200
    assert ((root / "b").read_text(), (root / "a").exists()) == ("a", False)
    assert panel.ask("POST", "/api/workspace/copy", {"from": "f", "to": "g"}).status_code == 200
    assert (root / "g" / "in" / "x").read_text() == "x"
    (root / "way").symlink_to("f/in")
    for target in ("f/in/f", "f/f", "way/f"):
        for verb in ("move", "copy"):
            assert panel.ask("POST", f"/api/workspace/{verb}", {"from": "f", "to": target}).status_code == 400
    for target in ("../a", "/tmp/a", "", "x/../../a", "CON"):
        assert panel.ask("POST", "/api/workspace/move", {"from": "b", "to": target}).status_code == 400
    assert panel.ask("POST", "/api/workspace/move", {"from": "", "to": "x"}).status_code == 400
    assert panel.ask("POST", "/api/workspace/move", {"from": ".", "to": "x"}).status_code == 403
    assert panel.ask("POST", "/api/workspace/move", {"from": "none", "to": "x"}).status_code == 404


def test_other_agents_have_workspaces_of_their_own(panel: Panel, root: Path) -> None:
    answer = panel.ask("GET", "/api/workspace/files", params={"agent": "nobody"})
    assert told(answer) == (404, False)
    assert panel.get("/api/workspace/files", agent="main")["ok"]


def test_a_key_without_the_right_sees_no_file(panel: Panel, root: Path) -> None:
    made = panel.ask(
        "POST",
        "/api/keys",
        {"name": "k", "permissions": ["system.read"]},
        headers={"x-admin-token": panel.gateway.token},
    )
    headers = {"authorization": f"Bearer {made.json()['key']}"}
    for method, path in (
        ("GET", "files"),
        ("GET", "download?path=x"),
        ("POST", "delete"),
        ("POST", "upload"),
        ("GET", "trash"),
    ):
        answer = httpx.request(
            method, f"{panel.gateway.base_url}/api/workspace/{path}", headers=headers, timeout=PATIENCE
        )
        assert told(answer) == (403, False)
        answer = httpx.request(method, f"{panel.gateway.base_url}/api/workspace/{path}", timeout=PATIENCE)
        assert (answer.status_code, answer.json()["error"]) == (401, "No token")
