"""OpenClaw Buddy's contract: monitoring, bots, models, healing, in an envelope of its own."""
