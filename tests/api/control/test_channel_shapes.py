"""How a sign-in is told over the control channel."""

from __future__ import annotations

from typing import get_args

import pytest

from crawdad.api.control.channel_shapes import sign_in_shape
from crawdad.core.channels import SignInState, SignInStep


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("state", get_args(SignInState))
def test_every_state_has_words(state: SignInState, language: str) -> None:
    shape = sign_in_shape(SignInStep(state, qr="https://q" if state == "qr" else ""), "default", language)
    assert shape["message"] and shape["state"] == state
    assert shape["connected"] is (state in ("connected", "already"))
    assert ("qrDataUrl" in shape) is (state == "qr")
