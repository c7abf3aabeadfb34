"""The memory of agents: an index for each, made anew where files have changed; vectors where a model for them is set.

The files are the truth. What costs money, the vectors, is kept in the database by the text that they stand for.
"""

from __future__ import annotations

import asyncio
import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from crawdad.core.asking import Asker, EmbedTexts
from crawdad.core.errors import GatewayError
from crawdad.core.memory import MemoryFile, MemoryFiles, VectorCache
from crawdad.core.memory_settings import MemorySearchSettings
from crawdad.core.ports import Clock
from crawdad.core.programs import FileMark
from crawdad.services.memory.chunks import Chunk, chunks_of
from crawdad.services.memory.index import Hit, Index, distinct, mixed, unit
from crawdad.services.memory.transcripts import Transcripts, View, session_in
from crawdad.services.operations.agent_embeddings import MOST_CHARACTERS, MOST_IN_ALL, MOST_INPUTS

_log = structlog.get_logger(__name__)
_MOST_INDEXES = 64
_MOST_CHUNKS = 20_000


@dataclass(frozen=True, slots=True)
class Search:
    """What was found. `mode` is hybrid, vector or words; `problem` tells why vectors were not used though they are set."""

    hits: list[Hit]
    mode: str
    model: str = ""
    problem: str = ""
    files: Sequence[FileMark] = ()
    """The files that the hits stand in."""


@dataclass(frozen=True, slots=True)
class _Cut:
    """A file as it was when it was cut: its mark, its pieces, the hash of its text."""

    mark: str
    chunks: list[Chunk]
    digest: str


@dataclass(slots=True)
class _Kept:
    """One workspace's index and what it was made of."""

    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    files: dict[str, _Cut] = field(default_factory=dict)
    index: Index = field(default_factory=lambda: Index(()))
    settings: MemorySearchSettings | None = None
    model: str = ""


