"""Responses that are kept: found again by their owner, gone on from, run in the background, followed and cancelled."""
