"""The control channel: OpenClaw's WebSocket on `/`, over which everything can be asked and done that a gateway does."""
