"""Slack's socket mode and web interface."""
