"""Small stories that a scripted model plays, as data: what it thinks, says and calls, turn by turn."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, Literal

Stop = Literal["end", "tools", "max_tokens", "stop_sequence", "refusal", "filtered"]


@dataclass(frozen=True)
class Say:
    """Visible text. `{results}`, `{images}`, `{documents}`, `{user}`, `{system}` and `{tools}` are filled in from the request."""

    text: str


@dataclass(frozen=True)
class Think:
    """Reasoning: with a signature, in the clear, or (redacted) as nothing but opaque data in `signature`."""

    text: str = ""
    signature: str = ""
    redacted: bool = False


@dataclass(frozen=True)
class Call:
    """A tool call. `arguments` is an object, or free text for a custom tool (OpenAI's protocols).

    `signature` is a Gemini thought signature that travels with the call. A `namespace` is a field of its own in Responses;
    elsewhere the model knows the tool by its `full_name`.
    """

    name: str
    arguments: dict[str, Any] | str
    signature: str = ""
    namespace: str = ""

    @property
    def full_name(self) -> str:
        """The name where there are no namespaces."""
        return f"{self.namespace}__{self.name}" if self.namespace else self.name


@dataclass(frozen=True)
class Refuse:
    """The model's own words for declining."""

    text: str


@dataclass(frozen=True)
class Draw:
    """A picture in the answer (Gemini and Responses have a form for it; the others leave it out)."""

    data: str
    media_type: str = "image/png"


Piece = Say | Think | Call | Refuse | Draw


@dataclass(frozen=True)
class Tokens:
    """What the turn costs. `input` includes what was read from and written to the cache, `output` the reasoning."""

    input: int = 25
    output: int = 12
    cache_read: int = 0
    cache_write: int = 0
    reasoning: int = 0


@dataclass(frozen=True)
class Turn:
    """One answer."""

    pieces: tuple[Piece, ...]
    stop: Stop = "end"
    tokens: Tokens = field(default_factory=Tokens)
    stop_sequence: str | None = None


Story = tuple[Turn, ...]
"""The first turn answers the user; the next one comes when tool results have arrived, and so on. The last repeats."""


@dataclass(frozen=True)
class Heard:
    """What a request told, whatever its protocol. `rounds` counts the tool-result rounds since the user last spoke."""

    rounds: int = 0
    results: tuple[str, ...] = ()
    images: int = 0
    documents: int = 0
    tools: tuple[str, ...] = ()
    system: str = ""
    user: str = ""


def turn_for(story: Story, heard: Heard) -> Turn:
    """The turn that `heard` calls for, its texts filled in."""
    turn = story[min(heard.rounds, len(story) - 1)]
    return replace(turn, pieces=tuple(_filled(piece, heard) for piece in turn.pieces))


def _filled(piece: Piece, heard: Heard) -> Piece:
    if not isinstance(piece, Say):
        return piece
    text = piece.text
    for name, value in (
        ("{results}", " | ".join(heard.results)),
        ("{images}", str(heard.images)),
        ("{documents}", str(heard.documents)),
        ("{user}", heard.user),
        ("{system}", heard.system),
        ("{tools}", ", ".join(heard.tools)),
    ):
        text = text.replace(name, value)
    return Say(text)


@dataclass(frozen=True)
class Stamp:
    """Makes the ids of one reply: unique per reply, and the same in every run."""

    number: int

    def id(self, prefix: str, index: int = 0, length: int = 24) -> str:
        """Such as `call_5f2a…`."""
        return prefix + hashlib.sha256(f"{self.number}/{prefix}/{index}".encode()).hexdigest()[:length]

    @property
    def created(self) -> int:
        """Unix seconds."""
        return 1_790_000_000 + self.number


def bites(text: str, size: int = 9) -> Iterator[str]:
    """`text` as a model streams it: a few characters at a time. Nothing for an empty text."""
    return (text[start : start + size] for start in range(0, len(text), size))


def alternative(turn: Turn, number: int) -> Turn:
    """The turn as choice `number` of several tells it: all but the first end with their number."""
    if not number:
        return turn
    told = [Say(f"{piece.text} #{number + 1}") if isinstance(piece, Say) else piece for piece in turn.pieces]
    return replace(turn, pieces=tuple(told))


@dataclass(frozen=True)
class Token:
    """A token of a text, its log probability, and the one it nearly was."""

    text: str
    logprob: float
    rival: str
    rival_logprob: float


def tokens_of(text: str) -> list[Token]:
    """`text` in tokens: words with the space before them."""
    return [Token(word, -0.25 * (len(word) % 3), word.upper(), -2.5) for word in re.findall(r"\s*\S+", text)]


PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
"""A PNG of one dot, in base64."""
_SIGNATURE = "GHRjM3iPGLJkIVHtP+11bsrD6c2MHc7cRO6bqWw4RKlL7HoPss1eMOEs3cq68TNveZwktOWRmTqZ6Q3W/w=="
_SECOND_SIGNATURE = "yKsDjpDHZNGm2mGT6twLV0Qn9Fe4lzrE2S2td1Z35nr5wKJQSCPwsxvPVNyjlzsQXiRvelGqX48muQdnX+0nvnoIktrY8faq"

STORIES: dict[str, Story] = {
    "hello": (Turn((Say("Hello! I am a scripted model. Grüße, 你好, 🦞."),)),),
    "echo": (Turn((Say("{user}"),)),),
    "system": (Turn((Say("My instructions: {system}"),)),),
    "sees": (Turn((Say("I see {images} image(s), {documents} document(s) and these tools: {tools}."),)),),
    "thinker": (
        Turn(
            (Think("Let me think about it, step by step.", _SIGNATURE), Say("The answer is 42.")),
            tokens=Tokens(30, 40, reasoning=28),
        ),
    ),
    "secret-thinker": (
        Turn(
            (Think(signature=_SIGNATURE, redacted=True), Say("I would rather not say how I know.")),
            tokens=Tokens(30, 40, reasoning=28),
        ),
    ),
    "weather": (
        Turn(
            (Say("I will look it up."), Call("get_weather", {"city": "Zürich", "unit": "celsius"})),
            "tools",
            Tokens(80, 22),
        ),
        Turn((Say("The tool said: {results}"),), tokens=Tokens(120, 15)),
    ),
    "parallel": (
        Turn(
            (
                Think("Two cities: two calls.", _SIGNATURE),
                Call("get_weather", {"city": "Paris"}, _SECOND_SIGNATURE),
                Call("get_weather", {"city": "北京"}),
                Call("get_time", {}),
            ),
            "tools",
            Tokens(90, 60, reasoning=10),
        ),
        Turn((Say("Both said: {results}"),), tokens=Tokens(150, 20)),
    ),
    "thinking-loop": (
        Turn(
            (Think("First the list.", _SIGNATURE), Call("list_files", {"path": "."}, _SIGNATURE)),
            "tools",
            Tokens(50, 30, reasoning=12),
        ),
        Turn(
            (Think("Now the file.", _SECOND_SIGNATURE), Call("read_file", {"path": "a.txt"}, _SECOND_SIGNATURE)),
            "tools",
            Tokens(90, 30, cache_read=40, reasoning=12),
        ),
        Turn((Say("Done after two tools: {results}"),), tokens=Tokens(130, 14, cache_read=80)),
    ),
    "patch": (
        Turn((Call("apply_patch", '*** Begin Patch\n*** Add File: a.txt\n+hi "there"\n*** End Patch'),), "tools"),
        Turn((Say("Patched: {results}"),)),
    ),
    "claude-code": (
        Turn(
            (Think("I should read the file.", _SIGNATURE), Call("Read", {"file_path": "/srv/project/a.txt"})),
            "tools",
            Tokens(16000, 90, cache_read=15000, cache_write=800, reasoning=20),
        ),
        Turn((Say("The file says: {results}"),), tokens=Tokens(16200, 30, cache_read=15800)),
    ),
    "codex": (
        Turn(
            (Think("A shell command will do.", _SIGNATURE), Call("exec_command", {"cmd": "cat a.txt"})),
            "tools",
            Tokens(9000, 80, cache_read=8000, reasoning=30),
        ),
        Turn((Say("The command printed: {results}"),), tokens=Tokens(9200, 25, cache_read=8900)),
    ),
    "codex-agents": (
        Turn((Call("spawn_agent", {"message": "look around"}, namespace="multi_agent_v1"),), "tools"),
        Turn((Say("The agent says: {results}"),)),
    ),
    "gemini-cli": (
        Turn((Call("list_directory", {"dir_path": "."}, _SIGNATURE),), "tools", Tokens(6000, 40, reasoning=15)),
        Turn((Say("The directory holds: {results}"),), tokens=Tokens(6100, 25, cache_read=5000)),
    ),
    "refusal": (Turn((Refuse("I cannot help with that."),), "refusal"),),
    "filtered": (Turn((Say("As I was about to"),), "filtered"),),
    "cut-off": (Turn((Say("This answer is too long to"),), "max_tokens", Tokens(20, 8)),),
    "stopped": (Turn((Say("One, two, "),), "stop_sequence", stop_sequence="three"),),
    "cached": (Turn((Say("I remember."),), tokens=Tokens(5000, 5, cache_read=4000, cache_write=600)),),
    "painter": (Turn((Say("Here is a dot."), Draw(PIXEL))),),
    "structured": (Turn((Say('{"city": "Zürich", "degrees": 21}'),)),),
    "silent": (Turn(()),),
    "long": (Turn((Say("All work and no play makes a dull day. " * 200),), tokens=Tokens(20, 2000)),),
}
