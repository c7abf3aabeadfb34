"""What the tests of a cluster do with its two gateways."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.server import Gateway, clean_environment, run_command
from tests.support.waiting import eventually

SECRET_KEY = "the secret key that all gateways of the cluster share"
MODEL = "scripted/story:hello"


@dataclass(frozen=True)
class Pair:
    """Two gateways and a client of each. `shared` are the variables that lead both to the same database and Redis."""

    first: Gateway
    second: Gateway
    at_first: httpx.Client
    at_second: httpx.Client
    shared: Mapping[str, str]

    def run(self, gateway: Gateway, *arguments: str) -> Any:
        """What a command says (as JSON) in the home of one of them."""
        command = [*arguments, "--json", "--home", str(gateway.home)]
        done = run_command(command, {**clean_environment(), **self.shared})
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def new_key(self, gateway: Gateway, name: str, *options: str) -> dict[str, str]:
        """Headers with a key that was made in the home of one of them; both know it when this returns."""
        made = self.run(gateway, "keys", "create", name, *options)
        headers = {"authorization": f"Bearer {made['key']}"}
        self.wait_until_known(headers, True)
        return headers

    def wait_until_known(self, headers: dict[str, str], known: bool) -> None:
        """Wait until both know a key, or know it no more."""
        expected = 200 if known else 401
        clients = (self.at_first, self.at_second)
        eventually(
            lambda: all(client.get("/v1/models", headers=headers).status_code == expected for client in clients),
            "both gateways to notice a key",
        )


def events_of(stream: httpx.Response) -> list[dict[str, Any]]:
    """The events of an SSE stream, to its end."""
    return [json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: ")]
