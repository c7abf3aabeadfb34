"""A talk with an agent in a terminal, over the control channel."""
