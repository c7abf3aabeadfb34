"""Sessions, without a server."""
