"""A gateway with plugins, whose agents ask a scripted model."""

from __future__ import annotations

import json
from typing import Any

from tests.app.test_accounts_command import crawdad
from tests.e2e.agents.conftest import Scene
from tests.e2e.agents.conftest import open_scene as open_scene
from tests.support.control import BACKEND, Client, connected


def plugins(scene: Scene, *words: str, status: int = 0) -> Any:
    """What `crawdad plugins …` says in JSON, beside the running gateway."""
    done = crawdad(scene.gateway.home, "plugins", *words, "--json")
    assert done.returncode == status, (done.stdout, done.stderr)
    return json.loads(done.stdout) if done.stdout.strip() else None


def entry(scene: Scene, plugin: str) -> Any:
    """A plugin as the control channel lists it, with what is said of it."""
    with connected(scene.gateway, client=BACKEND) as client:
        listed = client.call("plugins.list")
    one = next(one for one in listed["plugins"] if one["id"] == plugin)
    said: Any = next((each for each in listed["diagnostics"] if each["pluginId"] == plugin), {})
    return {"status": {"enabled": "loaded"}.get(one["state"], one["state"]), **said, **one}


def told(client: Client, plugin: str) -> Any:
    """A plugin as the control channel lists it."""
    return next(one for one in client.call("plugins.list")["plugins"] if one["id"] == plugin)
