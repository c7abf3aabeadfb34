"""Faults of status: errors, storms, errors dressed as success, redirects."""

from __future__ import annotations

import time
from email.utils import formatdate

from tests.support.upstreams.faults.scene import Scene, fault
from tests.support.upstreams.protocols import error_body


@fault("none")
async def healthy(scene: Scene) -> None:
    """No fault at all."""
    if scene.ask.stream:
        await scene.play(scene.events())
    else:
        await scene.reply.whole(200, scene.body())


@fault("status")
async def status(scene: Scene) -> None:
    """The vendor's error with the status `code` (500). With `times`, healthy afterwards. `after` sets Retry-After: seconds,
    `date` (in two seconds), `past`, `garbage`, `negative` or `ms` (retry-after-ms: 50)."""
    code = int(scene.number("code", 500))
    await scene.fail(code, f"scripted failure with status {code}", _retry_after(scene.options.get("after")))


def _retry_after(word: str | None) -> dict[str, str]:
    if word is None:
        return {}
    if word == "ms":
        return {"retry-after-ms": "50"}
    dates = {"date": time.time() + 2, "past": time.time() - 3600}
    words = {"garbage": "soon; maybe", "negative": "-7"}
    value = formatdate(dates[word], usegmt=True) if word in dates else words.get(word, word)
    return {"retry-after": value}


@fault("error-html")
async def error_html(scene: Scene) -> None:
    """A proxy's HTML error page with the status `code` (502)."""
    page = b"<html><head><title>502 Bad Gateway</title></head><body><h1>Bad Gateway</h1></body></html>"
    await scene.reply.whole(int(scene.number("code", 502)), page, {"content-type": "text/html"})


@fault("error-empty")
async def error_empty(scene: Scene) -> None:
    """The status `code` (500) without a body."""
    await scene.reply.whole(int(scene.number("code", 500)), b"", {"content-type": "text/plain"})


@fault("error-huge")
async def error_huge(scene: Scene) -> None:
    """An error whose message has 5 MB."""
    await scene.fail(500, "x" * 5_000_000)


@fault("error-echo")
async def error_echo(scene: Scene) -> None:
    """An error that quotes every header of the request, as debugging servers do."""
    await scene.fail(400, "scripted failure; you sent " + str(scene.request.headers))


@fault("error-list")
async def error_list(scene: Scene) -> None:
    """An error inside a JSON array, as Gemini answers streams that it refuses."""
    await scene.reply.whole(400, [error_body(scene.ask.protocol, 400, "scripted failure in a list")])


@fault("error-200")
async def error_as_success(scene: Scene) -> None:
    """Status 200, and an error body as JSON, streamed or not."""
    await scene.fail(200, "scripted failure dressed as success")


@fault("error-200-stream", needs="stream")
async def error_first(scene: Scene) -> None:
    """Status 200 and a stream whose first event is the error."""
    await scene.play([scene.error_event(429, "scripted failure as the first event")])


@fault("error-midstream", needs="stream")
async def error_midstream(scene: Scene) -> None:
    """Half of a stream, then the vendor's error event, then a proper end."""
    events = scene.events()
    await scene.play([*events[: len(events) // 2], scene.error_event(529, "scripted failure in mid-stream")])


LANDING = "/landed"
"""Where the redirect `to=elsewhere` leads; a request there means that somebody followed."""

_METADATA = "http://169.254.169.254/latest/meta-data/iam/security-credentials/"
_TARGETS = {
    "metadata": _METADATA,
    "metadata6": "http://[fd00:ec2::254]/latest/meta-data/",
    "metadata-decimal": "http://2852039166/latest/meta-data/",
    "private": "http://10.0.0.1/v1/chat/completions",
    "file": "file:///etc/passwd",
    "gopher": "gopher://127.0.0.1:6379/_INFO",
}


@fault("redirect")
async def redirect(scene: Scene) -> None:
    """A redirect (`code`: 307) to `metadata`, `metadata6`, `metadata-decimal`, `private`, `file`, `gopher`, `loop` or `elsewhere`."""
    target = scene.options.get("to", "metadata")
    here = {"loop": scene.origin + scene.request.path, "elsewhere": scene.origin + LANDING}
    location = here.get(target) or _TARGETS[target]
    await scene.reply.whole(int(scene.number("code", 307)), b"", {"location": location})
