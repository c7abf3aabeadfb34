"""The table of what becomes of answers is total, and every writer does what it says."""

from __future__ import annotations

import pytest

from crawdad.wire.answers import ANSWERS, AnswerFeature
from crawdad.wire.features import Treatment
from tests.wire.matrix.probes import HINTS, PROBES
from tests.wire.matrix.recorded import PROTOCOLS
from tests.wire.matrix.speaking import FORMS, heard, reply, small_request


def test_the_table_is_total() -> None:
    assert set(ANSWERS) == set(PROTOCOLS)
    for fates in ANSWERS.values():
        assert set(fates) == set(AnswerFeature) == set(PROBES)
        assert all(treatment is not Treatment.REFUSED for treatment, _ in fates.values())
        assert all(words for treatment, words in fates.values() if treatment is Treatment.APPROXIMATED)


SDK_CANNOT = {
    ("openai-chat", "streamed", AnswerFeature.CUSTOM_CALLS): b'"input":"*** free"',  # its chunks know functions only
    ("openai-chat", "streamed", AnswerFeature.STOP_SEQUENCE): b"END!",  # it puts together the fields it knows
}
"""What is in the stream although the SDK does not pass it on."""


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("feature", list(AnswerFeature), ids=lambda feature: feature.name.lower())
def test_the_writers_do_what_the_table_says(feature: AnswerFeature, protocol: str, form: str) -> None:
    probe = PROBES[feature]
    if (protocol, form, feature) in SDK_CANNOT:
        told = reply(protocol, form, probe.events, small_request(protocol))
        assert isinstance(told, bytes) and SDK_CANNOT[protocol, form, feature] in told
        return
    body = heard(protocol, form, probe.events, small_request(protocol))
    treatment = ANSWERS[protocol][feature][0]
    if treatment is Treatment.APPROXIMATED:
        assert HINTS[protocol, feature](protocol, body)
    else:
        assert probe.told(protocol, body) is (treatment is not Treatment.DROPPED)
