"""The templates of experts, bots made after them, and who is talked to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import httpx
import orjson
import pytest

import crawdad
from crawdad.core.experts import ExpertTemplate
from tests.api.buddy.answers import ask, ended, refused, told
from tests.support.server import Gateway, running_gateway, settings
from tests.support.waiting import PATIENCE

FOLDER = Path(crawdad.__file__).parent / "bundled" / "experts"
KEYS = {
    *("id", "name", "name_en", "description", "description_en", "emoji", "category", "category_zh"),
    *("tools", "tools_en", "memory", "memory_en"),
    *("soul", "soul_en", "identity", "identity_en", "identity_md", "identity_md_en", "skills", "skills_en"),
}


@pytest.fixture(scope="module")
def gateway() -> Iterator[Gateway]:
    with running_gateway(settings({})) as found:
        yield found


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.json")), ids=lambda path: path.stem)
def test_every_template_is_whole_in_both_languages(path: Path) -> None:
    template = ExpertTemplate.model_validate_json(path.read_bytes())
    assert template.id == path.stem
    zh, en = template.zh, template.en
    for words in (zh, en):
        assert words.soul.startswith("# ") and words.soul.count("\n## ") >= 3
        assert len(words.skills) >= 3
    assert len(zh.skills) == len(en.skills)
    assert zh.soul.count("\n- ") == en.soul.count("\n- ")
    assert zh.tools.count("\n- ") == en.tools.count("\n- ") >= 3
    assert zh.memory.count("\n## ") == en.memory.count("\n## ") >= 3
    for text in (zh.name, zh.description, zh.bio, zh.soul, zh.tools, zh.memory, *zh.skills):
        assert re.search(r"[\u4e00-\u9fff]", text), text
    for text in (en.name, en.description, en.bio, en.soul, en.tools, en.memory, *en.skills):
        assert not re.search(r"[\u4e00-\u9fff]", text), text


def test_all_templates_are_told(gateway: Gateway) -> None:
    found = told(ask(gateway, "GET", "experts"))
    assert [each["id"] for each in found] == sorted(path.stem for path in FOLDER.glob("*.json"))
    assert len(found) >= 12
    for each in found:
        assert set(each) == KEYS
        assert set(each["identity"]) == {"name", "bio"}
        assert each["identity_md"].startswith("# 你是谁\n") and "- [x] " in each["identity_md"]
        assert each["name"] in each["identity_md"] and each["name_en"] in each["identity_md_en"]
    assert next(each for each in found if each["id"] == "contract_reader")["category_zh"] == "法律"


def test_a_bot_is_made_after_a_template_in_the_language_of_the_request(gateway: Gateway) -> None:
    expert = next(each for each in told(ask(gateway, "GET", "experts")) if each["id"] == "architect")
    for bot, language, soul, identity, name in (
        ("my_dev_lead", "en", "soul_en", "identity_md_en", "name_en"),
        ("wo_de", "zh-CN", "soul", "identity_md", "name"),
    ):
        answer = ask(
            gateway,
            "POST",
            "bots/template",
            json={"expertId": "architect", "newBotId": bot},
            headers={"accept-language": language},
        )
        task = ended(gateway, told(answer, 202)["taskID"])
        assert (task["kind"], task["target"], task["status"]) == ("bots.clone", bot, "succeeded")
        workspace = Path(task["result"]["workspace"])
        assert (workspace / "SOUL.md").read_text() == expert[soul]
        assert (workspace / "IDENTITY.md").read_text() == expert[identity]
        english = language == "en"
        assert (workspace / "TOOLS.md").read_text() == expert["tools_en" if english else "tools"]
        assert (workspace / "MEMORY.md").read_text() == expert["memory_en" if english else "memory"]
        assert (workspace / "AGENTS.md").exists()
        agents = orjson.loads((gateway.home / "openclaw.json").read_bytes())["agents"]["list"]
        assert agents[-1] == {"id": bot, "name": expert[name], "identity": {"emoji": expert["emoji"]}}


def test_texts_and_model_of_the_request_go_before_the_template_s(gateway: Gateway) -> None:
    body = {
        "expertId": "translator",
        "botId": "own",
        "modelId": "x/y",
        "soul": "# mine\n",
        "identity_md": "- Name: me\n",
    }
    task = ended(gateway, told(ask(gateway, "POST", "bots/template", json=body), 202)["taskID"])
    workspace = Path(task["result"]["workspace"])
    assert (workspace / "SOUL.md").read_text() == "# mine\n"
    assert (workspace / "IDENTITY.md").read_text() == "- Name: me\n"
    agents = orjson.loads((gateway.home / "openclaw.json").read_bytes())["agents"]["list"]
    assert agents[-1]["model"] == "x/y"
    refused(ask(gateway, "POST", "bots/template", json={**body, "botId": "OWN"}), 409)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"expertId": "nobody", "botId": "x"}, 404),
        ({"expertId": "../architect", "botId": "x"}, 404),
        ({"expertId": "architect", "botId": "../x"}, 400),
        ({"expertId": "architect"}, 400),
        ({"botId": "x"}, 400),
        ({"expertId": "architect", "botId": "main"}, 409),
    ],
)
def test_what_cannot_be_made_is_refused_at_once(gateway: Gateway, body: dict[str, str], status: int) -> None:
    refused(ask(gateway, "POST", "bots/template", json=body), status)


def test_a_bot_whose_files_cannot_be_written_is_not_made(gateway: Gateway) -> None:
    (gateway.home / "workspace-blocked").write_text("a file where the folder should be")
    answer = ask(gateway, "POST", "bots/template", json={"expertId": "architect", "botId": "blocked"})
    assert ended(gateway, told(answer, 202)["taskID"])["status"] == "failed"
    refused(ask(gateway, "GET", "bots/file?id=blocked"), 404)


def test_sessions_are_listed_and_the_bots_with_most_of_them_come_first() -> None:
    with running_gateway(settings({})) as gateway:
        assert told(ask(gateway, "GET", "sessions"))["data"] == []
        assert told(ask(gateway, "GET", "bots/top")) == []
        for bot in ("busy", "calm", "quiet", "silent"):
            told(ask(gateway, "POST", "bots/add", json={"id": bot, "model": "crawdad/demo"}))
        told(ask(gateway, "POST", "bots/update", json={"id": "busy", "name": "Busy", "config": {"emoji": "🐝"}}))
        for bot, people in (("busy", 3), ("calm", 2), ("quiet", 1), ("main", 1)):
            for number in range(people):
                body = {
                    "model": f"openclaw/{bot}",
                    "user": f"{bot}-{number}",
                    "messages": [{"role": "user", "content": "Hi"}],
                }
                answer = httpx.post(
                    f"{gateway.base_url}/v1/chat/completions", json=body, headers=gateway.headers, timeout=PATIENCE
                )
                assert answer.status_code == 200, answer.text
        ranked = told(ask(gateway, "GET", "bots/top?refresh=true"))
        assert [(each["id"], each["sessions"]) for each in ranked[:2]] == [("busy", 3), ("calm", 2)]
        assert (len(ranked), ranked[2]["sessions"]) == (3, 1)
        assert ranked[0] == {"id": "busy", "name": "Busy", "emoji": "🐝", "sessions": 3}
        assert ranked[1]["emoji"] == "🤖"
        listed = told(ask(gateway, "GET", "sessions?refresh=true"))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", listed["updated_at"])
        rows = listed["data"]
        assert len(rows) == 7
        assert sorted({each["agentId"] for each in rows}) == ["busy", "calm", "main", "quiet"]
        updated = [each["updatedAt"] for each in rows]
        assert updated == sorted(updated, reverse=True)
        for each in rows:
            assert set(each) == {
                *("key", "agentId", "model", "kind", "ageMs", "inputTokens", "outputTokens", "totalTokens"),
                *("contextTokens", "sessionId", "updatedAt"),
            }
            assert each["model"] == "crawdad/demo"
            assert each["inputTokens"] > 0 and each["sessionId"] and 0 <= each["ageMs"] < 120_000
