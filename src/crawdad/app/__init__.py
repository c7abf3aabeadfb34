"""Putting it together: command line, wiring, server, supervisor."""
