"""Nodes of the control channel: which are there, what they may be asked for, and asking them."""
