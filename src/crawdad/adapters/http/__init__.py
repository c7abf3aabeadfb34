"""HTTP to the outside: one pooled client, one SSRF guard."""

from crawdad.adapters.http.transport import HttpTransport

__all__ = ["HttpTransport"]
