"""A vendor with accounts: every key has a quota of its own, may be revoked, forbidden, limited or made to fail.

It speaks the dialects of OpenAI, Anthropic and Gemini at once, tells its rate-limit headers and 429 bodies as those vendors
send them, and lives by a clock that a test moves (`advance`).

    with AccountVendor() as vendor:
        vendor.open("sk-one", requests=3, window=60)
        vendor.key("sk-one").revoked = True
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from tests.support.upstreams import services
from tests.support.upstreams.loopback import LoopbackServer, Received, Reply
from tests.support.upstreams.protocols import Ask, asked, error_body
from tests.support.upstreams.speakers import SPEAKERS, STREAM_TYPE
from tests.support.upstreams.stories import STORIES, Stamp, turn_for

MODELS = ("vendor-large", "vendor-small")


@dataclass
class Key:
    """One account as the vendor sees it. `requests` in each `window` of seconds, for each model; None: no limit.

    `failing` are statuses to answer with, in order, before anything else; `plan` is only told. `tell` says how a 429 tells
    the wait: `header`, `date`, `body`, `text` or `none`; `daily` makes it Google's quota of the day.
    """

    secret: str
    requests: int | None = None
    window: float = 60.0
    tokens: int | None = None
    revoked: bool = False
    forbidden: bool = False
    failing: list[int] = field(default_factory=list)
    plan: str = "free"
    tell: str = "header"
    daily: bool = False
    credit: dict[str, Any] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)
    began: dict[str, float] = field(default_factory=dict)
    served: int = 0
    """How many answers it got."""


class AccountVendor(LoopbackServer):
    """Serves whoever has one of its keys."""

    def __init__(
        self,
        models: tuple[str, ...] = MODELS,
        open_list: bool = False,
        tells_of_keys: bool = True,
        pricing: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.models = models
        """Without any it has no list at all."""
        self.open_list = open_list
        """Its list of models is open to everybody, and (where it `tells_of_keys`) `/v1/key` tells of the key, as at OpenRouter;
        at NVIDIA nothing does."""
        self.tells_of_keys = tells_of_keys
        self.pricing = pricing or {}
        """What the open list says that models cost, by name, as OpenRouter's does."""
        self.time = time.time()
        self._keys: dict[str, Key] = {}
        self._guard = threading.Lock()

    def open(self, secret: str, **fields: Any) -> Key:
        """A new account."""
        self._keys[secret] = Key(secret, **fields)
        return self._keys[secret]

    def key(self, secret: str) -> Key:
        """The account of a key."""
        return self._keys[secret]

    def advance(self, seconds: float) -> None:
        """Let time go by at the vendor's: quotas whose window is over are whole again."""
        self.time += seconds

    def asked_with(self, secret: str) -> int:
        """How often a model was asked for with a key."""
        return sum(1 for entry in self.journal if entry.method == "POST" and _secret(entry) == secret)

    async def answer(self, request: Received, reply: Reply) -> None:
        """What the vendor answers."""
        ask = asked(request)
        protocol = ask.protocol if ask else _dialect(request)
        key = self._keys.get(_secret(request))
        if self.open_list and request.path == "/v1/models":
            listed = [{"id": name, "object": "model", "pricing": self.pricing.get(name)} for name in self.models]
            await reply.whole(200, {"data": listed})
            return
        if key is None or key.revoked:
            status, body = (
                (400, _GOOGLE_BAD_KEY) if protocol == "gemini" else (401, error_body(protocol, 401, "bad key"))
            )
            await reply.whole(status, body)
            return
        if key.forbidden:
            await reply.whole(403, error_body(protocol, 403, "this account may not"))
            return
        if self.open_list and self.tells_of_keys and request.path == "/v1/key":
            await reply.whole(200, {"data": {"label": "sk-or-…", "is_free_tier": key.plan == "free", **key.credit}})
            return
        if ask is None:
            if not self.models or not await services.serve(request, reply, self.models):
                await reply.whole(404, error_body(protocol, 404, f"unknown path {request.path}"))
            return
        with self._guard:
            failing = key.failing.pop(0) if key.failing else None
            limited = failing is None and self._spend(key, ask.model)
            headers = self._headers(protocol, key, ask.model)
        if failing is not None:
            await reply.whole(failing, error_body(protocol, failing, f"scripted failure {failing}"))
        elif limited:
            await self._refuse(ask, key, headers, reply)
        else:
            key.served += 1
            await self._tell(ask, headers, reply)

    async def _tell(self, ask: Ask, headers: Mapping[str, str], reply: Reply) -> None:
        speaker, stamp = SPEAKERS[ask.protocol], Stamp(len(self.journal))
        turn = turn_for(STORIES["hello"], speaker.hear(ask))
        if not ask.stream:
            await reply.whole(200, speaker.whole(turn, ask, stamp), headers)
            return
        await reply.begin(200, {"content-type": STREAM_TYPE[ask.protocol], **headers})
        for piece in speaker.stream(turn, ask, stamp):
            await reply.send(piece)
        await reply.end()

    def _spend(self, key: Key, model: str) -> bool:
        """Count a request; whether it is one too many."""
        if self.time - key.began.get(model, -1e18) >= key.window:
            key.began[model], key.used[model] = self.time, 0
        if key.requests is not None and key.used[model] >= key.requests:
            return True
        key.used[model] += 1
        return False

    def _left(self, key: Key, model: str) -> float:
        return max(0.0, key.began[model] + key.window - self.time)

    def _headers(self, protocol: str, key: Key, model: str) -> dict[str, str]:
        if key.requests is None or model not in key.began:
            return {}
        limit, left, seconds = str(key.requests), str(key.requests - key.used[model]), self._left(key, model)
        if protocol == "anthropic":
            reset = datetime.fromtimestamp(self.time + seconds, UTC).isoformat().replace("+00:00", "Z")
            name = "anthropic-ratelimit-requests-"
            return {name + "limit": limit, name + "remaining": left, name + "reset": reset}
        if protocol in ("chat", "responses"):
            return {
                "x-ratelimit-limit-requests": limit,
                "x-ratelimit-remaining-requests": left,
                "x-ratelimit-reset-requests": f"{seconds:.3f}s",
                "x-ratelimit-limit-tokens": "100000",
                "x-ratelimit-remaining-tokens": "99000",
                "x-ratelimit-reset-tokens": "600ms",
            }
        return {}

    async def _refuse(self, ask: Ask, key: Key, headers: dict[str, str], reply: Reply) -> None:
        seconds = self._left(key, ask.model)
        if key.tell == "header":
            headers["retry-after"] = f"{seconds:.0f}"
        elif key.tell == "date":
            headers["retry-after"] = formatdate(self.time + seconds, usegmt=True)
            headers["date"] = formatdate(self.time, usegmt=True)
        await reply.whole(429, refusal_body(ask, key, seconds), headers)


