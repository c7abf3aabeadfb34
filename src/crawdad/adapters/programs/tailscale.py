"""Tailscale's own word on who has an address. The port is `services.identity.visitors.Whois`."""

from __future__ import annotations

from pathlib import Path

import orjson

from crawdad.adapters.programs.finding import LocalPrograms
from crawdad.adapters.programs.running import ProgramFailed, run_program
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.text import Text

_SECONDS = 5.0
_MOST_BYTES = 65_536


class TailscaleWhois:
    """Asks the `tailscale` program of this machine, which asks the daemon."""

    def __init__(self, programs: LocalPrograms) -> None:
        self._programs = programs

    async def login_of(self, address: str) -> str | None:
        """The login name of the user of `address`. Raises UNAVAILABLE where Tailscale cannot be asked."""
        path = await self._programs.find("tailscale")
        if path is None:
            raise _unavailable("tailscale was not found")
        program = (path, "whois", "--json", address)
        try:
            said = await run_program(
                program, seconds=_SECONDS, most_bytes=_MOST_BYTES, folder=Path("/"), environment=self._programs.plain()
            )
        except ProgramFailed as failed:
            if failed.code is not None:
                return None  # it knows nobody there
            raise _unavailable(failed.reason) from None
        return login_in(said)


def login_in(said: bytes) -> str | None:
    """The login name in what `tailscale whois --json` says; None for a device that is nobody's (tagged)."""
    try:
        document = orjson.loads(said)
    except orjson.JSONDecodeError:
        return None
    profile = document.get("UserProfile") if isinstance(document, dict) else None
    login = profile.get("LoginName") if isinstance(profile, dict) else None
    return login if isinstance(login, str) and login and login != "tagged-devices" else None


def _unavailable(reason: Text | str) -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("doors.tailscale", {"reason": reason}))
