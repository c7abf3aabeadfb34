"""New names of agents: where they are told, and what goes before what."""

from __future__ import annotations

import pytest

from crawdad.services.agents.administration import with_name_told
from crawdad.services.configuration import edits
from crawdad.services.configuration.agent_list import with_agent_changed


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("# Who\n\n- Name: Old\n- Emoji: x\n", "# Who\n\n- Name: New\n- Emoji: x\n"),
        ("- Name:\n- Emoji:\n", "- Name: New\n- Emoji:\n"),
        ("- **Name:** Old\n", "- **Name:** New\n"),
        ("  * **name**: Old", "  * **name**: New"),
        ("# 你是谁\n\n- 名称：旧\n", "# 你是谁\n\n- 名称：New\n"),
        ("- Name: a\n- Name: b\n", "- Name: New\n- Name: b\n"),
        ("My Name: is told nowhere\n- Named: x\n", "My Name: is told nowhere\n- Named: x\n"),
        ("", ""),
    ],
)
def test_the_line_that_tells_the_name_is_replaced(before: str, after: str) -> None:
    assert with_name_told(before, "New") == after


def test_a_name_is_taken_as_it_stands() -> None:
    assert with_name_told("- Name: x\n", r"\1 \g<0>") == "- Name: \\1 \\g<0>\n"


def test_a_name_in_the_identity_is_replaced_too_as_it_goes_before_the_other() -> None:
    text = '{agents: {list: [{id: "a", name: "old", identity: {name: "older", emoji: "x"}}, {id: "b", identity: {}}]}}'
    text = with_agent_changed(with_agent_changed(text, "a", {"name": "new"}), "b", {"name": "two"})
    assert edits.value_of(text)["agents"]["list"] == [
        {"id": "a", "name": "new", "identity": {"name": "new", "emoji": "x"}},
        {"id": "b", "identity": {}, "name": "two"},
    ]
