"""What `crawdad up` prints when the application serves: address, token and a line to try. Standard library only."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from crawdad.app import first_token
from crawdad.app.launch import Launch
from crawdad.app.words import words

_BODY = '{"model":"crawdad/demo","messages":[{"role":"user","content":"Hello!"}]}'
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def base_url(addresses: Sequence[tuple[str, int]]) -> str:
    """The URL under which this machine reaches the first of `addresses`."""
    host, port = addresses[0]
    host = _ANY.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def greet(
    launch: Launch, addresses: Sequence[tuple[str, int]], facts: Mapping[str, Any], *, as_json: bool = False
) -> None:
    """Print it; a token that was shown is kept no longer."""
    is_seen = as_json or os.isatty(1) or not _is_service()
    text = greeting(addresses, facts, launch.environment, as_json=as_json, is_seen=is_seen)
    with contextlib.suppress(OSError):
        # Unbuffered: with the terminal gone, what waits in a buffer would spoil the exit code.
        os.write(1, f"{text}\n".encode(sys.stdout.encoding, "replace"))
        if (as_json or os.isatty(1)) and facts.get("first_token"):
            first_token.forget(launch.home)


def greeting(
    addresses: Sequence[tuple[str, int]],
    facts: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    as_json: bool = False,
    is_seen: bool = True,
) -> str:
    """The lines to print, or one line of JSON. `facts` are those of the application's `ready` message: `first_token`
    and `authentication`. The token itself is shown only while nobody has seen it, and where a person (`is_seen`) or a
    program that has asked for it reads it: what else is printed goes into a log.
    """
    url = base_url(addresses)
    token = facts.get("first_token")
    if as_json:
        return json.dumps({"url": url, "addresses": addresses, "first_token": token})
    needs_token = facts.get("authentication", True)
    if not needs_token:
        token_line = words("up.no_token")
    elif token and is_seen:
        token_line = words("up.token_new", token=token)
    elif token:
        token_line, token = words("up.token_waits"), None
    elif environment.get("CRAWDAD_TOKEN"):
        token_line = words("up.token_environment")
    else:
        token_line = words("up.token_known")
    header = f' \\\n    -H "Authorization: Bearer {token or "$CRAWDAD_TOKEN"}"' if needs_token else ""
    curl = f"  curl {url}/v1/chat/completions{header} \\\n    -H 'Content-Type: application/json' \\\n    -d '{_BODY}'"
    return "\n".join(["", words("up.ready", url=url), token_line, words("up.try"), curl, ""])


def _is_service() -> bool:
    """Whether what is printed goes into a log by itself: systemd's journal, or that of a container."""
    return "JOURNAL_STREAM" in os.environ or os.getppid() in (0, 1)
