"""Channels, without a platform."""
