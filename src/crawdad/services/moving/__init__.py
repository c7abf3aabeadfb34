"""Moving in from OpenClaw: what its files say, and what becomes of each thing here. Pure; `app.moving` does it."""
