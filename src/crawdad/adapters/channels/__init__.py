"""The ways to people, a folder each (see `core/channels.py`)."""
