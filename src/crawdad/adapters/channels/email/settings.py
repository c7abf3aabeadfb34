"""`channels.email.*`."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from crawdad.core.channel_settings import ChannelSettings
from crawdad.core.section import SecretValue

Security = Literal["tls", "starttls", "none"]


class EmailSettings(ChannelSettings):
    """A mailbox of the agent's own: letters are read by IMAP and answered by SMTP."""

    imap_host: str = ""
    imap_port: int = Field(993, ge=1, le=65_535)
    imap_security: Security = "tls"
    imap_username: str = ""
    imap_password: SecretValue | None = None
    folder: str = "INBOX"
    smtp_host: str = ""
    smtp_port: int = Field(465, ge=1, le=65_535)
    smtp_security: Security = "tls"
    smtp_username: str = ""
    """Empty: as for IMAP."""
    smtp_password: SecretValue | None = None
    from_address: str = ""
    """Empty: the user name."""
    from_name: str = ""
    subject: str = "Message from your agent"
    """Of letters that answer none."""
    poll_interval_seconds: float = Field(30.0, ge=1)
    authserv_id: str = ""
    """The name of your own mail server as it stands in `Authentication-Results`; only senders whom it vouches for go by their
    bare address. Unset: everybody is `unverified:<address>`."""

    @property
    def address(self) -> str:
        """From whom letters come."""
        return (self.from_address or self.imap_username).strip().lower()
