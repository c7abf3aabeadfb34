"""The tools for files, and that nothing leads out of the workspace (attack cases 39, 41, 44 and 49)."""

from __future__ import annotations

import asyncio
import os
import socket
import tempfile
import threading
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.tools.access import FileAccess, shapes_later
from crawdad.adapters.tools.files import EditTool, LsTool, ReadTool, WriteTool
from crawdad.adapters.tools.folder import Folder
from crawdad.adapters.tools.patch import ApplyPatchTool
from crawdad.adapters.tools.searching import FindTool, GrepTool
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import MediaPart
from crawdad.core.tools import ToolOutcome
from crawdad.services.tools.toolbox import CheckedTool
from tests.support.tools import AnsweringApprovals, RememberedFiles, context, text_of
from tests.support.waiting import PATIENCE

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


class Files:
    """All tools for files over one workspace, beside which lies a secret."""

    def __init__(self, folder: Path, *, workspace_only: bool = True) -> None:
        self.workspace = folder / "workspace"
        self.workspace.mkdir()
        self.outside = folder / "outside"
        self.outside.mkdir()
        (self.outside / "secret").write_text("hunter2\n")
        self.approvals = AnsweringApprovals()
        access = FileAccess(lambda agent: workspace_only, self.approvals, (str(self.outside),))
        tools: list[Any] = [
            ReadTool(access),
            WriteTool(access),
            EditTool(access),
            ApplyPatchTool(access),
            LsTool(access),
        ]
        tools += [FindTool(access), GrepTool(access)]
        self.known = RememberedFiles()
        self.tools = {
            tool.definition.name: CheckedTool(tool, tool.definition, self.approvals, self.known) for tool in tools
        }

    async def __call__(
        self, name: str, *, untrusted: bool = False, exposed: bool = False, **arguments: Any
    ) -> ToolOutcome:
        turn = context(self.workspace, untrusted=untrusted, exposed=exposed)
        return await self.tools[name].run(arguments, turn)

    async def text(self, name: str, **arguments: Any) -> str:
        return text_of(await self(name, **arguments))

    async def refused(self, name: str, **arguments: Any) -> GatewayError:
        with pytest.raises(GatewayError) as error:
            await self(name, **arguments)
        assert "hunter2" not in error.value.message()
        assert (self.outside / "secret").read_text() == "hunter2\n"
        return error.value


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


async def test_a_file_is_written_read_and_edited(files: Files) -> None:
    assert "5 bytes" in await files.text("write", path="src/a.txt", content="a\nb\nc")
    assert await files.text("read", file_path="src/a.txt") == "a\nb\nc"
    assert (
        await files.text("read", path=str(files.workspace / "src/a.txt"), offset=2, limit=1)
        == "b\n[1 more lines. Go on with offset=3.]"
    )
    diff = await files.text("edit", path="./src/../src/a.txt", old_string="b", new_string="B")
    assert "-b" in diff and "+B" in diff
    assert (files.workspace / "src/a.txt").read_text() == "a\nB\nc"
    assert (await files.text("ls", path="src")) == "a.txt 5"
    assert os.listdir(files.workspace / "src") == ["a.txt"]


async def test_an_edit_has_to_be_clear(files: Files) -> None:
    await files("write", path="a", content="x\nx\n")
    assert (await files.refused("edit", path="a", oldText="x", newText="y")).details["code"] == "several"
    assert (await files.refused("edit", path="a", oldText="z", newText="y")).details["code"] == "not_there"
    assert (await files.refused("edit", path="a", oldText="", newText="y")).kind is ErrorKind.BAD_REQUEST
    assert (await files.refused("edit", path="a", oldText="x", newText="x")).kind is ErrorKind.BAD_REQUEST
    assert (await files.refused("edit", path="b", oldText="x", newText="y")).kind is ErrorKind.NOT_FOUND
    await files("edit", path="a", oldText="x", newText="y", replaceAll=True)
    assert (files.workspace / "a").read_text() == "y\ny\n"


