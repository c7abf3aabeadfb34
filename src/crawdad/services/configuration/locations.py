"""Where Crawdad keeps its state and its configuration."""

from __future__ import annotations

import os.path
from collections.abc import Mapping
from dataclasses import dataclass

CONFIGURATION_NAME = "openclaw.json"


@dataclass(frozen=True, slots=True)
class Locations:
    """Absolute paths."""

    home: str
    configuration: str

    @property
    def secret_key(self) -> str:
        """The file that holds the key of the secret box."""
        return os.path.join(self.home, "secret.key")


def locate(environment: Mapping[str, str]) -> Locations:
    """`CRAWDAD_HOME` (else `~/.crawdad`) and `CRAWDAD_CONFIG` (else `openclaw.json` in it)."""
    home = os.path.abspath(os.path.expanduser(environment.get("CRAWDAD_HOME") or "~/.crawdad"))
    given = environment.get("CRAWDAD_CONFIG")
    configuration = os.path.abspath(os.path.expanduser(given)) if given else os.path.join(home, CONFIGURATION_NAME)
    return Locations(home, configuration)
