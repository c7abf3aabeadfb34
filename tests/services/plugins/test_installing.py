"""Installing plugins: from where they may come, by what they are known, what is refused, and what is noted."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crawdad.adapters.agent_files import LocalPluginFolders, LocalPluginPackages
from crawdad.adapters.http import HttpTransport
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.plugin_settings import PluginsInstallSettings
from crawdad.services.plugins.installing import InstallPorts, PluginCandidate, PluginInstaller, PluginOrder
from crawdad.services.plugins.sources import locked_requirements, read_source
from tests.services.skills.test_installing import tarred, zipped
from tests.support.fakes import FakeClock
from tests.support.plugins import manifest
from tests.support.tool_calls import Web

Files = dict[str, bytes]
CODE = b"def register(api):\n    raise SystemExit('it ran')\n"


def files(plugin: str = "hello", **more: Any) -> Files:
    document = manifest(plugin, {"tools": ["hello"]}, **more)
    return {"crawdad.plugin.json": json.dumps(document).encode(), f"{plugin.replace('-', '_')}.py": CODE}


@dataclass
class FakeIndex:
    """A package index: requirement → wheels."""

    wheels: dict[str, Mapping[str, bytes]] = field(default_factory=dict)
    asked: list[tuple[tuple[str, ...], bool]] = field(default_factory=list)

    async def download(self, requirements: Sequence[str], hashed: bool) -> Mapping[str, bytes]:
        self.asked.append((tuple(requirements), hashed))
        return {name: data for each in requirements for name, data in self.wheels[each.split()[0]].items()}


class NoGit:
    async def archive(self, url: str, commit: str) -> bytes:
        return tarred(files(), mode="w")


@dataclass
class Shop:
    """An installer and what it works with."""

    installer: PluginInstaller
    root: Path
    index: FakeIndex
    settings: dict[str, Any]

    async def look(self, source: Any, sha256: str = "", replaces: str = "") -> PluginCandidate:
        return await self.installer.look(PluginOrder(read_source(str(source)), sha256, replaces))


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    settings: dict[str, Any] = {"maxBytes": 200_000, "maxFiles": 60}
    async with HttpTransport("tests", lambda: True) as transport:
        root, index = tmp_path / "installed", FakeIndex()
        ports = InstallPorts(LocalPluginPackages(root), LocalPluginFolders(), index, NoGit(), transport, FakeClock())
        installer = PluginInstaller(
            ports,
            lambda: PluginsInstallSettings.model_validate(settings),
            str(root),
            frozenset({"memory-core"}),
        )
        yield Shop(installer, root, index, settings)


def written(folder: Path, content: Files) -> Path:
    for path, data in content.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return folder


async def fault(work: Any) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        await work
    for language in ("en", "zh"):
        assert caught.value.message(language)
    return caught.value


async def test_a_folder_is_looked_at_and_put_there(shop: Shop, tmp_path: Path) -> None:
    content = {**files(permissions={"network": ["api.example.com"]}), "more.py": b"U = 'https://evil.example/x'\n"}
    candidate = await shop.look(written(tmp_path / "source", content))
    assert not shop.root.exists(), "looking changes nothing"
    told = candidate.document
    assert told["permissions"]["network"] == ["api.example.com"] and told["warnings"] == ["host evil.example"]
    folder = Path(await shop.installer.install(candidate))
    assert (folder, (folder / "hello.py").read_bytes()) == (shop.root / "hello", CODE)
    record = json.loads((folder / ".crawdad-plugin.json").read_text())
    assert (record["version"], record["vouchedBy"], record["kind"]) == ("1.0.0", "local", "file")
    found = await LocalPluginFolders().look(str(folder), 10**6, 100)
    assert found.digest == record["digest"], "what lies there is what was looked at"
    again = await fault(shop.installer.install(await shop.look(tmp_path / "source")))
    assert again.kind is ErrorKind.CONFLICT
    await shop.installer.remove("hello")
    assert not await LocalPluginFolders().found(str(shop.root), 10**6, 100)
    assert (await fault(shop.installer.remove("hello"))).kind is ErrorKind.NOT_FOUND


@pytest.mark.parametrize("pack", [zipped, tarred])
async def test_archives(shop: Shop, tmp_path: Path, pack: Callable[..., bytes]) -> None:
    archive = tmp_path / "hello.archive"
    archive.write_bytes(pack({f"hello-1.0/{path}": data for path, data in files().items()}))
    wanted = hashlib.sha256(archive.read_bytes()).hexdigest()
    candidate = await shop.look(archive, wanted)
    assert candidate.vouched == "hash" and "hello.py" in candidate.package.files
    other = await fault(shop.look(archive, "0" * 64))
    assert (other.kind, other.details["code"]) == (ErrorKind.FORBIDDEN, "other_hash")


async def test_what_comes_by_an_address_is_pinned_or_signed(shop: Shop) -> None:
    data = zipped(files())
    key = Ed25519PrivateKey.generate()
    signature = base64.b64encode(key.sign(data))
    with Web({"/hello.zip": (200, {}, data), "/hello.zip.sig": (200, {}, signature)}) as web:
        url = f"{web.url}/hello.zip"
        assert (await fault(shop.look(url))).details["param"] == "sha256"
        assert (await shop.look(url, hashlib.sha256(data).hexdigest())).vouched == "hash"
        public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        shop.settings["trustedKeys"] = [base64.b64encode(public).decode()]
        assert (await shop.look(url)).vouched == "signature"
        shop.settings["trustedKeys"] = [base64.b64encode(b"x" * 32).decode()]
        assert (await fault(shop.look(url))).details["code"] == "bad_signature"


def wheel(plugin: str = "hello", more: Mapping[str, bytes] | None = None) -> bytes:
    own = files(plugin, entry=f"{plugin}_plugin:register")
    inside = {f"{plugin}_plugin/{name}": data for name, data in own.items()}
    inside[f"{plugin}_plugin/__init__.py"] = CODE
    metadata = f"{plugin}_plugin-1.0.dist-info"
    return zipped({**inside, f"{metadata}/METADATA": b"Name: hello\n", f"{metadata}/RECORD": b"", **(more or {})})


async def test_a_wheel_from_the_index(shop: Shop) -> None:
    data = wheel()
    shop.index.wheels["hello-plugin==1.0"] = {"hello_plugin-1.0-py3-none-any.whl": data}
    digest = hashlib.sha256(data).hexdigest()
    candidate = await shop.look("pypi:hello-plugin==1.0", digest)
    assert candidate.vouched == "hash" and shop.index.asked == [((f"hello-plugin==1.0 --hash=sha256:{digest}",), True)]
    unhashed = await shop.look("pypi:hello-plugin==1.0")
    assert unhashed.vouched == "index" and unhashed.package.digest == digest, "the hash is told, to be given next time"
    folder = Path(await shop.installer.install(candidate))
    assert (folder / "hello_plugin/__init__.py").exists() and (folder / "crawdad.plugin.json").exists()
    order = await shop.installer.update_order("hello", "1.1")
    assert order.source.spec == "pypi:hello-plugin==1.1"


@pytest.mark.parametrize("spec", ["pypi:hello", "pypi:hello>=1", "pypi:--index-url=x==1", "git+https://x.example/y@main",
                                  "git+ssh://x.example/y@" + "a" * 40, "git+file:///etc@" + "a" * 40,
                                  "git+ext::sh -c x@" + "a" * 40, "pypi:hello==1 --extra"])  # fmt: skip
def test_what_is_not_pinned_is_refused(spec: str) -> None:
    with pytest.raises(GatewayError) as caught:
        read_source(spec)
    assert caught.value.kind is ErrorKind.BAD_REQUEST


async def test_libraries_come_by_their_hashes(shop: Shop, tmp_path: Path) -> None:
    library = zipped({"lib_a/__init__.py": b"A = 1\n", "lib_a-2.0.dist-info/METADATA": b""})
    digest = hashlib.sha256(library).hexdigest()
    shop.index.wheels["lib-a==2.0"] = {"lib_a-2.0-py3-none-any.whl": library}
    lock = f"# made by a tool\nlib-a==2.0 \\\n    --hash=sha256:{digest}\n".encode()
    candidate = await shop.look(written(tmp_path / "one", {**files(), "requirements.lock": lock}))
    assert candidate.libraries == ("lib-a==2.0",) and shop.index.asked[0][1]
    folder = Path(await shop.installer.install(candidate))
    assert (folder / ".lib/lib_a/__init__.py").read_bytes() == b"A = 1\n"
    assert not (folder / ".lib/lib_a-2.0.dist-info").exists()
    shop.index.wheels["lib-a==2.0"] = {"lib_a-2.0-py3-none-any.whl": library + b"\0"}
    assert (await fault(shop.look(tmp_path / "one"))).details["code"] == "other_hash"
    unlocked = {**files("two"), "requirements.lock": b"lib-a\n"}
    assert (await fault(shop.look(written(tmp_path / "two", unlocked)))).kind is ErrorKind.BAD_REQUEST
    own = {**files("three"), ".lib/x.py": b""}
    assert (await fault(shop.look(written(tmp_path / "three", own)))).kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize("line", ["lib", "lib>=1", "-e .", "--index-url https://x.example", "lib @ https://x.example/l.whl",
                                  "lib==1", "lib==1 --hash=md5:00", "lib==1; python_version<'4' --hash=sha256:" + "0" * 64])  # fmt: skip
def test_a_lock_locks(line: str) -> None:
    with pytest.raises(GatewayError):
        locked_requirements(line)


async def test_neither_exchanged_nor_older_nor_like_another(shop: Shop, tmp_path: Path) -> None:
    await shop.installer.install(await shop.look(written(tmp_path / "a", files("hello", version="2.0"))))
    older = await shop.look(written(tmp_path / "b", files("hello", version="1.9")), replaces="hello")
    refused = await fault(shop.installer.install(older, replace_it=True))
    assert refused.details["code"] == "downgrade"
    await shop.installer.install(older, replace_it=True, downgrade=True)
    other = await fault(shop.look(written(tmp_path / "c", files("goodbye")), replaces="hello"))
    assert other.details["code"] == "other_plugin"
    assert (await fault(shop.look(written(tmp_path / "d", files("he-llo"))))).details["code"] == "looks_like"
    assert (await fault(shop.look(written(tmp_path / "e", files("hell0"))))).details["code"] == "looks_like"
    assert (await fault(shop.look(written(tmp_path / "f", files("memory-core"))))).details["code"] == "reserved"
    assert (await fault(shop.look(written(tmp_path / "g", files("memorycore"))))).details["code"] == "looks_like"


async def test_an_update_tells_what_more_it_asks_for(shop: Shop, tmp_path: Path) -> None:
    before = files("hello", permissions={"network": ["a.example"]})
    await shop.installer.install(await shop.look(written(tmp_path / "a", before)))
    after = files("hello", version="1.1", permissions={"network": ["a.example", "b.example"], "agents": ["*"]})
    candidate = await shop.look(written(tmp_path / "b", after), replaces="hello")
    assert candidate.document["newPermissions"] == {
        "network": ["b.example"],
        "files": [],
        "programs": [],
        "config": [],
        "agents": ["*"],
    }
    assert candidate.document["replaces"] == "1.0.0"