class Memory:
    """Searches and reads the memory of agents. `settings` are those of an agent."""

    def __init__(
        self,
        files: MemoryFiles,
        vectors: VectorCache,
        embed: EmbedTexts,
        clock: Clock,
        settings: Callable[[str], MemorySearchSettings],
        transcripts: Transcripts | None = None,
    ) -> None:
        self._files = files
        self._transcripts = transcripts
        self._vectors = vectors
        self._embed = embed
        self._clock = clock
        self.settings = settings
        self._kept: OrderedDict[str, _Kept] = OrderedDict()

    async def search(
        self,
        agent_id: str,
        workspace: Path,
        query: str,
        asker: Asker,
        most: int | None,
        least: float | None,
        view: View | None = None,
    ) -> Search:
        """The pieces that fit a query best, the newest state of the files, and of the logs that `view` covers where sessions
        are searched."""
        settings = self.settings(agent_id)
        view = view if self._searches_sessions(settings) else None
        kept = self._of(f"{workspace}\0{view}")
        async with kept.lock:
            await self._refresh(kept, workspace, settings, view)
            index, files = kept.index, kept.files
            model = settings.embedding_model or ""
            likeness, problem = None, ""
            if model and index.chunks:
                try:
                    likeness = await self._likeness(kept, model, query, asker)
                except GatewayError as error:  # words alone find something too
                    problem = error.message(asker.language)
                    _log.warning("memory_vectors_failed", agent=agent_id, model=model, reason=error.message())
        hybrid = settings.query.hybrid
        words = {} if likeness is not None and not hybrid.enabled else await asyncio.to_thread(index.by_words, query)
        weights = (hybrid.vector_weight, hybrid.text_weight) if hybrid.enabled else (1.0, 0.0)
        wanted = settings.query.min_score if least is None else least
        if likeness is None and least is None:
            wanted = min(wanted, hybrid.text_weight)
        hits = [hit for hit in mixed(index, words, likeness, weights) if hit.score >= wanted and hit.score > 0]
        mode = "words" if likeness is None else "hybrid" if hybrid.enabled else "vector"
        shown = distinct(hits, settings.query.max_results if most is None else most)
        paths = dict.fromkeys(hit.chunk.path for hit in shown)
        marks = [FileMark(path, files[path].digest) for path in paths if path in files]
        return Search(shown, mode, model if likeness is not None else "", problem, marks)

    async def read(self, agent_id: str, workspace: Path, path: str, view: View | None = None) -> str | None:
        """A file of memory, or a log that `view` covers; None where there is none of that name."""
        settings = self.settings(agent_id)
        return await self._read(workspace, settings, path, view if self._searches_sessions(settings) else None)

    async def _read(self, workspace: Path, settings: MemorySearchSettings, path: str, view: View | None) -> str | None:
        if view is not None and self._transcripts is not None and session_in(path) is not None:
            return await self._transcripts.read(view, path)
        return await self._files.read(workspace, settings.extra_paths, path)

    def _searches_sessions(self, settings: MemorySearchSettings) -> bool:
        return self._transcripts is not None and "sessions" in settings.sources

    def _of(self, workspace: str) -> _Kept:
        found = self._kept.pop(workspace, None) or _Kept()
        self._kept[workspace] = found
        while len(self._kept) > _MOST_INDEXES:
            self._kept.popitem(last=False)
        return found

    async def _refresh(self, kept: _Kept, workspace: Path, settings: MemorySearchSettings, view: View | None) -> None:
        if kept.settings != settings:
            kept.files, kept.settings = {}, settings
        present = await self._files.look(workspace, settings.extra_paths) if "memory" in settings.sources else []
        if view is not None and self._transcripts is not None:
            present += await self._transcripts.look(view)
        if {file.path: file.mark for file in present} == {path: cut.mark for path, cut in kept.files.items()}:
            return
        files: dict[str, _Cut] = {}
        for file in present:
            known = kept.files.get(file.path)
            files[file.path] = (
                known if known and known.mark == file.mark else await self._cut(file, workspace, settings, view)
            )
        chunks = [chunk for cut in files.values() for chunk in cut.chunks][:_MOST_CHUNKS]
        known_vectors = dict(
            zip(kept.index.chunks, map(kept.index.vectors.get, range(len(kept.index.chunks))), strict=True)
        )
        index = await asyncio.to_thread(Index, chunks)
        for number, chunk in enumerate(chunks):
            vector = known_vectors.get(chunk)
            if vector is not None:
                index.vectors[number] = vector
        kept.files, kept.index = files, index

    async def _cut(self, file: MemoryFile, workspace: Path, settings: MemorySearchSettings, view: View | None) -> _Cut:
        text = await self._read(workspace, settings, file.path, view)
        limits = settings.chunking
        cut = await asyncio.to_thread(chunks_of, file.path, text or "", limits.tokens, limits.overlap)
        return _Cut(file.mark, cut, text_digest(text or ""))

    async def _likeness(self, kept: _Kept, model: str, query: str, asker: Asker) -> dict[int, float]:
        index = kept.index
        if kept.model != model:
            index.vectors, kept.model = {}, model
        missing = [number for number in range(len(index.chunks)) if number not in index.vectors]
        digests = {number: text_digest(index.chunks[number].text) for number in missing}
        for begin in range(0, len(missing), 500):
            some = missing[begin : begin + 500]
            known = await self._vectors.known(model, sorted({digests[number] for number in some}))
            for number in some:
                if digests[number] in known:
                    index.vectors[number] = array("f", known[digests[number]])
        await self._embed_missing(index, model, [n for n in missing if n not in index.vectors], digests, asker)
        asked = await self._embed.embed(asker, model, [query])
        return await asyncio.to_thread(index.by_vector, unit(asked[0]))

    async def _embed_missing(
        self, index: Index, model: str, missing: Sequence[int], digests: dict[int, str], asker: Asker
    ) -> None:
        texts = {number: index.chunks[number].text[:MOST_CHARACTERS] for number in missing}
        for some in portions(missing, lambda number: len(texts[number])):
            found = await self._embed.embed(asker, model, [texts[number] for number in some])
            for number, values in zip(some, found, strict=True):
                index.vectors[number] = unit(values)
            bought = {digests[number]: index.vectors[number].tobytes() for number in some}
            await self._vectors.keep(model, bought, self._clock.now())


def portions(numbers: Sequence[int], length_of: Callable[[int], int]) -> Iterator[Sequence[int]]:
    """What is embedded in one call: not more, and no longer in all, than `/v1/embeddings` takes of anybody."""
    some: list[int] = []
    left = MOST_IN_ALL
    for number in numbers:
        length = length_of(number)
        if some and (len(some) == MOST_INPUTS or length > left):
            yield some
            some, left = [], MOST_IN_ALL
        some.append(number)
        left -= length
    if some:
        yield some


def text_digest(text: str) -> str:
    """The hash of a text, and so of the file that holds it."""
    return hashlib.sha256(text.encode()).hexdigest()
