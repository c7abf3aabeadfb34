"""The memory of agents: notes in files, found again by their words and by what they mean."""
