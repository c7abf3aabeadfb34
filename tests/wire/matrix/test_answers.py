"""Every recorded answer, re-spoken whole and streamed in every other protocol, loses nothing that can be said there.

The vendor's own account (read off the recording without our codecs) is held against what the client's SDK made of our
bytes in its strict mode.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.support.goldens import needs_goldens
from tests.wire.matrix.facts import Facts, facts_of
from tests.wire.matrix.losses import expected
from tests.wire.matrix.recorded import PROTOCOLS, Recorded, recordings
from tests.wire.matrix.speaking import FORMS, heard, same_request

pytestmark = needs_goldens

PAIRS = [(source, target) for source in PROTOCOLS for target in PROTOCOLS if source != target]


def comparable(facts: Facts, protocol: str) -> dict[str, Any]:
    """The facts without the white space of thoughts, which may be told in sections. To a client of Anthropic's protocol
    pictures are told in words."""
    answers = [
        replace(
            answer,
            thinking="".join(answer.thinking.split()),
            images=[] if protocol == "anthropic-messages" else sorted(answer.images),
        )
        for answer in facts.answers
    ]
    return vars(replace(facts, answers=answers))


def differences(recorded: Recorded, protocol: str, form: str) -> str | None:
    """What the client heard otherwise than it should; None where all is well."""
    body = heard(protocol, form, recorded.events, same_request(recorded.request(), protocol))
    facts = facts_of(protocol, body)
    identifiers = [call.id for answer in facts.answers for call in answer.calls]
    if protocol != "gemini" and not (all(identifiers) and len(set(identifiers)) == len(identifiers)):
        return f"{recorded}: ids {identifiers}"
    wanted, got = comparable(expected(recorded, protocol, form), protocol), comparable(facts, protocol)
    found = {key: (wanted[key], got[key]) for key in wanted if wanted[key] != got[key]}
    return f"{recorded}: {found}" if found else None


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_recorded_answer_is_heard_in_full(source: str, target: str, form: str) -> None:
    found = [words for recorded in recordings(source) if (words := differences(recorded, target, form))]
    assert len(recordings(source)) > 100
    assert found == []