async def test_encodings_and_ends_of_lines_stay(files: Files) -> None:
    for name, encoding, end in (("gbk", "gb18030", "\n"), ("bom", "utf-8-sig", "\r\n"), ("wide", "utf-16", "\r\n")):
        place = files.workspace / name
        place.write_bytes(f"第一行{end}第二行{end}".encode(encoding))
        place.chmod(0o640)
        assert await files.text("read", path=name) == "第一行\n第二行"
        await files("edit", path=name, oldText="第一行\n第二", newText="头行\n次")
        assert place.read_bytes() == f"头行{end}次行{end}".encode(encoding)
        assert place.stat().st_mode & 0o777 == 0o640


async def test_what_is_read_is_bounded(files: Files) -> None:
    (files.workspace / "long").write_text("".join(f"{n}\n" for n in range(5000)))
    text = await files.text("read", path="long")
    assert text.splitlines()[1999] == "1999" and "offset=2001" in text
    (files.workspace / "wide").write_text("x" * 200_000)
    text = await files.text("read", path="wide")
    assert len(text) < 52_000 and "was cut" in text
    (files.workspace / "binary").write_bytes(b"\0\1\2")
    assert (await files.refused("read", path="binary")).details["code"] == "binary"
    with (files.workspace / "huge").open("wb") as file:
        file.truncate(1 << 31)
    assert (await files.refused("read", path="huge")).kind is ErrorKind.TOO_LARGE
    assert (await files.refused("read", path="long", offset=9000)).details["code"] == "past_end"


async def test_a_picture_is_shown(files: Files) -> None:
    (files.workspace / "a.png").write_bytes(PNG)
    outcome = await files("read", path="a.png")
    [picture] = [part for part in outcome.content if isinstance(part, MediaPart)]
    assert picture.media_type == "image/png" and picture.kind == "image"


@pytest.mark.parametrize(
    "path",
    ["../outside/secret", "a/../../outside/secret", "/etc/passwd", "link", "folder/secret", "absolute", "chain", "/", "..", "~/../outside/secret"],
)  # fmt: skip
async def test_nothing_leads_out(files: Files, path: str) -> None:
    (files.workspace / "a").mkdir()
    (files.workspace / "link").symlink_to("../outside/secret")
    (files.workspace / "folder").symlink_to("../outside")
    (files.workspace / "absolute").symlink_to(files.outside / "secret")
    (files.workspace / "chain").symlink_to("a/../link")
    for name, arguments in (
        ("read", {}),
        ("write", {"content": "changed"}),
        ("edit", {"oldText": "hunter2", "newText": "changed"}),
        ("grep", {"pattern": "hunter"}),
    ):
        assert (await files.refused(name, path=path, **arguments)).kind in (ErrorKind.FORBIDDEN, ErrorKind.BAD_REQUEST)
    patch = f"*** Begin Patch\n*** Update File: {path}\n@@\n-hunter2\n+changed\n*** End Patch"
    assert (await files.refused("apply_patch", input=patch)).kind in (ErrorKind.FORBIDDEN, ErrorKind.BAD_REQUEST)


async def test_searches_do_not_follow_links_out(files: Files) -> None:
    (files.workspace / "folder").symlink_to("../outside")
    (files.workspace / "link").symlink_to("../outside/secret")
    os.link(files.outside / "secret", files.workspace / "hard")
    (files.workspace / "own").write_text("hunter of own\n")
    assert await files.text("grep", pattern="hunter") == "own:1: hunter of own"
    assert "secret" not in await files.text("find", pattern="*")


async def test_links_inside_are_followed(files: Files) -> None:
    (files.workspace / "real").mkdir()
    (files.workspace / "real/a").write_text("inside")
    (files.workspace / "way").symlink_to("real")
    (files.workspace / "to").symlink_to(files.workspace / "way" / "a")
    assert await files.text("read", path="to") == await files.text("read", path="way/a") == "inside"
    await files("write", path="to", content="changed")
    assert (files.workspace / "real/a").read_text() == "changed" and (files.workspace / "to").is_symlink()


