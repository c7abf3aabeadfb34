"""`crawdad chat` as a program for somebody who signed in: it speaks to this gateway, in his name and with his rights alone."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Mapping, Sequence

from crawdad.app.commands.server_client import server_url
from crawdad.app.launch import Launch
from crawdad.core.identity import Principal
from crawdad.core.programs import Confinement, ProgramOrder, Programs
from crawdad.core.secret import Secret
from crawdad.services.identity.panel_tokens import PanelTokens

_KEPT = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "PYTHONPATH")
"""What a program needs to know of the environment; none of it is a secret."""


class ChatTerminal:
    """Makes the orders. Each principal has a folder of his own, for the identity of his terminal."""

    def __init__(self, launch: Launch, environment: Mapping[str, str], programs: Programs, tokens: PanelTokens) -> None:
        self._launch = launch
        self._environment = environment
        self._programs = programs
        self._tokens = tokens

    async def of(self, principal: Principal) -> ProgramOrder:
        """The program for `principal`. Its token is told to it alone, and no list of processes shows it."""
        name = hashlib.sha256(principal.id.encode()).hexdigest()[:32]
        folder = self._launch.home / "terminals" / name
        await asyncio.to_thread(folder.mkdir, 0o700, True, True)
        url = await asyncio.to_thread(server_url, self._launch._replace(environment=self._without_url()))
        python = await self._programs.find(sys.executable, str(folder), ())
        arguments = ["-P", "-m", "crawdad.app.main", "--home", str(folder), "chat", "--url", url]
        return ProgramOrder(
            python,
            arguments,
            str(folder),
            str(folder),
            {**self.variables(), "HOME": str(folder)},
            confinement=Confinement("none"),
            terminal=True,
            secrets={"CRAWDAD_TOKEN": Secret(await self._tokens.issue(principal))},
        )

    async def command(self, words: Sequence[str]) -> ProgramOrder:
        """The program for the words of an allowed command; `crawdad` and `openclaw` are this very installation's command line.
        Raises NOT_FOUND."""
        home = str(self._launch.home)
        variables = {**self.variables(), "HOME": self._environment.get("HOME", home)}
        arguments = list(words[1:])
        if words[0] in ("crawdad", "openclaw"):
            found = await self._programs.find(sys.executable, home, ())
            arguments = ["-P", "-m", "crawdad.app.main", *self._launch.options(), *arguments]
        else:
            found = await self._programs.find(words[0], home, variables["PATH"].split(os.pathsep))
        return ProgramOrder(found, arguments, home, home, variables, confinement=Confinement("none"), terminal=True)

    def variables(self) -> dict[str, str]:
        """The environment of a program in a terminal."""
        kept = {key: self._environment[key] for key in _KEPT if key in self._environment}
        return {"PATH": os.defpath, **kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"}

    def _without_url(self) -> Mapping[str, str]:
        """The server is this one, whichever one the command line would go to."""
        return {key: value for key, value in self._launch.environment.items() if key != "CRAWDAD_URL"}
