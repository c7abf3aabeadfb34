"""Tailscale's own word on who has an address. The port is `services.identity.visitors.Whois`."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import orjson

from crawdad.adapters.programs.finding import LocalPrograms
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
        try:
            process = await asyncio.create_subprocess_exec(
                path,
                *("whois", "--json", address),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                cwd="/",
            )
        except OSError as error:
            raise _unavailable(error.strerror or "") from None
        assert process.stdout is not None
        said = b""
        try:
            async with asyncio.timeout(_SECONDS):
                while len(said) <= _MOST_BYTES and (piece := await process.stdout.read(_MOST_BYTES)):
                    said += piece
                code = await process.wait()
        except TimeoutError:
            raise _unavailable(f"no answer within {_SECONDS} s") from None
        finally:
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        return login_in(said) if code == 0 else None


def login_in(said: bytes) -> str | None:
    """The login name in what `tailscale whois --json` says; None for a device that is nobody's (tagged)."""
    try:
        document = orjson.loads(said)
    except orjson.JSONDecodeError:
        return None
    profile = document.get("UserProfile") if isinstance(document, dict) else None
    login = profile.get("LoginName") if isinstance(profile, dict) else None
    return login if isinstance(login, str) and login and login != "tagged-devices" else None


def _unavailable(reason: str) -> GatewayError:
    return GatewayError(ErrorKind.UNAVAILABLE, Text("doors.tailscale", {"reason": reason}))