def refusal_body(ask: Ask, key: Key, seconds: float) -> dict[str, Any]:
    """A 429 as the vendor of the dialect words it."""
    hint = f" Please try again in {seconds:.3f}s." if key.tell == "text" else ""
    if ask.protocol == "gemini":
        kind = "PerDayPerProjectPerModel" if key.daily else "PerMinutePerProjectPerModel"
        details: list[dict[str, Any]] = [
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [
                    {
                        "quotaMetric": "generativelanguage.googleapis.com/generate_content_free_tier_requests",
                        "quotaId": f"GenerateRequests{kind}-FreeTier",
                        "quotaDimensions": {"location": "global", "model": ask.model},
                        "quotaValue": str(key.requests),
                    }
                ],
            },
            {
                "@type": "type.googleapis.com/google.rpc.Help",
                "links": [{"description": "Learn more about quotas", "url": "https://example.org/quotas"}],
            },
        ]
        if key.tell in ("body", "header"):
            wait = f"{seconds:.9f}s"
            details.append({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": wait})
        message = "You exceeded your current quota, please check your plan and billing details." + hint
        return {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED", "details": details}}
    if ask.protocol == "anthropic":
        message = (
            f"This request would exceed your organization's rate limit of {key.requests} requests per minute.{hint}"
        )
        return error_body("anthropic", 429, message)
    message = f"Rate limit reached for {ask.model} on requests per min (RPM): Limit {key.requests}.{hint}"
    return error_body(ask.protocol, 429, message)


_GOOGLE_BAD_KEY = {
    "error": {
        "code": 400,
        "message": "API key not valid. Please pass a valid API key.",
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "API_KEY_INVALID",
                "domain": "googleapis.com",
            }
        ],
    }
}


def _secret(request: Received) -> str:
    headers = request.headers
    found = headers.get("x-api-key") or headers.get("x-goog-api-key") or headers.get("authorization", "")
    return found.removeprefix("Bearer ")


def _dialect(request: Received) -> Any:
    if "anthropic-version" in request.headers:
        return "anthropic"
    return "gemini" if "x-goog-api-key" in request.headers else "chat"