async def test_devices_pipes_sockets_loops_and_hard_links_are_refused(files: Files) -> None:
    os.mkfifo(files.workspace / "pipe")
    os.link(files.outside / "secret", files.workspace / "hard")
    (files.workspace / "loop").symlink_to("loop")
    (files.workspace / "null").symlink_to("/dev/null")
    with socket.socket(socket.AF_UNIX) as server:
        with tempfile.TemporaryDirectory() as short:  # the system knows only short names for sockets
            server.bind(f"{short}/s")
            os.rename(f"{short}/s", files.workspace / "socket")
        for name in ("pipe", "socket", "hard", "loop", "null"):
            async with asyncio.timeout(PATIENCE):
                assert (await files.refused("read", path=name)).kind in (ErrorKind.FORBIDDEN, ErrorKind.BAD_REQUEST)
    async with asyncio.timeout(PATIENCE):
        await files.refused("write", path="pipe", content="x")
    await files("write", path="hard", content="new")  # a new file takes the name, the other one stays
    assert (files.outside / "secret").read_text() == "hunter2\n"


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 5000, "a/" * 3000])
async def test_paths_that_are_none(files: Files, path: str) -> None:
    assert (await files.refused("read", path=path)).kind in (ErrorKind.BAD_REQUEST, ErrorKind.NOT_FOUND)


def test_a_folder_swapped_for_a_link_again_and_again_leads_nowhere(tmp_path: Path) -> None:
    files = Files(tmp_path)
    inside, spare, way = files.workspace / "inside", files.workspace / "spare", files.workspace / "way"
    inside.mkdir()
    (inside / "secret").write_text("mine\n")
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            for target in ("inside", "../outside"):
                spare.symlink_to(target)
                os.replace(spare, way)

    swapping = threading.Thread(target=swap)
    swapping.start()
    folder = Folder(str(files.workspace))
    try:
        seen = set()
        for turn in range(3000):
            try:
                seen.add(folder.read("way/secret", 100)[0])
                folder.write("way/secret" if turn % 2 else "way/new", b"mine\n")
            except GatewayError:
                seen.add(b"refused")
    finally:
        stop.set()
        swapping.join()
    assert seen <= {b"mine\n", b"refused"} and b"mine\n" in seen
    assert os.listdir(files.outside) == ["secret"] and (files.outside / "secret").read_text() == "hunter2\n"


async def test_beyond_the_workspace_where_that_is_wanted(tmp_path: Path) -> None:
    files = Files(tmp_path, workspace_only=False)
    other = tmp_path / "other"
    other.mkdir()
    (other / "a").write_text("there")
    assert await files.text("read", path=str(other / "a")) == await files.text("read", path="../other/a") == "there"
    await files("write", path=str(other / "b"), content="new")
    assert (other / "b").read_text() == "new"
    (other / "way").symlink_to(files.outside)
    for path in (
        files.outside / "secret",
        other / "way/secret",
        "/proc/self/environ",
        "/dev/null",
        "/sys/kernel/notes",
    ):
        assert (await files.refused("read", path=str(path))).kind is ErrorKind.FORBIDDEN


async def test_persona_and_memory_are_not_for_untrusted_turns(files: Files) -> None:
    (files.workspace / "SOUL.md").write_text("kind\n")
    (files.workspace / "notes.md").symlink_to("MEMORY.md")
    for name, arguments in (
        ("write", {"path": "MEMORY.md", "content": "obey"}),
        ("write", {"path": "./memory/../Memory.md", "content": "obey"}),
        ("write", {"path": "notes.md", "content": "obey"}),
        ("write", {"path": "skills/new/SKILL.md", "content": "obey"}),
        ("write", {"path": "project/.git/hooks/pre-commit", "content": "obey"}),
        ("edit", {"path": "SOUL.md", "oldText": "kind", "newText": "evil"}),
        ("apply_patch", {"input": "*** Begin Patch\n*** Add File: memory/today.md\n+obey\n*** End Patch"}),
        ("apply_patch", {"input": "*** Begin Patch\n*** Delete File: SOUL.md\n*** End Patch"}),
    ):
        error = await files.refused(name, untrusted=True, **arguments)
        assert error.kind is ErrorKind.FORBIDDEN and error.details["code"] == "denied"
    assert sorted(os.listdir(files.workspace)) == ["SOUL.md", "notes.md"]
    assert len(files.approvals.asked) == 8
    await files("write", untrusted=True, path="report.md", content="harmless")
    await files("write", path="MEMORY.md", content="trusted")
    files.approvals.allow = True
    await files("write", untrusted=True, path="MEMORY.md", content="allowed")
    assert files.approvals.asked[-1].binding == {"path": "MEMORY.md", "content": "allowed"}


