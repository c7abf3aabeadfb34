"""How well the gateway does: probes of the process, of its inner parts and of the way in; history."""

from crawdad.services.health.service import Health, HealthReport, Part

__all__ = ["Health", "HealthReport", "Part"]
