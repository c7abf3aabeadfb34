"""Files of a workspace in a browser: uploaded, looked at, written, moved, deleted and brought back, with notes and cleaning."""

from __future__ import annotations

import base64
import zipfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support.browser import Window
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import eventually
from tests.ui.hostile import TRAP

if TYPE_CHECKING:
    from playwright.sync_api import Route

DOT = "R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
PAGE = b"<script>window.__ran.push('file')</script><h1>not drawn</h1>"


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    """A gateway with some files in its agent's workspace."""
    picture = base64.b64decode(DOT)
    with running_gateway(settings({}, agents={"list": [{"id": "main", "default": True}]})) as running:
        workspace = running.home / "workspace"
        (workspace / "reports" / "2026").mkdir(parents=True)
        (workspace / "reports" / "2026" / "may.txt").write_text("first line\n")
        (workspace / "page.html").write_bytes(PAGE)
        (workspace / "dot.bin").write_bytes(picture)
        yield running


def test_a_file_from_its_upload_to_the_trash_and_back(window: Window, gateway: Gateway) -> None:
    workspace = gateway.home / "workspace"
    page = window.sign_in("/files")
    page.get_by_text("reports", exact=True).click()
    page.get_by_text("2026", exact=True).click()
    page.wait_for_url(lambda url: "path=reports%2F2026" in url)
    page.locator("[data-upload]").set_input_files(
        {"name": "notes.md", "mimeType": "text/markdown", "buffer": b"# Plan\n"}
    )
    page.get_by_text("Done", exact=True).wait_for()
    assert (workspace / "reports/2026/notes.md").read_bytes() == b"# Plan\n"
    page.get_by_role("row", name="notes.md").click()
    editor = page.get_by_role("textbox", name="Text of notes.md")
    editor.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("Done soon.")
    assert window.violations() == []
    page.keyboard.press("Control+s")
    page.get_by_text("Saved", exact=True).wait_for()
    assert (workspace / "reports/2026/notes.md").read_text() == "# Plan\nDone soon."

    (workspace / "reports/2026/notes.md").write_text("by somebody else")
    editor.click()
    page.keyboard.type("mine ")
    window.expected.append("status of 409")
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Show theirs").click()
    page.get_by_role("button", name="Discard changes").last.click()
    editor.get_by_text("by somebody else").wait_for()
    page.get_by_role("button", name="Actions for notes.md").click()
    page.get_by_role("menuitem", name="Rename or move").click()
    page.get_by_label("Name", exact=True).fill("plan.md")
    page.get_by_label("In the folder").fill("reports")
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_text("Now at reports/plan.md").wait_for()

    page.get_by_role("link", name="reports").click()
    page.get_by_role("button", name="Actions for plan.md").click()
    page.get_by_role("menuitem", name="Note").click()
    page.get_by_label("Note", exact=True).fill("for Ann")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("row", name="for Ann").wait_for()
    page.get_by_role("button", name="Actions for plan.md").click()
    page.get_by_role("menuitem", name="Delete").click()
    page.get_by_role("button", name="Move to the trash").click()
    page.get_by_text("plan.md is in the trash").wait_for()
    assert not (workspace / "reports/plan.md").exists()
    page.get_by_role("tab", name="Trash").click()
    page.get_by_role("button", name="Restore reports/plan.md").click()
    page.get_by_text("reports/plan.md is back").wait_for()
    assert (workspace / "reports/plan.md").read_text() == "by somebody else"


def test_several_files_are_moved_and_deleted_at_once(window: Window, gateway: Gateway) -> None:
    workspace = gateway.home / "workspace"
    (workspace / "heap" / "away").mkdir(parents=True)
    (workspace / "heap" / "away" / "deep.txt").write_text("deep")
    for name in ("a.txt", "b.txt", "c.txt"):
        (workspace / "heap" / name).write_text(name)
    page = window.sign_in("/files?path=heap")
    page.get_by_role("checkbox", name="Choose a.txt").check()
    page.get_by_role("checkbox", name="Choose b.txt").check()
    page.get_by_text("2 chosen").wait_for()
    assert window.violations() == []
    page.get_by_role("checkbox", name="Choose away").check()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()
    assert kept.value.suggested_filename == "main.zip"
    with zipfile.ZipFile(kept.value.path()) as archive:
        assert sorted(archive.namelist()) == ["a.txt", "away/deep.txt", "b.txt"]
    (workspace / "heap" / "away" / "deep.txt").unlink()
    page.get_by_role("checkbox", name="Choose away").uncheck()
    page.get_by_role("button", name="Move", exact=True).click()
    dialog = page.get_by_role("dialog", name="Move 2")
    dialog.get_by_label("Folder").fill("heap/away")
    dialog.get_by_role("button", name="Move").click()
    dialog.wait_for(state="detached")
    assert sorted(each.name for each in (workspace / "heap" / "away").iterdir()) == ["a.txt", "b.txt"]
    page.get_by_role("checkbox", name="Choose all").check()
    page.get_by_text("2 chosen").wait_for()
    page.get_by_role("checkbox", name="Choose away").uncheck()
    page.get_by_role("button", name="Delete", exact=True).click()
    page.get_by_role("button", name="Move to the trash").click()
    page.get_by_text("c.txt is in the trash").wait_for()
    assert [each.name for each in (workspace / "heap").iterdir()] == ["away"]


def test_pictures_are_drawn_by_their_bytes_and_pages_are_not(window: Window) -> None:
    window.page.add_init_script(TRAP)
    page = window.sign_in("/files?file=dot.bin")
    page.get_by_role("img", name="dot.bin").wait_for()
    assert page.get_by_role("img", name="dot.bin").evaluate("image => image.naturalWidth") == 1
    page.keyboard.press("Escape")
    page.get_by_role("row", name="page.html").click()
    page.get_by_role("textbox", name="Text of page.html").get_by_text("not drawn").wait_for()
    with page.expect_download() as kept:
        page.get_by_role("link", name="Download").click()
    assert kept.value.path().read_bytes() == PAGE
    assert page.evaluate("window.__ran") == []


def test_cleaning_is_asked_about_before_it_begins(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/files?tab=cleaning")
    page.get_by_role("switch", name="Remove old files automatically").click()
    page.get_by_label("Days without a change").fill("400")
    page.get_by_role("button", name="Save", exact=True).click()
    page.get_by_role("button", name="Turn it on").click()
    page.get_by_role("button", name="Clean now").wait_for()
    assert window.violations() == []
    page.reload()
    eventually(lambda: page.get_by_label("Days without a change").input_value() == "400", "the saved setting")


def test_an_upload_is_cancelled_sent_again_and_replaces_what_is_there(window: Window, gateway: Gateway) -> None:
    page = window.sign_in("/files")
    held: list[Route] = []
    page.route("**/api/workspace/upload*", lambda route: held.append(route))
    page.locator("[data-upload]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"first"})
    page.get_by_role("button", name="Cancel the upload of a.txt").click()
    page.get_by_text("Cancelled", exact=True).wait_for()
    page.unroute("**/api/workspace/upload*")
    assert not (gateway.home / "workspace" / "a.txt").exists()
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("Done", exact=True).wait_for()
    page.get_by_role("button", name="Clear the list").click()
    window.expected.append("status of 500")  # so ClawPanel answers where a file is there already
    page.locator("[data-upload]").set_input_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"second"})
    page.get_by_role("button", name="Replace the file").click()
    page.get_by_text("Done", exact=True).wait_for()
    assert (gateway.home / "workspace" / "a.txt").read_bytes() == b"second"