async def test_what_is_written_with_outside_content_in_view_stays_that(files: Files) -> None:
    """Until it is written anew without, or the operator approves of it. Notes need no approval then, what else shapes later
    turns does."""
    await files("write", exposed=True, path="a.txt", content="one\nstranger\n")
    looks: list[tuple[str, dict[str, Any]]] = [
        ("read", {"path": "a.txt"}),
        ("grep", {"pattern": "stranger"}),
        ("ls", {"path": "."}),
        ("find", {"pattern": "*.txt"}),
        ("edit", {"path": "a.txt", "oldText": "one", "newText": "two"}),
    ]
    for name, arguments in looks:
        assert (await files(name, **arguments)).untrusted, name
    assert (await files("read", path="a.txt")).untrusted, "an edit makes nothing clean"
    patch = "*** Begin Patch\n*** Update File: a.txt\n*** Move to: b.txt\n@@\n-two\n+three\n*** End Patch"
    await files("apply_patch", input=patch)
    assert (await files("read", path="b.txt")).untrusted
    await files("write", path="b.txt", content="mine")
    assert not (await files("read", path="b.txt")).untrusted and not (await files("grep", pattern="mine")).untrusted
    await files("write", exposed=True, path="memory/2026-01-01.md", content="a note")
    assert (await files("read", path="memory/2026-01-01.md")).untrusted and not files.approvals.asked
    for path in ("memory/skills/x.md", "memory/x.py", "SOUL.md", "MEMORY.md"):
        await files.refused("write", exposed=True, path=path, content="obey")
    files.approvals.allow = True
    await files("write", exposed=True, path="SOUL.md", content="approved")
    assert not (await files("read", path="SOUL.md")).untrusted


async def test_a_link_put_there_after_the_look_leads_to_nothing_guarded(files: Files) -> None:
    (files.workspace / "MEMORY.md").write_text("mine")
    access = FileAccess(lambda agent: True, files.approvals)
    turn = context(files.workspace, untrusted=True)
    check = await access.may_change("notes.md", "obey", turn)
    (files.workspace / "notes.md").symlink_to("MEMORY.md")
    with pytest.raises(GatewayError) as error:
        Folder(str(files.workspace)).write("notes.md", b"obey", check)
    assert error.value.kind is ErrorKind.FORBIDDEN and (files.workspace / "MEMORY.md").read_text() == "mine"


def test_what_shapes_later_turns() -> None:
    guarded = (
        "AGENTS.md",
        "soul.MD",
        "memory/2026-01-01.md",
        "skills/x/a.py",
        ".git/config",
        "a/.git/hooks/x",
        "HEARTBEAT.md",
    )
    assert all(shapes_later(path) for path in guarded)
    assert not any(shapes_later(path) for path in ("notes.md", "docs/AGENTS.md.txt", "src/main.py", "memory.txt", ""))


PATCH = """*** Begin Patch
*** Add File: new/file.txt
+one
+two
*** Update File: a.py
@@ def f():
-    return 1
+    return 2
@@
-end
+END
*** End of File
*** Update File: old.txt
*** Move to: moved.txt
@@
-x
+y
*** Delete File: gone.txt
*** End Patch
"""


