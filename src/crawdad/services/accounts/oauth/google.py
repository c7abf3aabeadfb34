"""Which account becomes of a Google sign-in or a service account's key. Pure."""

from __future__ import annotations

from dataclasses import replace

from crawdad.core.errors import bad_request
from crawdad.core.secret import Secret
from crawdad.core.settings import GoogleSettings
from crawdad.services.accounts.oauth.flows import Wish
from crawdad.services.accounts.oauth.protocol import Person
from crawdad.services.accounts.orders import AccountOrder
from crawdad.services.accounts.service_account import checked_location, checked_project, read_service_account
from crawdad.wire.vertex import NAME as VERTEX
from crawdad.wire.vertex import vertex_base_url

GEMINI = "google"
DEFAULT_LOCATION = "global"


def person_order(person: Person, refresh: Secret, settings: GoogleSettings, wish: Wish) -> AccountOrder:
    """The account of a person who signed in: for the Gemini API, or (with a location) for a project on Vertex AI.

    Who they are was just checked, so the account is kept even where the project does not allow the API yet.
    """
    project = wish.project or settings.project
    vertex = wish.location is not None or wish.provider == VERTEX
    order = AccountOrder(
        wish.provider or (VERTEX if vertex else GEMINI),
        "google_oauth",
        person.email,
        refresh,
        wish.name or person.name,
        extra={"client_id": settings.client_id or "", "subject": person.subject},
        check=False,
    )
    return _in_project(order, project, wish.location or DEFAULT_LOCATION if vertex else None)


def service_account_order(text: str, project: str | None, location: str | None) -> AccountOrder:
    """The account of a service account's JSON key, for the models of its project (or another one) on Vertex AI. Raises
    BAD_REQUEST."""
    key = read_service_account(text)
    order = AccountOrder(VERTEX, "vertex_service_account", key.email, Secret(text))
    return _in_project(order, project or key.project, location or DEFAULT_LOCATION)


def _in_project(order: AccountOrder, project: str | None, location: str | None) -> AccountOrder:
    extra = dict(order.extra)
    if project:
        extra["project"] = checked_project(project)
    if location is None:
        return replace(order, extra=extra)
    if not project:
        raise bad_request("oauth.vertex_project", "project")
    extra["location"] = checked_location(location)
    base_url = vertex_base_url(extra["project"], extra["location"])
    return replace(order, api="google-generative-ai", base_url=base_url, extra=extra)
