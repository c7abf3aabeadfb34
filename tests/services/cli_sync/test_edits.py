"""Settings files of other programs changed as text: what is not ours stays as it was, to the byte."""

from __future__ import annotations

import json
import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawdad.core.errors import GatewayError
from crawdad.services.cli_sync.edits import Changes, Format, changed, read
from crawdad.services.cli_sync.plan import is_synced, restored, sync_changes, without_secrets
from crawdad.services.cli_sync.tools import TOOLS, Wanted

JSON = '{\n\t// mine\n\t"a": 1, /* here */\n\t"env": {"X": "1"}\n}\n'
TOML = (
    '# mine\nmodel = "gpt-5" # keep\n\n[tools]\nweb = true # also\n\n[model_providers.other]\nbase_url = "http://o"\n'
)
ENV = '# mine\nexport A="1 2" # note\nGEMINI_API_KEY=old\n\nB=2'


def test_json_keeps_comments_tabs_and_order() -> None:
    after = changed(JSON, "json", {("env", "Y"): "2", ("b",): True})
    assert after == '{\n\t// mine\n\t"a": 1, /* here */\n\t"env": {"X": "1", "Y": "2"},\n\t"b": true\n}\n'
    assert changed(after, "json", {("env", "Y"): None, ("b",): None}) == JSON


def test_toml_keeps_comments_and_puts_plain_keys_before_tables() -> None:
    after = changed(
        TOML, "toml", {("model_provider",): "custom", ("model_providers", "custom", "base_url"): "http://n"}
    )
    assert "# keep" in after and "# also" in after
    values = tomllib.loads(after)
    assert values["model_provider"] == "custom" and values["tools"] == {"web": True}
    assert values["model_providers"] == {"other": {"base_url": "http://o"}, "custom": {"base_url": "http://n"}}
    back = changed(after, "toml", {("model_provider",): None, ("model_providers", "custom", "base_url"): None})
    assert tomllib.loads(back) == tomllib.loads(TOML) and "# keep" in back


def test_env_lines_are_replaced_in_place_or_appended() -> None:
    after = changed(ENV, "env", {("GEMINI_API_KEY",): "new", ("C",): "x y"})
    assert after == '# mine\nexport A="1 2" # note\nGEMINI_API_KEY=new\n\nB=2\nC="x y"\n'
    assert read(after, "env") == {"A": "1 2", "GEMINI_API_KEY": "new", "B": "2", "C": "x y"}
    assert changed("A=1\nA=2\n", "env", {("A",): "3"}) == "A=3\n"
    assert changed("# A=1\n", "env", {("A",): "3"}) == "# A=1\nA=3\n"
    assert changed("export A=1\n", "env", {("A",): "3"}) == "export A=3\n"


@pytest.mark.parametrize(("kind", "text"), [("json", JSON), ("toml", TOML), ("env", ENV + "\n")])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_line_ends_and_byte_order_mark_stay(kind: Format, text: str, mark: str) -> None:
    windows = mark + text.replace("\n", "\r\n")
    changes: Changes = {("NEW",): "1"}
    after = changed(windows, kind, changes)
    assert after == mark + changed(text, kind, changes).replace("\n", "\r\n")
    assert after.startswith(mark) and "\n" not in after.replace("\r\n", "") and read(after, kind)["NEW"] == "1"


@pytest.mark.parametrize(
    ("kind", "text"),
    [("json", "{"), ("json", "[]"), ("json", '{"a": }'), ("toml", "a = "), ("toml", "[a\n"), ("json", "\x00")],
)
def test_what_cannot_be_read_is_refused(kind: Format, text: str) -> None:
    with pytest.raises(GatewayError) as error:
        changed(text, kind, {("a",): "1"})
    assert error.value.details["code"] == "unreadable_file"


@pytest.mark.parametrize(("kind", "text"), [("json", '{"env": 1}'), ("toml", "env = 1")])
def test_a_value_where_a_table_should_be_is_refused(kind: Format, text: str) -> None:
    with pytest.raises(GatewayError):
        changed(text, kind, {("env", "A"): "1"})


@pytest.mark.parametrize("kind", ["json", "toml", "env"])
def test_a_blank_file_is_filled(kind: Format) -> None:
    for blank in ("", "\n"):
        assert read(changed(blank, kind, {("A",): "1"}), kind) == {"A": "1"}


