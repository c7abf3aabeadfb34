"""Who is asking: one check for every credential, however it was sent."""

from crawdad.services.identity.door import Door, hash_credential
from crawdad.services.identity.lockout import Lockout

__all__ = ["Door", "Lockout", "hash_credential"]
