"""Crawdad: a self-hosted gateway for AI agents and models."""

__version__ = "0.1.0"
