"""OpenClaw's own command line against a running Crawdad."""
