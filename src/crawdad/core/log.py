"""What is asked of the log of exchanges, and what it keeps beside them."""

from __future__ import annotations

from dataclasses import dataclass

from crawdad.core.exchange import Outcome


@dataclass(frozen=True, slots=True)
class ExchangeFilter:
    """Which exchanges. None means any; `since` is included, `until` is not (Unix seconds).

    `containing` is looked for, in any case, in the id, the names of principal and models, and the error; each of `terms` in the
    path, the method, the requested model, the status or the account's label. Both are taken literally. `model` is the
    resolved name, `named` the requested or the resolved one; `account` an account's id or label, `key` a principal's id or
    name. `errors`: those whose status is no success.
    """

    principal_id: str | None = None
    model: str | None = None
    provider: str | None = None
    outcome: Outcome | None = None
    contract: str | None = None
    since: float | None = None
    until: float | None = None
    containing: str | None = None
    terms: tuple[str, ...] = ()
    errors: bool = False
    status: int | None = None
    named: str | None = None
    account: str | None = None
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Body:
    """What was said, for people to read. `truncated`: there was more."""

    text: str
    truncated: bool = False


@dataclass(frozen=True, slots=True)
class Bodies:
    """What was asked and what was answered; None where it is not known."""

    request: Body | None = None
    response: Body | None = None
