"""Plugins: which there are and which are used, installing them, and the places at which they are told."""
