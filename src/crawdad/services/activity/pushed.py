"""Entries that other programs push into the activity log: checked strictly, and not too many of them."""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Mapping
from typing import Any

from crawdad.core.activity import SOURCES, Activity
from crawdad.core.errors import ErrorKind, GatewayError, bad_request
from crawdad.core.ports import RateCounter
from crawdad.core.settings import Settings
from crawdad.core.text import Text
from crawdad.services.activity.log import ActivityLog, Draft

A_MINUTE = 120
"""How many entries one sender may push in a minute."""
_IN_ALL = 1200
_TYPE = re.compile(r"[\w.:-]{1,64}")


class PushedActivity:
    """The way in for them."""

    def __init__(self, log: ActivityLog, rates: RateCounter, settings: Callable[[], Settings]) -> None:
        self._log = log
        self._rates = rates
        self._settings = settings

    def knows(self, secret: str) -> bool:
        """Whether somebody shows the secret that is set for this. In constant time."""
        wanted = self._settings().logging.activity.push_secret
        return bool(wanted) and wanted is not None and hmac.compare_digest(wanted.reveal().encode(), secret.encode())

    async def push(self, entry: Mapping[str, Any], sender: str) -> Activity:
        """Keep an entry: `summary`, and `source`, `type`, `detail` if they are given; it stands when this returns. Raises
        BAD_REQUEST, RATE_LIMITED, UNAVAILABLE."""
        draft = _draft(entry)
        for key, limit in ((f"activity.pushed:{sender}", A_MINUTE), ("activity.pushed", _IN_ALL)):
            counted, seconds = await self._rates.add(key, 1, limit)
            if not counted:
                text = Text("activity.too_many", {"limit": limit})
                raise GatewayError(ErrorKind.RATE_LIMITED, text, {"code": "rate_limited"}, retry_after=seconds)
        return await self._log.keep(draft)


def _draft(entry: Mapping[str, Any]) -> Draft:
    summary = entry.get("summary")
    if summary is None or summary in ("", False, 0):
        raise bad_request("activity.summary_required", "summary")
    texts = {name: entry.get(name) for name in ("summary", "source", "type", "detail")}
    for name, value in texts.items():
        if value is not None and not isinstance(value, str):
            raise bad_request("activity.not_text", name)
    kind = texts["type"] or "openclaw.action"
    if not _TYPE.fullmatch(kind):
        raise bad_request("activity.bad_type", "type")
    source = texts["source"]
    return Draft(source if source in SOURCES else "openclaw", kind, str(summary), texts["detail"] or None)
