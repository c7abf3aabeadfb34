"""Channels: the ways to people."""
