"""Imports of an older database over a running server: all of an account moves, and a hostile file is no more than a refusal."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.api.opsclaw.client import call, chat
from tests.support.server import Gateway, running_gateway, settings
from tests.support.upstreams.accounts import AccountVendor

CONFIG = settings({}, accounts={"refreshMinutes": 0}, retry={"attempts": 1})
TOLD = ("email", "name", "provider", "base_url", "models", "weight", "priority", "limits", "plan", "proxy_disabled")


@pytest.fixture(scope="module")
def older(vendor: AccountVendor, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict[str, object]]]:
    """The home of an installation that has ended, and its accounts as it told them."""
    home = tmp_path_factory.mktemp("older")
    with running_gateway(CONFIG, home=home) as gateway:
        for name in ("first", "second", "third"):
            key = vendor.open(f"sk-older-{name}-0123456789")
            body: dict[str, Any] = {
                "provider": "acme",
                "apiKey": key.secret,
                "baseUrl": vendor.url + "/v1",
                "label": name,
            }
            if name == "first":
                body |= {"models": ["vendor-large"], "weight": 3, "plan": "pro", "name": "The first"}
                body |= {"limits": [{"unit": "requests", "period": "day", "limit": 50}], "priority": 7}
            made = call(gateway, "POST", "/api/accounts", body)
            assert made.status == 200, made.body
            if name == "second":
                call(gateway, "POST", f"/api/accounts/{made.json['id']}/toggle-proxy", {"enable": False})
        told = call(gateway, "GET", "/api/accounts").json["accounts"]
        gateway.stop()
    return home, told


def moved(home: Path, older: Path, key: bool) -> None:
    shutil.copy(older / "crawdad.db", home / "accounts.db")
    if key:
        shutil.copy(older / "secret.key", home / "secret.key")


def test_all_of_an_account_moves_with_an_older_database_of_ours(
    older: tuple[Path, list[dict[str, object]]], vendor: AccountVendor, tmp_path: Path
) -> None:
    moved(tmp_path, older[0], key=True)
    before = (tmp_path / "accounts.db").read_bytes()
    with running_gateway(CONFIG, home=tmp_path) as gateway:
        taken = call(gateway, "POST", "/api/accounts/import/db")
        assert taken.status == 200, taken.body
        assert (taken.json["imported"], taken.json["skipped"], taken.json["failed"]) == (3, 0, 0), taken.json["details"]
        now = {one["email"]: one for one in call(gateway, "GET", "/api/accounts").json["accounts"]}
        for one in older[1]:
            found = now[str(one["email"])]
            assert {name: found.get(name) for name in TOLD} == {name: one.get(name) for name in TOLD}
        assert list(now) == [one["email"] for one in older[1]], "in the operator's order"
        answer = chat(gateway, "acme/vendor-large")
        assert answer.status == 200 and answer.headers["x-account-email"] in ("first", "third")
        again = call(gateway, "POST", "/api/accounts/import/db").json
        assert (again["imported"], again["skipped"], again["failed"]) == (0, 3, 0)
        assert (tmp_path / "accounts.db").read_bytes() == before and not list(tmp_path.glob("accounts.db-*"))


def test_accounts_without_a_place_come_in_the_documents_order(vendor: AccountVendor, tmp_path: Path) -> None:
    """Some are looked at before others that come first in the document."""
    entries = []
    for number in range(12):
        key = vendor.open(f"sk-ordered-{number:02d}-0123456789")
        entries.append(
            {"provider": "acme", "secret": key.secret, "base_url": vendor.url + "/v1", "label": f"n{number}"}
        )
    with running_gateway(CONFIG, home=tmp_path) as gateway:
        first = call(
            gateway, "POST", "/api/accounts", {**entries[0], "apiKey": entries[0]["secret"], "label": "before"}
        )
        assert first.status == 200, first.body
        taken = call(gateway, "POST", "/api/accounts/import", [*entries[1:], {"provider": "acme"}])
        assert (taken.json["imported"], taken.json["failed"]) == (11, 1)
        listed = [one["email"] for one in call(gateway, "GET", "/api/accounts").json["accounts"]]
        assert listed == ["before", *(f"n{number}" for number in range(1, 12))]
        assert [one["email"] for one in taken.json["accounts"]] == listed[1:]


def test_without_the_key_that_sealed_them_nothing_is_half_taken(
    older: tuple[Path, list[dict[str, object]]], tmp_path: Path
) -> None:
    moved(tmp_path, older[0], key=False)
    with running_gateway(CONFIG, home=tmp_path) as gateway:
        told = call(gateway, "POST", "/api/accounts/import/db")
        assert told.status == 200 and (told.json["imported"], told.json["failed"]) == (0, 3)
        assert len(told.json["details"]) == 3 and all(told.json["details"])
        assert call(gateway, "GET", "/api/accounts").json["accounts"] == []


def table(place: Path, *statements: str) -> None:
    with closing(sqlite3.connect(place)) as database, database:
        for statement in statements:
            database.execute(statement)


def garbage(place: Path) -> None:
    place.write_bytes(b"SQLite format 3\0" + os.urandom(4000))


def cut_off(place: Path) -> None:
    table(place, "CREATE TABLE accounts (label)", "INSERT INTO accounts VALUES ('x')")
    place.write_bytes(place.read_bytes()[:3000])


def view(place: Path) -> None:
    table(place, "CREATE TABLE t (label)", "CREATE VIEW accounts AS SELECT * FROM t")


def endless(place: Path) -> None:
    """A column that is reckoned out anew for each row."""
    nested = " + ".join(["instr(hex(zeroblob(400000)), 'x')"] * 100)
    rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<9000) INSERT INTO accounts(label) SELECT i FROM n"
    table(place, f"CREATE TABLE accounts (label, provider AS ({nested}))", rows)


def huge(place: Path) -> None:
    table(
        place,
        "CREATE TABLE accounts (label, provider AS (zeroblob(900000000)))",
        "INSERT INTO accounts(label) VALUES (1)",
    )


def fifo(place: Path) -> None:
    os.mkfifo(place)


def folder(place: Path) -> None:
    place.mkdir()


def not_json(place: Path) -> None:
    place.write_bytes(b"api_key: sk-secret-0123456789")


def deep(place: Path) -> None:
    place.write_bytes(b"[" * 100_000)


def other_json(place: Path) -> None:
    place.write_bytes(orjson.dumps({"users": [{"password": "hidden-0123456789"}]}))


@pytest.fixture(scope="module")
def taking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    with running_gateway(CONFIG, home=tmp_path_factory.mktemp("taking")) as found:
        yield found


@pytest.mark.parametrize(
    "make",
    [garbage, cut_off, view, endless, huge, fifo, folder, not_json, deep, other_json],
    ids=lambda make: make.__name__,
)
def test_a_hostile_file_is_refused_in_time_and_its_words_are_told_to_nobody(
    taking: Gateway, make: Callable[[Path], None]
) -> None:
    place = taking.home / f"hostile-{make.__name__}"
    make(place)
    told = call(taking, "POST", "/api/accounts/import/db", {"path": place.name, "validate": False})
    assert told.status in (400, 413) and told.json["error"], told
    assert b"sk-secret" not in told.body and b"hidden" not in told.body
    assert call(taking, "GET", "/api/accounts").json["accounts"] == []
    assert call(taking, "GET", "/api/health").status == 200


@pytest.mark.parametrize("path", ["crawdad.db", "secret.key", "openclaw.json", "process.log"])
def test_the_gateways_own_files_give_nothing_away(taking: Gateway, path: str) -> None:
    told = call(taking, "POST", "/api/accounts/import/db", {"path": path})
    assert told.status in (200, 400, 404), told
    assert taking.token.encode() not in told.body
    if told.status == 200:
        assert told.json["imported"] == 0
