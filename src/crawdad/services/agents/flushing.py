"""The silent step before a compaction in which an agent may write down what it wants to keep: when it is due. Pure."""

from __future__ import annotations

from crawdad.services.agents.prompt import SILENT
from crawdad.services.agents.turn import AgentTurn

FLUSHED = "memory-flush"
"""The type of the log's line that says that there was such a step."""
_WRITERS = ("write", "edit", "apply_patch")
_WORDS = f"""[This conversation is about to be shortened. Write down now, in the files of your memory (memory/ and the
day's date, or MEMORY.md for what stays true), what you will need later and have not written down yet. Add, do not
replace. The user does not see this step: do not answer them here. When there is nothing to write, or you are done,
answer {SILENT}.]"""


def room_left(turn: AgentTurn) -> int:
    """How many tokens the conversation may still grow before it is summed up."""
    settings = turn.agent.defaults.compaction
    reserve = min(max(settings.reserve_tokens or 0, settings.reserve_tokens_floor), turn.window // 2)
    return turn.window - reserve - turn.size()


def flush_is_due(turn: AgentTurn) -> bool:
    """Whether it is time: the end is near, the agent can write, and it has not been asked since the last compaction."""
    settings = turn.agent.defaults.compaction
    flush = settings.memory_flush
    if not flush.enabled or settings.mode == "off" or turn.order.depth or turn.order.light:
        return False
    near = min(flush.soft_threshold_tokens, turn.window // 10)
    if not any(name in turn.tools for name in _WRITERS) or room_left(turn) > near:
        return False
    return not any(event.kind == "custom" and event.data.get("customType") == FLUSHED for event in turn.log.events)


def flush_words(turn: AgentTurn) -> str:
    """What the agent is told."""
    return turn.agent.defaults.compaction.memory_flush.prompt or _WORDS
