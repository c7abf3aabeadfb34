"""Devices of the control channel: who is let in with which rights, and how that is changed and ended."""
