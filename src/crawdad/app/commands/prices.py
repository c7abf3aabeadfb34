"""`crawdad prices`: what models cost, as the vendors publish it and as this installation has it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from crawdad.app import exits
from crawdad.app.commands import backends
from crawdad.app.commands.group import application, command
from crawdad.app.invocation import Invocation
from crawdad.app.output import Table, Toned
from crawdad.app.words import words

app = application("prices", no_args_is_help=True)
_RATES = ("input", "output", "cache_read", "cache_write")
_OTHERS = ("audio_input", "audio_output", "image_output", "picture", "minute", "characters", "request", "web_search")


@command(app, "cli.prices.list", "list")
def list_prices(
    context: typer.Context,
    containing: Annotated[str, typer.Argument(metavar="[TEXT]", help=words("cli.prices.containing"))] = "",
) -> int:
    from crawdad.services.prices import published_prices

    wanted = containing.lower()
    found = [
        priced
        for priced in published_prices()
        if wanted in priced.vendor or any(wanted in name.lower() for name in priced.names)
    ]
    invocation: Invocation = context.obj
    document = [{"vendor": one.vendor, "names": list(one.names), **_document(one.price)} for one in found]
    rows = [(one.vendor, one.names[0], *_cells(one.price), one.price.date) for one in found]
    columns = ("vendor", "model", *_RATES, "others", "date")
    table = Table([words(f"cli.prices.column.{column}") for column in columns], rows)
    invocation.output.show({"currency": "USD", "per_tokens": 1_000_000, "prices": document}, table)
    return exits.OK


@command(app, "cli.prices.check", "check")
def check(context: typer.Context) -> int:
    """Which models of the configuration have a price."""
    from crawdad.services.prices.configured import priced_models

    invocation: Invocation = context.obj
    found = priced_models(asyncio.run(backends.settings(invocation.launch)))
    columns = ("model", *_RATES, "others", "source")
    rows = [
        (name, *_cells(price), price.source)
        if price is not None
        else (name, Toned(words("cli.prices.unknown"), "yellow"), "", "", "", "", "")
        for name, price in found
    ]
    unknown = sum(price is None for _, price in found)
    end = words("cli.prices.some_unknown", count=unknown) if unknown else words("cli.prices.all_known")
    document = [
        {"model": name, "known": price is not None, **(_document(price) if price else {})} for name, price in found
    ]
    table = Table([words(f"cli.prices.column.{column}") for column in columns], rows)
    invocation.output.show(
        {"unknown": unknown, "models": document}, table, Toned(end, "yellow" if unknown else "green")
    )
    return exits.PROBLEM if unknown else exits.OK


def _document(price: Any) -> dict[str, Any]:
    from dataclasses import asdict

    return {name: value for name, value in asdict(price).items() if value not in (None, (), {}, "")}


def _cells(price: Any) -> tuple[str, ...]:
    rates = [_money(getattr(price, name)) for name in _RATES]
    others = [f"{name} {_money(getattr(price, name))}" for name in _OTHERS if getattr(price, name) is not None]
    others += [f">{tier.above // 1000}k: {_money(tier.input)}/{_money(tier.output)}" for tier in price.tiers]
    others += [f"peak: {_money(peak.price.input)}/{_money(peak.price.output)}" for peak in price.peaks[:1]]
    return (*rates, ", ".join(others))


def _money(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}".rstrip("0").rstrip(".")
