"""Programs that are run to their end: within a time and a length, and with the reason where they fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from crawdad.adapters.programs import LocalPrograms, TailscaleWhois
from crawdad.adapters.programs.running import Complaints, ProgramFailed, run_program
from crawdad.adapters.tools.containers import SharedContainers
from crawdad.core.errors import GatewayError
from crawdad.core.text import Text

FAILING = ("sh", "-c", "echo said; echo complained >&2; exit 3")


@pytest.mark.parametrize(
    ("complaints", "reason"), [("dropped", "exit code 3"), ("apart", "said complained"), ("mixed", "said complained")]
)
async def test_why_it_failed_is_told_where_it_may_be_seen(complaints: Complaints, reason: str) -> None:
    with pytest.raises(ProgramFailed) as failed:
        await run_program(FAILING, seconds=30, most_bytes=100, complaints=complaints)
    assert failed.value.reason == reason


async def test_it_hears_what_it_is_told_and_nothing_of_our_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_OURS", "s3cret")
    said = await run_program(("sh", "-c", 'cat; echo "$SECRET_OF_OURS$GIVEN"'), b"told ", seconds=30, most_bytes=100)
    assert said == b"told \n"
    more = {"PATH": "/usr/bin:/bin", "GIVEN": "given"}
    assert await run_program(("sh", "-c", "echo $GIVEN"), seconds=30, most_bytes=100, environment=more) == b"given\n"


async def test_what_it_ended_with_by_itself_is_known() -> None:
    with pytest.raises(ProgramFailed) as ended:
        await run_program(("sh", "-c", "exit 3"), seconds=30, most_bytes=100)
    with pytest.raises(ProgramFailed) as late:
        await run_program(("sleep", "600"), seconds=0.05, most_bytes=100)
    assert (ended.value.code, late.value.code) == (3, None)


def program(folder: Path, name: str, script: str) -> str:
    """A program called `name`, in the search path of `folder`."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o700)
    return str(path)


async def test_a_version_is_what_a_program_says_to_its_end_and_nothing_of_ours_reaches_it(tmp_path: Path) -> None:
    programs = LocalPrograms("/home/me", {"PATH": f"{tmp_path}:/usr/bin:/bin", "SECRET_OF_OURS": "s"})
    said = program(tmp_path, "says", 'echo "$1"; sleep 0.1; echo "2.0 $HOME$SECRET_OF_OURS in $PWD"')
    assert await programs.find("says") == said
    assert await programs.version(said) == "--version\n2.0 /home/me in /"
    assert await programs.version(program(tmp_path, "fails", "echo 2.0; exit 1")) is None
    assert await programs.version(program(tmp_path, "talks", "yes")) is None
    assert await programs.version("/nowhere") is None


async def test_tailscale_knows_somebody_or_nobody_or_cannot_be_asked(tmp_path: Path) -> None:
    whois = TailscaleWhois(LocalPrograms("/home/me", {"PATH": f"{tmp_path}:/usr/bin:/bin"}))
    with pytest.raises(GatewayError, match="not found"):
        await whois.login_of("100.64.0.1")
    answer = '{"UserProfile": {"LoginName": "ann@example.com"}}'
    program(tmp_path, "tailscale", f'[ "$1 $2 $3" = "whois --json 100.64.0.1" ] && echo \'{answer}\'')
    assert await whois.login_of("100.64.0.1") == "ann@example.com"
    assert await whois.login_of("100.64.0.2") is None
    program(tmp_path, "tailscale", "yes")
    with pytest.raises(GatewayError, match="too long"):
        await whois.login_of("100.64.0.1")


async def test_a_client_of_containers_answers_or_not(tmp_path: Path) -> None:
    containers = SharedContainers(tmp_path / "kept", {"PATH": "/usr/bin:/bin"}, lambda: 0.0)
    asked = program(tmp_path, "asked", '[ "$1" = version ]')
    assert await containers.answers(asked)
    assert not await containers.answers(program(tmp_path, "refuses", "echo no >&2; exit 1"))
    assert await containers._run([str(tmp_path / "refuses")], 10) == (1, "no")
    assert await containers._run(["/nowhere"], 10) == (-1, "No such file or directory")
    assert await containers._run(["sleep", "600"], 0.05) == (-1, "it took longer than 0.05 s")


async def test_time_and_length_are_bounded() -> None:
    with pytest.raises(ProgramFailed) as late:
        await run_program(("sleep", "600"), seconds=0.05, most_bytes=100)
    assert isinstance(late.value.reason, Text) and late.value.reason.render() == "it took longer than 0.05 s"
    with pytest.raises(ProgramFailed, match="too long"):
        await run_program(("yes",), seconds=30, most_bytes=100)
    with pytest.raises(ProgramFailed, match="No such file"):
        await run_program(("crawdad-has-no-such-program",), seconds=30, most_bytes=100)
