"""Pages of package indexes, and which of what they offer is the newest."""

from __future__ import annotations

import pytest

from crawdad.core.errors import GatewayError
from crawdad.core.updates import newest, runs_on
from crawdad.core.version_order import version_key
from crawdad.wire.package_index import read_project
from tests.simulators.package_index import PackageIndex, wheel_name

URL = "https://index.example/simple/crawdad/"
PYTHON = (3, 11, 7)


@pytest.mark.parametrize("as_html", [False, True])
def test_both_forms_say_the_same(as_html: bool) -> None:
    index = PackageIndex("https://index.example")
    names = [
        wheel_name("1.0"),
        wheel_name("1.1"),
        wheel_name("2.0rc1"),
        "crawdad-9.0.tar.gz",
        "other-9.0-py3-none-any.whl",
    ]
    index.files = {name: b"x" for name in names}
    index.yanked, index.as_html = {wheel_name("1.1")}, as_html
    kind, body = index.page("crawdad")
    wheels = read_project(body, kind, URL, "crawdad")
    assert [(wheel.version, wheel.yanked) for wheel in wheels] == [("1.0", False), ("1.1", True), ("2.0rc1", False)]
    assert {wheel.url.rpartition("/")[0] for wheel in wheels} == {"https://index.example/files"}
    stable, beta = (newest(wheels, beta=beta, python=PYTHON) for beta in (False, True))
    assert stable is not None and beta is not None and (stable.version, beta.version) == ("1.0", "2.0rc1")


def test_nonsense_is_no_index() -> None:
    with pytest.raises(GatewayError):
        read_project(b"{", "application/json", URL, "crawdad")


def test_the_order_of_versions() -> None:
    ordered = ["1.0.dev1", "1.0a1", "1.0b2", "1.0rc1", "1.0", "1.0.post1", "1.0.1", "1.10", "2!0.1"]
    assert sorted(reversed(ordered), key=version_key) == ordered and version_key("1.0") == version_key("1.0.0")


def test_pythons() -> None:
    assert runs_on(">=3.11,<4", PYTHON) and runs_on("~=3.10", PYTHON) and runs_on("", PYTHON)
    assert not runs_on(">=3.12", PYTHON) and not runs_on("<3.11", PYTHON)
