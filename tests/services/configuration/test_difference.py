"""A change is hot, or needs a restart, and that is told apart."""

from __future__ import annotations

from typing import Any

import pytest

from crawdad.core.settings import Settings
from crawdad.services.configuration.difference import difference


def settings(**sections: Any) -> Settings:
    return Settings.model_validate(sections)


@pytest.mark.parametrize(
    ("sections", "path", "hot"),
    [
        ({"models": {"providers": {"x": {"baseUrl": "http://x"}}}}, "models", True),
        ({"models": {"rules": [{"match": "*"}]}}, "models", True),
        ({"retry": {"attempts": 5}}, "retry", True),
        ({"logging": {"level": "debug"}}, "logging", True),
        ({"gateway": {"auth": {"token": "t"}}}, "gateway.auth", True),
        ({"gateway": {"maxBodyBytes": 5000}}, "gateway.maxBodyBytes", True),
        ({"gateway": {"drainSeconds": 5}}, "gateway.drainSeconds", False),
        ({"gateway": {"port": 5}}, "gateway.port", False),
        ({"gateway": {"bind": "lan"}}, "gateway.bind", False),
        ({"gateway": {"extraPorts": [8045]}}, "gateway.extraPorts", False),
        ({"database": {"url": "sqlite://"}}, "database", False),
        ({"cluster": {"url": "redis://"}}, "cluster", False),
        ({"language": "zh"}, "language", True),
    ],
)
def test_each_section_knows_how_it_is_taken_up(sections: dict[str, Any], path: str, hot: bool) -> None:
    found = difference(settings(), settings(**sections))
    assert [(change.path, change.hot) for change in found.changes] == [(path, hot)]
    assert found.needs_restart is not hot


def test_nothing_changed() -> None:
    one = {"gateway": {"auth": {"token": "t"}}, "models": {"providers": {"x": {"baseUrl": "b", "apiKey": "k"}}}}
    assert not difference(settings(**one), settings(**one))
