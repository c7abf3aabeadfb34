"""Agents from the front door to the model: everything between is real."""
