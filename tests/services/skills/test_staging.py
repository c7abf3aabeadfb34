"""Skills that an operator brings from elsewhere: in pieces, within limits, seen before they are installed."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.agent_files import LocalSkillPackages
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.skill_settings import SkillsSettings
from crawdad.services.skills.installing import Order, SkillInstaller
from crawdad.services.skills.staging import SkillStaging, candidate_fields
from tests.services.skills.test_installing import GOOD, HEAD, zipped
from tests.support.fakes import FakeClock, FakeRandomness

ME, OTHER = "device:one", "device:two"
ARCHIVE = zipped(GOOD)
HASH = hashlib.sha256(ARCHIVE).hexdigest()


class Ground:
    """Staging over a directory of its own."""

    def __init__(self, root: Path, **install: Any) -> None:
        settings = SkillsSettings.model_validate({"install": {"allowUploadedArchives": True, **install}})
        self.clock = FakeClock()
        self.root = root
        installer = SkillInstaller(LocalSkillPackages(root), None, self.clock, lambda: settings)  # type: ignore[arg-type]
        self.staging = SkillStaging(installer, lambda: settings, self.clock, FakeRandomness())

    def begin(self, data: bytes = ARCHIVE, owner: str = ME, slug: str = "tea", **more: Any) -> str:
        return self.staging.begin(owner, slug, len(data), **more)

    def bring(self, data: bytes = ARCHIVE, **more: Any) -> str:
        name = self.begin(data, **more)
        for start in range(0, len(data), 100):
            here = self.staging.add(ME, name, start, base64.b64encode(data[start : start + 100]).decode())
        assert here == len(data)
        return name


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path / "skills")


def piece(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def refused(work: Any) -> GatewayError:
    with pytest.raises(GatewayError) as failed:
        await work
    return failed.value


async def test_what_is_brought_is_seen_before_it_is_installed(ground: Ground) -> None:
    name = ground.bring(sha256=HASH)
    assert (await refused(ground.staging.install(ME, name, "tea"))).kind is ErrorKind.CONFLICT
    told = candidate_fields(await ground.staging.commit(ME, name))
    assert (told["name"], told["sha256"], told["vouchedBy"]) == ("tea", HASH, "local")
    assert told["permissions"]["hosts"] == ["kettle.example"] and not ground.root.exists()
    assert (await refused(ground.staging.install(ME, name, "coffee"))).kind is ErrorKind.BAD_REQUEST
    assert (await refused(ground.staging.install(ME, name, "tea", force=True))).kind is ErrorKind.BAD_REQUEST
    assert (await refused(ground.staging.install(ME, name, "tea", sha256="0" * 64))).kind is ErrorKind.FORBIDDEN
    _, folder = await ground.staging.install(ME, name, "tea", sha256=HASH)
    assert (Path(folder) / "scripts/boil.sh").read_bytes() == GOOD["scripts/boil.sh"]
    assert (await refused(ground.staging.install(ME, name, "tea"))).kind is ErrorKind.NOT_FOUND
    again = ground.bring()
    await ground.staging.commit(ME, again)
    assert (await refused(ground.staging.install(ME, again, "tea"))).kind is ErrorKind.CONFLICT, "not replaced unasked"
    replacing = ground.bring(force=True)
    await ground.staging.commit(ME, replacing)
    assert (await ground.staging.install(ME, replacing, "tea", force=True))[1] == folder


async def test_pieces_come_in_order_and_an_answer_may_be_lost(ground: Ground) -> None:
    name = ground.begin(key="k")
    assert ground.begin(key="k") == name
    assert ground.staging.add(ME, name, 0, piece(ARCHIVE[:50])) == 50
    assert ground.staging.add(ME, name, 0, piece(ARCHIVE[:50])) == 50, "once more, for its answer was lost"
    for offset, data in ((10, b"other"), (60, b"later"), (50, b"x" * len(ARCHIVE))):
        with pytest.raises(GatewayError):
            ground.staging.add(ME, name, offset, piece(data))
    with pytest.raises(GatewayError):
        ground.staging.add(ME, name, 50, "no base64!")
    with pytest.raises(GatewayError):
        ground.staging.add(OTHER, name, 50, piece(ARCHIVE[50:]))
    assert (await refused(ground.staging.commit(ME, name))).kind is ErrorKind.BAD_REQUEST, "half of it is not it"
    assert ground.staging.add(ME, name, 50, piece(ARCHIVE[50:])) == len(ARCHIVE)
    assert (await refused(ground.staging.commit(ME, name, "0" * 64))).kind is ErrorKind.FORBIDDEN
    assert (await ground.staging.commit(ME, name)).head.name == "tea"


async def test_there_are_limits(ground: Ground, tmp_path: Path) -> None:
    small = Ground(tmp_path / "small", maxBytes=1024)
    with pytest.raises(GatewayError) as failed:
        small.staging.begin(ME, "tea", 1025)
    assert failed.value.kind is ErrorKind.TOO_LARGE
    waiting = [ground.begin() for _ in range(4)]
    with pytest.raises(GatewayError) as failed:
        ground.begin()
    assert failed.value.kind is ErrorKind.UNAVAILABLE
    ground.clock.advance(601)
    assert ground.begin() not in waiting, "what nobody goes on with is forgotten"
    assert (await refused(ground.staging.commit(ME, waiting[0]))).kind is ErrorKind.NOT_FOUND


async def test_uploads_are_off_until_they_are_allowed_and_no_file_of_the_machine_is_read(tmp_path: Path) -> None:
    off = Ground(tmp_path / "skills", allowUploadedArchives=False)
    with pytest.raises(GatewayError) as failed:
        off.begin()
    assert failed.value.details["code"] == "uploads_off"
    (tmp_path / "SKILL.md").write_bytes(HEAD)
    for source in (str(tmp_path), "file:///etc/passwd", "~/.ssh"):
        assert (await refused(off.staging.fetch(ME, Order(source)))).kind is ErrorKind.BAD_REQUEST
    unpinned = await refused(off.staging.fetch(ME, Order("https://example.com/tea.zip")))
    assert unpinned.kind is ErrorKind.BAD_REQUEST and "SHA-256" in unpinned.message()
