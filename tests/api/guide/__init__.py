"""`/api/v1` over a running server."""