leaves = st.one_of(st.booleans(), st.integers(-(2**31), 2**31), st.text("abcé你\"'\\ ", max_size=6))
trees = st.recursive(leaves, lambda inner: st.dictionaries(st.text("abcd", min_size=1, max_size=3), inner, max_size=3))


@given(st.dictionaries(st.text("abcd", min_size=1, max_size=3), trees, max_size=4), st.sampled_from(["json", "toml"]))
def test_setting_and_removing_leads_back(values: dict[str, Any], kind: Format) -> None:
    import tomlkit

    text = json.dumps(values, indent=2) if kind == "json" else tomlkit.dumps(values)
    changes: Changes = {("zz",): "1", ("yy", "x", "w"): True}
    after = changed(text, kind, changes)
    assert read(after, kind) == {**values, "zz": "1", "yy": {"x": {"w": True}}}
    assert read(changed(after, kind, dict.fromkeys(changes)), kind) == values


@pytest.mark.parametrize("tool", TOOLS.values(), ids=list(TOOLS))
def test_synced_is_what_sync_makes(tool: Any) -> None:
    wanted = Wanted(tool.url("http://127.0.0.1:1234/v1/"), "sk-key-0123456789abcdef", "m/x")
    texts: dict[str, str | None] = {file.path: None for file in tool.files}
    assert not is_synced(tool, texts, wanted.url)
    for change in sync_changes(tool, texts, wanted):
        texts[change.file.path] = change.after
        assert "0123456789abcdef" not in change.diff((wanted.key or "",))
    assert is_synced(tool, texts, wanted.url) and not is_synced(tool, texts, "http://127.0.0.1:1/v1")
    assert [change.is_change for change in sync_changes(tool, texts, wanted)] == [False] * len(
        [file for file in tool.files if texts[file.path] is not None]
    )


def test_the_address_takes_each_tools_form() -> None:
    forms = {
        tool.id: [tool.url(given) for given in ("http://h:1", "http://h:1/v1/", "https://h/x/")]
        for tool in TOOLS.values()
    }
    assert forms["claude"] == forms["gemini"] == ["http://h:1", "http://h:1", "https://h/x"]
    assert forms["codex"] == ["http://h:1/v1", "http://h:1/v1", "https://h/x"]
    for bad in ("", "h:1", "file:///x", "http://", "http://h\nA=1", 'http://h"', "http://h:99999", "javascript:x"):
        with pytest.raises(GatewayError):
            TOOLS["claude"].url(bad)


def test_restoring_undoes_ours_and_keeps_what_the_tool_wrote_since() -> None:
    file = TOOLS["claude"].files[1]
    before = '{\n  "env": { "ANTHROPIC_MODEL": "mine" }, // my own\n  "theme": "dark"\n}\n'
    (_, change) = sync_changes(
        TOOLS["claude"], {".claude.json": None, file.path: before}, Wanted("http://h:1", "k" * 20)
    )
    assert change.after is not None and '"mine"' not in change.after
    assert restored(file, change.after, before) == before
    since = changed(change.after, "json", {("theme",): "light", ("fresh",): 1})
    back = restored(file, since, before)
    assert back is not None and read(back, "json") == {"env": {"ANTHROPIC_MODEL": "mine"}, "theme": "light", "fresh": 1}
    assert "// my own" in back
    assert restored(file, '{"env": {"ANTHROPIC_BASE_URL": "x"}}', None) is None
    left = restored(file, '{"env": {"ANTHROPIC_BASE_URL": "x"}, "own": 1}', None)
    assert left is not None and read(left, "json") == {"own": 1}
    assert restored(file, "{broken", before) == before and restored(file, None, before) == before


def test_secrets_are_masked_in_any_of_the_files() -> None:
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U"
    texts = [
        f'{{"tokens": {{"id_token": "{token}", "refresh_token": "rt-0123456789abcdef"}}, "theme": "dark"}}',
        'experimental_bearer_token = "rt-0123456789abcdef"\n',
        "export GEMINI_API_KEY=rt-0123456789abcdef\n",
        "GEMINI_API_KEY='rt-0123456789abcdef'\n",
    ]
    for text in texts:
        shown = without_secrets(text)
        assert "rt-0123456789abcdef" not in shown and token not in shown and "…" in shown
    assert '"theme": "dark"' in without_secrets(texts[0])
