"""The keys of skills: programs have them, nobody reads them in what programs print."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from crawdad.adapters.tools.bubblewrap import bubblewrap_argv
from crawdad.adapters.tools.container import running_argv
from crawdad.core.programs import Confinement, Executable, FileMark, ProgramOrder
from crawdad.core.secret import Secret
from crawdad.services.tools.execution.secrets import Masking
from tests.support.tools import execution, text_of

KEY = "sk-of-a-skill-0123456789"


async def test_programs_have_them_and_output_does_not(tmp_path: Path) -> None:
    asked: list[tuple[str, Path]] = []

    async def find(agent_id: str, workspace: Path) -> Mapping[str, Secret]:
        asked.append((agent_id, workspace))
        return {"SKILL_KEY": Secret(KEY), "MODE": Secret("1"), "HOME": Secret("/elsewhere")}

    async with execution(tmp_path, {"security": "full"}) as tools:
        tools.secrets.find = find
        lines = text_of(await tools.run(command="env")).splitlines()
        assert "SKILL_KEY=***" in lines and "MODE=1" in lines and f"HOME={tmp_path}" in lines
        length = await tools.run(argv=["sh", "-c", "printf %s ${#SKILL_KEY}"])
        assert text_of(length) == str(len(KEY))  # the program itself has it whole
        pieces = await tools.run(
            argv=["sh", "-c", 'printf %.9s "$SKILL_KEY"; sleep 0.05; printf %s "${SKILL_KEY#?????????}"']
        )
        assert text_of(pieces) == "***"
    assert asked[0] == ("main", tmp_path)


def test_no_command_line_shows_them() -> None:
    program = Executable("/usr/bin/env", FileMark("/usr/bin/env", "x"))
    for level in ("bubblewrap", "container"):
        order = ProgramOrder(
            executable=program,
            arguments=(),
            cwd="/w",
            workspace="/w",
            variables={"A": "b", "PATH": "/usr/bin"},
            secrets={"SKILL_KEY": Secret(KEY), "A": Secret("hidden-too")},
            confinement=Confinement(level),
            name="crawdad-1",
        )
        if level == "bubblewrap":
            argv = bubblewrap_argv("bwrap", order, ["env"], lambda _: False)
            assert "--clearenv" not in argv  # its own environment is what they are
        else:
            argv = running_argv("docker", order, ["env"], "box")
            assert argv[argv.index("SKILL_KEY") - 1] == "--env"
        assert KEY not in str(argv) and "hidden-too" not in str(argv)


def test_secrets_that_come_in_pieces() -> None:
    masking = Masking([Secret(KEY), Secret("short")])
    said = "".join(masking.feed(character) for character in f"a {KEY} b sk-of short {KEY[:-1]}")
    assert said + masking.feed("", last=True) == f"a *** b sk-of short {KEY[:-1]}"
    assert Masking([Secret(KEY)]).feed("nothing here\n") == "nothing here\n"
