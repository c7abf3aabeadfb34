"""What `crawdad up` prints when the application serves: address, token and a line to try. Standard library only."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from crawdad.app.words import words

_BODY = '{"model":"crawdad/demo","messages":[{"role":"user","content":"Hello!"}]}'
_ANY = {"0.0.0.0": "127.0.0.1", "::": "::1"}


def base_url(addresses: Sequence[tuple[str, int]]) -> str:
    """The URL under which this machine reaches the first of `addresses`."""
    host, port = addresses[0]
    host = _ANY.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def greeting(
    addresses: Sequence[tuple[str, int]],
    facts: Mapping[str, Any],
    environment: Mapping[str, str],
    *,
    as_json: bool = False,
) -> str:
    """The lines to print, or one line of JSON. `facts` are those of the application's `ready` message: `first_token`
    and `authentication`. The token itself is shown only when it has just been made.
    """
    url = base_url(addresses)
    first_token = facts.get("first_token")
    if as_json:
        return json.dumps({"url": url, "addresses": addresses, "first_token": first_token})
    needs_token = facts.get("authentication", True)
    if not needs_token:
        token_line = words("up.no_token")
    elif first_token:
        token_line = words("up.token_new", token=first_token)
    elif environment.get("CRAWDAD_TOKEN"):
        token_line = words("up.token_environment")
    else:
        token_line = words("up.token_known")
    header = f' \\\n    -H "Authorization: Bearer {first_token or "$CRAWDAD_TOKEN"}"' if needs_token else ""
    curl = f"  curl {url}/v1/chat/completions{header} \\\n    -H 'Content-Type: application/json' \\\n    -d '{_BODY}'"
    return "\n".join(["", words("up.ready", url=url), token_line, words("up.try"), curl, ""])
