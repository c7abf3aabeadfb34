"""Where a start happens: the home directory, the configuration file and the environment. Standard library only."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple


class Launch(NamedTuple):
    """What every process of one installation must agree on. Nothing in it has been read or made yet."""

    home: Path
    config_path: Path
    environment: Mapping[str, str]

    @classmethod
    def from_environment(
        cls, home: str | None = None, config: str | None = None, environment: Mapping[str, str] | None = None
    ) -> Launch:
        """Resolve options first, then `CRAWDAD_HOME` and `CRAWDAD_CONFIG`, then the defaults beside `~/.crawdad`."""
        environment = os.environ if environment is None else environment
        directory = _absolute(home or environment.get("CRAWDAD_HOME") or "~/.crawdad")
        file = config or environment.get("CRAWDAD_CONFIG")
        return cls(directory, _absolute(file) if file else directory / "openclaw.json", environment)

    @property
    def logs(self) -> Path:
        """The directory of log files."""
        return self.home / "logs"

    def options(self) -> list[str]:
        """The command line options that lead another process to the same place."""
        return ["--home", str(self.home), "--config", str(self.config_path)]


def _absolute(path: str) -> Path:
    return Path(os.path.abspath(os.path.expanduser(path)))
