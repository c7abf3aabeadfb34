"""What a command means without a shell, and whether it may run. Attack cases 39 and 41."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crawdad.adapters.tools import executables
from crawdad.core.approvals import fingerprint
from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.programs import Confinement, Executable, FileMark
from crawdad.core.tool_settings import Ask, ExecSettings, Security
from crawdad.services.tools.execution.command import NeedsShell, words_of
from crawdad.services.tools.execution.decision import Plan, judge, runs_other_programs, tightened
from crawdad.services.tools.execution.environment import are_harmless, asked_variables, environment_for, search_folders
from crawdad.services.tools.execution.provenance import FETCHING_CODE, brings_outside
from crawdad.services.tools.execution.safe_bins import is_safe_call


@pytest.mark.parametrize(
    ("command", "words"),
    [
        ("ls -la", ("ls", "-la")),
        ("  git  commit -m 'a b' ", ("git", "commit", "-m", "a b")),
        ('printf "%s\\n" "a\'b"', ("printf", "%s\\n", "a'b")),
        ("echo a\\ b \\$HOME '$(id)'", ("echo", "a b", "$HOME", "$(id)")),
        ("grep '' file", ("grep", "", "file")),
        ("jq '.a | .b[] {x}'", ("jq", ".a | .b[] {x}")),
        ("git log a~1 HEAD^ x#y", ("git", "log", "a~1", "HEAD^", "x#y")),
        ("env A=b printenv", ("env", "A=b", "printenv")),
        ("'A=b' x", ("A=b", "x")),
        ("说 你好", ("说", "你好")),
    ],
)
def test_words(command: str, words: tuple[str, ...]) -> None:
    assert words_of(command) == words


@pytest.mark.parametrize(
    "command",
    [
        "ls; id", "ls && id", "ls || id", "ls | sh", "ls &", "ls > x", "ls >> x", "cat < /etc/passwd", "ls\nid", "ls\r\nid",
        "cat <<EOF\n$(id)\nEOF", "cat <<'EOF' | sh\nid\nEOF", "cat <<< x", "echo $(id)", "echo `id`", 'echo "$(id)"',
        'echo "`id`"', "echo $HOME", 'echo "${IFS}"', "echo ${x}", "ls *.py", "ls ?", "ls [ab]", "ls {a,b}", "ls ~", "ls ~root",
        "# comment", "A=b ls", "PATH=/tmp/evil ls", "LD_PRELOAD=./x.so ls", "(ls)", "{ ls; }", "! ls", "if true", "cd /tmp",
        "eval id", "exec id", ". ./x", "source x", "alias ls=id", "ls \\\nid", 'echo "a\\\nb"', "diff <(ls) x", "ls \\",
    ],
)  # fmt: skip
def test_what_only_a_shell_does(command: str) -> None:
    with pytest.raises(NeedsShell):
        words_of(command)


@pytest.mark.parametrize("command", ["", "   ", "''", "ls '", 'ls "', "a\0b", "x" * 40_000])
def test_what_nothing_could_run(command: str) -> None:
    with pytest.raises(GatewayError) as error:
        words_of(command)
    assert error.value.kind is ErrorKind.BAD_REQUEST


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("head", ["-n", "5"]), ("head", ["-n5"]), ("head", ["-c", "10k"]), ("head", ["--lines=3"]), ("tail", ["-n", "+4"]),
        ("cut", ["-d", ",", "-f", "1-3,5"]), ("cut", ["-d,", "-f2"]), ("tr", ["a-z", "A-Z"]), ("tr", ["-d", "\\n"]),
        ("wc", ["-l"]), ("wc", []), ("uniq", ["-c"]), ("jq", ["-r", ".items[].name"]), ("jq", ["."]), ("tr", ["-cd", "a"]),
    ],
)  # fmt: skip
def test_filters(name: str, arguments: list[str]) -> None:
    assert is_safe_call(name, arguments)


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("head", ["/etc/passwd"]), ("head", ["-n", "5", "/etc/passwd"]), ("head", ["--", "/etc/passwd"]), ("tail", ["-f"]),
        ("tail", ["--follow"]), ("tail", ["--retry"]), ("cut", ["-f1", "file"]), ("wc", ["--files0-from=/etc/passwd"]),
        ("wc", ["--files0-from", "x"]), ("uniq", ["in", "out"]), ("uniq", ["-c", "/etc/passwd"]), ("jq", [".", "/etc/passwd"]),
        ("jq", ["-f", "x"]), ("jq", ["--from-file", "x", "."]), ("jq", ["--rawfile", "a", "/etc/passwd", "$a"]),
        ("jq", ["--slurpfile", "a", "x", "."]), ("jq", ["-L", "/tmp", "."]), ("jq", ["env"]), ("jq", ["$ENV.PATH"]),
        ("jq", ['import "a" as a; .']), ("jq", ['include "a"; .']), ("jq", ["input_filename"]), ("jq", []),
        ("sort", ["--output=/etc/x"]), ("sort", ["-o", "x"]), ("head", ["-n", "/etc/passwd"]), ("head", ["--lines=/etc/passwd"]),
        ("cut", ["-d", "/etc/passwd", "-f1"]), ("cut", ["--output=/x"]), ("tr", ["a", "b", "c"]), ("tr", []), ("head", ["-n"]),
        ("wc", ["-lx"]), ("head", ["--line"]), ("head", ["--quiet=/x"]), ("sh", ["-c", "id"]), ("tail", ["--pid", "1"]),
    ],
)  # fmt: skip
def test_what_is_more_than_a_filter(name: str, arguments: list[str]) -> None:
    assert not is_safe_call(name, arguments)


def test_built_in_rules_can_only_be_narrowed() -> None:
    rules = ExecSettings.model_validate(
        {
            "safeBinProfiles": {
                "head": {"maxPositional": 5, "allowedFlags": ["-x"], "deniedFlags": ["-c"]},
                "rev": {"allowedFlags": ["-0"]},
            }
        }
    ).safe_bin_profiles
    assert not is_safe_call("head", ["/etc/passwd"], rules["head"]) and not is_safe_call("head", ["-x"], rules["head"])
    assert is_safe_call("head", ["-n1"], rules["head"]) and not is_safe_call("head", ["-c1"], rules["head"])
    assert is_safe_call("rev", ["-0"], rules["rev"]) and not is_safe_call("rev", ["x"], rules["rev"])


def plan(path: str, *arguments: str, real: str | None = None, trusted: bool = True, **values: Any) -> Plan:
    executable = Executable(path, FileMark(real or path, "11" * 32), trusted=trusted)
    base: dict[str, Any] = {"cwd": "/w", "asked": {}, "operands": (), "confinement": Confinement()}
    return Plan(executable, arguments, **{**base, **values})


def verdict(
    call: Plan, security: Security = "allowlist", ask: Ask = "on-miss", *, outside: bool = False, **rules: Any
) -> str:
    return judge(call, ExecSettings.model_validate(rules), security, ask, untrusted=outside).verdict


GIT = {"program": "/usr/bin/git", "arguments": ["status"]}
LS = {"program": "ls", "arguments": ["-l", "..."]}


def test_security_and_ask() -> None:
    call = plan("/usr/bin/git", "push")
    assert verdict(call, "deny", "off") == "refuse"
    assert verdict(call, "allowlist", "off") == "refuse"
    assert verdict(call, "allowlist", "on-miss") == "ask"
    assert verdict(call, "full", "off") == verdict(call, "full", "on-miss") == "run"
    assert verdict(call, "full", "always") == "ask"
    listed = plan("/usr/bin/git", "status")
    assert verdict(listed, "allowlist", "off", allowlist=[GIT]) == "run"
    assert verdict(listed, "allowlist", "always", allowlist=[GIT]) == "ask"
    assert verdict(plan("/usr/bin/wc", "-l"), "allowlist", "off") == "run"


def test_a_shell_is_asked_for_even_where_everything_may_run() -> None:
    shell = plan("/bin/sh", "-c", "ls | wc", shell_text="ls | wc")
    assert verdict(shell, "allowlist") == "refuse"
    assert verdict(shell, "full", "off") == verdict(shell, "full", "on-miss") == "ask"
    entry = {"program": "/bin/sh", "arguments": ["-c", "ls | wc"]}
    assert verdict(shell, "full", "on-miss", allowlist=[entry]) == "run"
    other = plan("/bin/sh", "-c", "ls | wc; id", shell_text="ls | wc; id")
    assert verdict(other, "full", "on-miss", allowlist=[entry]) == "ask"


def test_a_turn_with_outside_content_runs_filters_alone() -> None:
    listed = plan("/usr/bin/git", "status")
    for security in ("allowlist", "full"):
        assert verdict(listed, security, "off", outside=True, allowlist=[GIT]) == "ask"
        assert verdict(listed, security, "off", outside=True, allowlist=[GIT], untrusted="deny") == "refuse"
    assert verdict(plan("/usr/bin/wc", "-l"), outside=True) == "run"
    assert not judge(listed, ExecSettings(), "full", "off", untrusted=True).remembered


SEALED = Confinement("bubblewrap", "rw", False)


def test_content_of_an_earlier_turn_takes_away_what_nobody_listed() -> None:
    listed, other = plan("/usr/bin/git", "status"), plan("/usr/bin/git", "push")

    def seen(call: Plan, security: Security = "full", ask: Ask = "on-miss", **rules: Any) -> str:
        return judge(call, ExecSettings.model_validate(rules), security, ask, untrusted=False, exposed=True).verdict

    assert seen(listed, allowlist=[GIT]) == "run" and seen(plan("/usr/bin/wc", "-l")) == "run"
    assert seen(other) == "ask" and seen(other, ask="off") == "refuse" and seen(other, untrusted="deny") == "refuse"
    assert seen(other, untrusted="allow") == "run"
    assert seen(plan("/usr/bin/git", "push", confinement=SEALED)) == "run", "it reaches nothing but the workspace"
    assert judge(other, ExecSettings(), "full", "on-miss", untrusted=False, exposed=True).remembered


def test_what_came_from_outside_is_no_program() -> None:
    own = plan("/w/tool", real="/w/tool", from_outside=("/w/tool",))
    given = plan("/bin/sh", "job.sh", from_outside=("/w/job.sh",))
    read = plan("/bin/cat", "news.txt", from_outside=("/w/news.txt",))
    rules: dict[str, Any] = {"allowlist": [{"program": "/w/tool"}, {"program": "/bin/sh", "arguments": ["job.sh"]}]}
    assert verdict(own, "full", **rules) == verdict(given, "full", **rules) == "ask"
    assert verdict(read, "full") == "run"
    assert verdict(given, "full", untrusted="allow") == "run" and verdict(given, "full", untrusted="deny") == "refuse"
    assert verdict(plan("/bin/sh", "job.sh", from_outside=("/w/job.sh",), confinement=SEALED), "full") == "run"


@pytest.mark.parametrize(
    ("words", "outside"),
    [
        (["/usr/bin/curl", "x"], True),
        (["/usr/bin/git", "clone", "x"], True),
        (["/usr/bin/git", "-C", "x", "pull"], True),
        (["/usr/bin/git", "status"], False),
        (["/usr/bin/git", "log"], False),
        (["/usr/bin/pip3.11", "install", "x"], True),
        (["/usr/bin/pip", "list"], False),
        (["/usr/bin/npm", "run", "build"], False),
        (["/usr/bin/env", "X=1", "curl"], True),
        (["/usr/bin/python3", "-c", "import urllib.request as u; u.urlopen('https://example.com')"], True),
        (["/usr/bin/python3", "-c", "print(1)"], False),
        (["/usr/bin/python3", "build.py", "http://127.0.0.1:8000/x"], False),
        (["/usr/bin/rsync", "-a", "host:x", "."], True),
        (["/bin/cat", "notes.txt"], False),
        (["/usr/bin/python3", "-c", "import requests, sys\nprint(1)"], True),
        (["/usr/bin/node", "-e", "fetch(process.argv[1])"], True),
        (["/bin/sh", "-c", "x=1; wget $HOST"], True),
    ],
)
def test_what_a_program_prints_may_come_from_outside(words: list[str], outside: bool) -> None:
    assert brings_outside(plan(*words)) is outside
    assert not brings_outside(plan(*words, confinement=SEALED))
    assert brings_outside(plan(*words, confinement=SEALED, from_outside=("/w/x",)))
    fed = plan("/bin/sh", stdin="wget https://example.com")
    assert brings_outside(fed)
    assert brings_outside(plan(*words, reaching=("/w/job.py",)))
    assert not brings_outside(plan(*words, confinement=SEALED, reaching=("/w/job.py",)))


FETCHING = [
    "import os, urllib.request",
    "  from requests import get",
    "const https = require('node:https')",
    "import axios from 'axios'",
    "const page = await fetch(address)",
    "#!/bin/sh\nset -e\nwget $1",
    "x=$(curl -s $1)",
    "use LWP::Simple;",
    'require "net/http"',
    "exec 3<>/dev/tcp/$1/80",
    "if true; then git clone $1; fi",
    "\0getaddrinfo\0",
]
QUIET = [
    "# it requests nothing, and fetches nothing",
    "import json  # see https://docs.python.org/3/library/socket.html",
    "print('curl is a program')",
    "requests = []\nfor each in requests: print(each)",
    "#!/bin/sh\ngit status && npm run build",
    "from pathlib import Path",
    "const prefetch = (x) => x; prefetch(1)",
]


@pytest.mark.parametrize("text", FETCHING + QUIET)
def test_scripts_that_fetch_things_are_known_by_their_words(text: str, tmp_path: Path) -> None:
    script = tmp_path / "job"
    script.write_text(text)
    os.mkfifo(tmp_path / "pipe")
    found = executables.holding(["job", "--file=job", "pipe", "nothing"], str(tmp_path), FETCHING_CODE)
    assert found == ([str(script.resolve())] if text in FETCHING else [])


@pytest.mark.parametrize(
    ("call", "entry"),
    [
        (plan("/usr/bin/git", "push"), GIT),
        (plan("/usr/bin/git", "status", "--porcelain"), GIT),
        (plan("/usr/bin/git"), GIT),
        (plan("/w/bin/git", "status", real="/w/bin/git", trusted=False), GIT),
        (plan("/w/ls", "-l", trusted=False), LS),
        (plan("/usr/bin/git", "status"), {**GIT, "sha256": "22" * 32}),
        (plan("/usr/bin/git", "status", asked={"GIT_SSH_COMMAND": "sh -c id"}), GIT),
        (plan("/usr/bin/git", "status", asked={"PAGER": "sh -c id"}), GIT),
        (plan("/usr/bin/find", ".", "-exec", "sh", ";"), {"program": "find", "arguments": ["..."]}),
        (plan("/usr/bin/tar", "--checkpoint-action=exec=sh"), {"program": "tar", "arguments": ["..."]}),
        (plan("/usr/bin/python3", "-c", "x", real="/usr/bin/python3.11"), {"program": "python3", "arguments": ["..."]}),
        (plan("/usr/bin/tool", real="/usr/bin/busybox"), {"program": "tool", "arguments": ["..."]}),
        (plan("/usr/bin/stat", "-x"), {"program": "stat", "arguments": ["*"]}),
        (plan("/usr/bin/stat"), {"program": "stat", "arguments": ["*"]}),
        (plan("/usr/bin/stat", "a", "b"), {"program": "stat", "arguments": ["*"]}),
    ],
)
def test_what_the_allowlist_does_not_mean(call: Plan, entry: dict[str, Any]) -> None:
    assert verdict(call, "allowlist", "off", allowlist=[entry]) == "refuse"


@pytest.mark.parametrize(
    ("call", "entry"),
    [
        (plan("/usr/bin/git", "status"), GIT),
        (plan("/usr/bin/git", "status", asked={"LC_ALL": "C", "NO_COLOR": "1"}), GIT),
        (plan("/usr/bin/git", "status"), {**GIT, "sha256": "11" * 32}),
        (plan("/usr/bin/ls", "-l"), LS),
        (plan("/usr/bin/ls", "-l", "a", "--all"), LS),
        (plan("/usr/bin/stat", "x"), {"program": "stat", "arguments": ["*"]}),
        (plan("/usr/bin/python3", "-c", "x"), {"program": "python3", "arguments": ["-c", "x"]}),
    ],
)
def test_what_the_allowlist_means(call: Plan, entry: dict[str, Any]) -> None:
    assert verdict(call, "allowlist", "off", allowlist=[entry]) == "run"


def test_safe_bins_are_those_of_the_system() -> None:
    own = plan("/w/wc", "-l", real="/w/wc", trusted=False)
    assert verdict(own, "allowlist", "off") == "refuse"
    assert verdict(own, "allowlist", "off", safeBinTrustedDirs=["/w/"]) == "run"
    assert verdict(plan("/usr/bin/wc", "-l", asked={"LD_X": "1"}), "allowlist", "off") == "refuse"


def test_an_approval_is_about_everything_that_counts() -> None:
    base = plan("/usr/bin/python3", "a.py", operands=(FileMark("/w/a.py", "aa"),))
    others = [
        replace(base, arguments=("a.py", "-x")),
        replace(base, cwd="/elsewhere"),
        replace(base, asked={"A": "b"}),
        replace(base, stdin="more"),
        replace(base, operands=(FileMark("/w/a.py", "bb"),)),
        replace(base, executable=replace(base.executable, mark=FileMark("/usr/bin/python3", "22" * 32))),
        replace(base, confinement=Confinement("none")),
    ]
    marks = {fingerprint(each.binding) for each in (base, *others)}
    assert len(marks) == len(others) + 1
    # Whoever runs what he is given is allowed for good only with the same things given.
    assert len({fingerprint(each.lasting) for each in (base, *others)}) == len(others) + 1
    plain = plan("/usr/bin/ls", "a", operands=(FileMark("/w/a", "aa"),))
    assert fingerprint(plain.lasting) == fingerprint(replace(plain, cwd="/x", operands=()).lasting)


def test_a_call_can_only_be_stricter() -> None:
    rules = ExecSettings(security="allowlist", ask="on-miss")
    assert tightened(rules, "full", "off") == ("allowlist", "on-miss")
    assert tightened(rules, "deny", "always") == ("deny", "always")
    assert tightened(rules, None, None) == ("allowlist", "on-miss")


@pytest.mark.parametrize("name", ["python", "python3.11", "node-20", "bash", "busybox", "find", "env", "perl5.36"])
def test_programs_that_run_others(name: str) -> None:
    assert runs_other_programs(Executable(f"/usr/bin/{name}", FileMark("/opt/x", "")))
    assert runs_other_programs(Executable("/usr/bin/x", FileMark(f"/usr/bin/{name}", "")))


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "ld_preload", "DYLD_INSERT_LIBRARIES", "PATH", "BASH_ENV", "ENV", "IFS", "HOME", "CRAWDAD_TOKEN"],
)
def test_variables_that_no_program_gets(name: str) -> None:
    with pytest.raises(GatewayError) as error:
        asked_variables({name: "x"})
    assert error.value.kind is ErrorKind.FORBIDDEN


@pytest.mark.parametrize(
    "name", ["GIT_SSH_COMMAND", "PAGER", "EDITOR", "NODE_OPTIONS", "PYTHONPATH", "PERL5OPT", "MY_OWN"]
)
def test_variables_that_have_to_be_asked_for(name: str) -> None:
    assert asked_variables({name: "x"}) == {name: "x"} and not are_harmless({name: "x"})


@pytest.mark.parametrize("name", ["A=B", "", "1A", "a b", "é", "A\n"])
def test_what_is_no_variable(name: str) -> None:
    with pytest.raises(GatewayError):
        asked_variables({name: "x"} if name else {"A": "x\0"})


def test_programs_are_looked_for_outside_the_workspace() -> None:
    ours = {"PATH": "/w/bin:.:relative::/w:/opt/tools:/work2", "SECRET": "x", "TZ": "UTC"}
    search = search_folders(ours, ("/w/evil", "/own"), "/w")
    assert search[:3] == ("/own", "/opt/tools", "/work2") and not [
        folder for folder in search if folder.startswith("/w/")
    ]
    made = environment_for(ours, {"A": "b"}, search, "/w")
    assert "SECRET" not in made and made["HOME"] == "/w" and made["A"] == "b" and made["TZ"] == "UTC"
