"""The cookies of panels' sessions."""

from __future__ import annotations

from fastapi import Request, Response


def set_session_cookie(response: Response, request: Request, name: str, value: str, seconds: int) -> None:
    """Have the browser keep a session that no script can read and no other site's page can use. 0 seconds: forget it."""
    response.set_cookie(
        name, value, max_age=seconds, path="/", secure=is_over_tls(request), httponly=True, samesite="strict"
    )
    response.headers["cache-control"] = "no-store"


def is_over_tls(request: Request) -> bool:
    """Whether the browser came by TLS. Whoever claims it and lies has a cookie that his browser does not send."""
    told = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return "https" in (told, request.url.scheme)
