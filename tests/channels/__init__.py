"""Channels: their core on a small stage, and every channel through one suite."""
