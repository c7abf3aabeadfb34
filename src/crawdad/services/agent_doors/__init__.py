"""Agents as models: a client's request becomes a run, and the run's events an answer in the client's protocol."""
