"""Bodies of exchanges for the log: held by reference while a request runs, made fit to be kept afterwards."""

from crawdad.services.bodies.keeper import BodyCapture, BodyKeeper

__all__ = ["BodyCapture", "BodyKeeper"]
