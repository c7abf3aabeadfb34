"""The gateway's own contract."""
