"""Which models there are and where a name leads: pure decisions over an immutable snapshot.

A `Catalogue` is built from the settings and the providers' own lists, swapped as a whole when either changes, and read on
the hot path without locks.
"""

from crawdad.services.catalogue.offers import Catalogue, Offer, Provider, Seat, build_catalogue
from crawdad.services.catalogue.plan import Plan, plan_route, usable_names

__all__ = ["Catalogue", "Offer", "Plan", "Provider", "Seat", "build_catalogue", "plan_route", "usable_names"]
