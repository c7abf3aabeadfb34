"""Every recorded request, written in every other protocol: valid there, and meaning the same, or clearly refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from crawdad.core.errors import ErrorKind, GatewayError
from crawdad.core.parts import JsonObject
from crawdad.wire import codecs
from crawdad.wire.codec import WrittenRequest
from crawdad.wire.features import Feature, Treatment, features_of
from crawdad.wire.profile import DEFAULT
from tests.support.goldens import needs_goldens
from tests.support.sdk_requests import check_request
from tests.wire.matrix.asked import Asked, requests
from tests.wire.matrix.meaning import KNOBS, meaning_of
from tests.wire.matrix.recorded import PROTOCOLS
from tests.wire.matrix.reductions import (
    MAPPINGS,
    MEDIA_BESIDE_RESULTS,
    NO_SYSTEM_IN_PLACE,
    reduced,
    tools_fit,
    without_additions,
)
from tests.wire.matrix.rules import broken_rules

pytestmark = needs_goldens

PAIRS = [(source, target) for source in PROTOCOLS for target in PROTOCOLS if source != target]

TOLERATED = {
    # Newer models have no such knobs and the SDK forgot them; profiles leave them out for those models.
    ("anthropic-messages", "temperature"),
    ("anthropic-messages", "top_p"),
    ("anthropic-messages", "top_k"),
}
"""Fields at which the vendor takes more than its SDK's types say."""

BY_ID = {Feature.IMAGE_FILE, Feature.DOCUMENT_FILE}
"""Refused between vendors whatever the table says: nobody else can read one vendor's files."""


def written(asked: Asked, target: str) -> WrittenRequest | GatewayError:
    """The request in `target`, or its refusal."""
    try:
        return codecs.get(target).write_request(asked.read(), DEFAULT)
    except GatewayError as error:
        return error


def refusal_faults(asked: Asked, target: str, error: GatewayError) -> Iterator[str]:
    """What is wrong with a refusal: it must be a clear 400 for a feature that the table refuses."""
    status, body = codecs.get(asked.protocol).write_error(error)
    feature = Feature[str(error.details.get("feature", "EXTRA")).upper()]
    if error.kind is not ErrorKind.BAD_REQUEST or status != 400 or target not in str(body):
        yield f"{asked}: refused with {status} {body}"
    if codecs.get(target).support[feature] is not Treatment.REFUSED and feature not in BY_ID:
        yield f"{asked}: {feature} is not refused by the table"
    if feature not in set(features_of(asked.read(), target)):
        yield f"{asked}: does not use {feature}"


def as_stored(body: JsonObject) -> JsonObject:
    """The request with the id and status of a stored message on an assistant's earlier words. The SDK's types want them;
    the vendor does not, and Codex never sends them."""
    items = body.get("input")
    if not isinstance(items, list):
        return body
    stored: JsonObject = {"id": "msg_1", "status": "completed"}
    return {
        **body,
        "input": [
            {**item, **stored, "content": [{"annotations": [], **part} for part in item["content"]]}
            if item.get("role") == "assistant" and isinstance(item["content"], list)
            else item
            for item in items
        ],
    }


def faults(asked: Asked, target: str) -> Iterator[str]:
    """Why the vendor would not take what was written."""
    result = written(asked, target)
    if isinstance(result, GatewayError):
        yield from refusal_faults(asked, target, result)
        return
    body = as_stored(result.body) if target == "openai-responses" else result.body
    for fault in check_request(target, body):
        if (target, fault.partition(":")[0].partition(".")[0]) not in TOLERATED:
            yield f"{asked}: {fault[-300:]}"
    for rule in broken_rules(target, result.body):
        yield f"{asked}: {rule}"


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_every_request_is_valid_in_the_other_protocol_or_refused(source: str, target: str) -> None:
    assert len(requests(source)) > 100
    assert [fault for asked in requests(source) for fault in faults(asked, target)] == []


def losses(asked: Asked, target: str) -> Iterator[str]:
    """What is lost without being listed or noted."""
    result = written(asked, target)
    if isinstance(result, GatewayError):
        return
    request = asked.read()
    again = codecs.get(target).read_request(result.body, model="m")
    before = meaning_of(request, NO_SYSTEM_IN_PLACE.get(target, "system"))
    after = without_additions(meaning_of(again), before, target)
    wanted = reduced(before, target)
    for name in ("system", "user", "assistant", "exchanges"):
        if getattr(wanted, name) != getattr(after, name):
            yield f"{asked}: {name} {getattr(wanted, name)!r:.500} became {getattr(after, name)!r:.500}"
    order = sorted if target in MEDIA_BESIDE_RESULTS else list
    if order(wanted.media) != order(after.media):
        yield f"{asked}: media {wanted.media!r:.300} became {after.media!r:.300}"
    if not tools_fit(before, after, request, target):
        yield f"{asked}: tools {before.tools!r:.500} became {after.tools!r:.500}"
    for feature, value_of in KNOBS.items():
        said, came = value_of(request), value_of(again)
        mapping = MAPPINGS.get((target, feature))
        if (
            said != came
            and not any(note.startswith(feature.value) for note in result.notes)
            and not (mapping is not None and mapping(said, came, request))
        ):
            yield f"{asked}: {feature.value} {said!r:.200} became {came!r:.200}, notes {result.notes}"


@pytest.mark.parametrize(("source", "target"), PAIRS)
def test_nothing_is_lost_that_is_neither_listed_nor_noted(source: str, target: str) -> None:
    assert [loss for asked in requests(source) for loss in losses(asked, target)] == []
