"""Moving in from OpenClaw, done: its folder read, its things put where ours are."""