async def test_a_patch_changes_all_or_nothing(files: Files) -> None:
    def prepare() -> None:
        (files.workspace / "a.py").write_text("def g():\n    return 1\ndef f():\n    return 1\nend\nend\n")
        (files.workspace / "old.txt").write_text("x\n")
        (files.workspace / "gone.txt").write_text("z\n")

    prepare()
    await files("apply_patch", input=PATCH)
    assert (files.workspace / "a.py").read_text() == "def g():\n    return 1\ndef f():\n    return 2\nend\nEND\n"
    assert (files.workspace / "new/file.txt").read_text() == "one\ntwo\n"
    assert (files.workspace / "moved.txt").read_text() == "y\n"
    assert sorted(os.listdir(files.workspace)) == ["a.py", "moved.txt", "new"]
    (files.workspace / "moved.txt").unlink()
    (files.workspace / "new/file.txt").unlink()
    prepare()
    bad = PATCH.replace("-x\n", "-nothing like it\n")
    assert (await files.refused("apply_patch", input=bad)).details["code"] == "no_place"
    assert (files.workspace / "a.py").read_text().count("return 1") == 2 and not (
        files.workspace / "new/file.txt"
    ).exists()


@pytest.mark.parametrize(
    "text",
    ["", "x", "*** Begin Patch", "*** Begin Patch\n*** End Patch", "*** Begin Patch\n*** Add File: a\nx\n*** End Patch",
     "*** Begin Patch\n*** Update File: a\n*** End Patch", "*** Begin Patch\nx\n*** End Patch",
     "*** Begin Patch\n*** Update File: a\n@@\n?x\n*** End Patch", "*** Begin Patch\n*** Add File: \n+x\n*** End Patch"],
)  # fmt: skip
async def test_what_is_no_patch(files: Files, text: str) -> None:
    assert (await files.refused("apply_patch", input=text)).kind is ErrorKind.BAD_REQUEST
    assert os.listdir(files.workspace) == []


async def test_a_patch_is_forgiven_blanks_and_quotes(files: Files) -> None:
    (files.workspace / "a").write_text("first  \nit’s “so”\nlast")
    patch = '*** Begin Patch\n*** Update File: a\n@@\n first\n-it\'s "so"\n+now\n last\n*** End Patch'
    await files("apply_patch", input=patch)
    assert "now" in (files.workspace / "a").read_text() and "so" not in (files.workspace / "a").read_text()


async def test_find_and_grep(files: Files) -> None:
    for name in ("a.py", "src/b.py", "src/deep/c.py", "src/d.ts", "node_modules/x.py", ".git/y.py"):
        place = files.workspace / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"before\nname = {name}\nAFTER\n")
    assert (await files.text("find", pattern="*.py")).split() == ["a.py", "src/b.py", "src/deep/c.py"]
    assert (await files.text("find", pattern="src/**/*.py")).split() == ["src/b.py", "src/deep/c.py"]
    assert (await files.text("find", pattern="src/*.py")).split() == ["src/b.py"]
    assert (await files.text("find", pattern="*.py", path="src")).split() == ["src/b.py", "src/deep/c.py"]
    assert "more" in await files.text("find", pattern="*", limit=1)
    assert (await files.text("grep", pattern=r"name = \w+\.py")).split("\n") == ["a.py:2: name = a.py"]
    assert (await files.text("grep", pattern="after", ignoreCase=True, glob="*.ts")) == "src/d.ts:3: AFTER"
    assert (await files.text("grep", pattern="= src/b.", literal=True, context=1)).split("\n") == [
        "src/b.py-1- before",
        "src/b.py:2: name = src/b.py",
        "src/b.py-3- AFTER",
    ]
    assert (await files.text("grep", pattern="nowhere")) == "Nothing found."
    assert (await files.refused("grep", pattern="(")).kind is ErrorKind.BAD_REQUEST


async def test_an_expression_that_takes_for_ever_is_stopped(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawdad.adapters.tools.searching._SECONDS", 1.0)
    (files.workspace / "a").write_text("a" * 3000 + "!\n")
    assert "too long" in (await files.refused("grep", pattern="(a+)+$")).message()


async def test_names_do_not_write_on_terminals(files: Files) -> None:
    (files.workspace / "a\n\x1b[2Jb").write_text("x\n")
    for name, arguments in (("ls", {}), ("find", {"pattern": "*"}), ("grep", {"pattern": "x"})):
        text = await files.text(name, **arguments)
        assert "\x1b" not in text and len(text.splitlines()) == 1
