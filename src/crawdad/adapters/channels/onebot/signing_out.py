"""Signing QQ out: NapCat has no call for it, so its session is removed where its folder is known, and it is started again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

from crawdad.adapters.channels.onebot.napcat_web import NapcatWeb
from crawdad.core.channels import SendFailed
from crawdad.core.errors import ErrorKind, GatewayError, NotReached
from crawdad.core.parts import JsonObject
from crawdad.core.text import Text

_OF_NAPCAT = ("data", "quickLoginCache", "temp")
_RESTARTS = ("Process/Restart", "QQLogin/RestartNapCat")


async def sign_out(web: NapcatWeb, session_path: str, restart: Callable[[], Awaitable[object]]) -> JsonObject:
    """Remove the session below `session_path` (empty: it is left where it is) and have NapCat started again; `restart` is
    OneBot's way to do so. `{cleared, removed}`. Raises when NapCat does not answer, before anything is removed; when something
    cannot be removed; and when it cannot be started again."""
    await web.ask("QQLogin/CheckLoginStatus")
    with contextlib.suppress(GatewayError):  # older ones know no account that signs in by itself
        await web.ask("QQLogin/SetQuickLoginQQ", {"uin": ""})
    removed = await asyncio.to_thread(remove_session, Path(session_path)) if session_path else []
    await _start_again(web, restart)
    return {"cleared": bool(session_path), "removed": removed}


async def _start_again(web: NapcatWeb, restart: Callable[[], Awaitable[object]]) -> None:
    fault: GatewayError | None = None
    for path in _RESTARTS:
        try:
            await web.ask(path)
            return
        except NotReached as error:
            fault = error
        except GatewayError as error:
            if error.kind in (ErrorKind.UPSTREAM_BROKEN, ErrorKind.UPSTREAM_TIMEOUT):
                return  # it was asked, and has ended before it could answer
            fault = error
    try:
        await restart()
    except SendFailed as error:
        if error.outcome == "ambiguous":
            return
        assert fault is not None
        words = Text("napcat.no_restart", {"reason": fault.message()})
        raise GatewayError(ErrorKind.UPSTREAM_ERROR, words) from error


def remove_session(root: Path) -> list[str]:
    """Remove what QQ and NapCat keep of a sign-in: entries of these names alone, and no link is followed. Returns what was
    removed. Raises BAD_REQUEST for a path that is no folder, UNAVAILABLE for what cannot be removed."""
    if not root.is_absolute() or not root.is_dir():
        raise GatewayError(ErrorKind.BAD_REQUEST, Text("napcat.no_session_folder"), {"param": "napcat.sessionPath"})
    wanted = [Path(one.path) for one in os.scandir(root) if one.name == "nt_qq" or one.name.startswith("nt_qq_")]
    own = root / "NapCat"
    if own.is_dir() and not own.is_symlink():
        wanted += [own / name for name in _OF_NAPCAT if (own / name).exists() or (own / name).is_symlink()]
    removed = []
    for path in sorted(wanted):
        try:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            words = Text("napcat.session_not_removed", {"name": path.name, "reason": error.strerror or ""})
            raise GatewayError(ErrorKind.UNAVAILABLE, words) from error
        removed.append(str(path.relative_to(root)))
    return removed
