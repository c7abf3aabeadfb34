"""The control channel's protocol (OpenClaw's WebSocket, versions 3 and 4): frames, connect, device proofs, errors."""
