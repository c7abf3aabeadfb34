"""What a version says of an installation before it is put in place: `python -P -m crawdad.app.rehearsal`.

Another version calls it, so this is a contract between versions: the options `--home`, `--config` and `--database` (a copy,
which is brought to the newest schema), and as the last line on standard output `{"version", "schema", "problems": [...]}`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path

from crawdad import __version__
from crawdad.app.launch import Launch
from crawdad.app.wiring import configuration_source
from crawdad.core.errors import GatewayError
from crawdad.store.copying import rehearse_migration
from crawdad.store.migrations import HEAD


async def rehearse(launch: Launch, database: str) -> list[str]:
    """What is wrong; empty: nothing."""
    problems = []
    try:
        loaded = await (await configuration_source(launch)).load()
        problems += [problem.describe() for problem in loaded.problems if problem.is_error]
        if database:
            await rehearse_migration(Path(database))
    except GatewayError as error:
        problems.append(error.message())
    return problems


def main() -> None:
    """The process that the other version starts."""
    parser = argparse.ArgumentParser(prog="crawdad.app.rehearsal")
    for name in ("--home", "--config", "--database"):
        parser.add_argument(name, default=None)
    options = parser.parse_args()
    launch = Launch.from_environment(options.home, options.config)
    problems = asyncio.run(rehearse(launch, options.database or ""))
    print(json.dumps({"version": __version__, "schema": HEAD, "problems": problems}))


if __name__ == "__main__":
    main()
