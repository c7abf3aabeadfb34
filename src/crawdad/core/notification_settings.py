"""`notifications.*`: whom the gateway tells of what happens to it, and when."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from crawdad.core.heartbeat_settings import TimeOfDay
from crawdad.core.section import SecretValue, Section

NotificationLevel = Literal["info", "warning", "urgent"]
WEBHOOK, FEISHU_WEBHOOK, FEISHU_APP, SMTP = "webhook", "feishu-webhook", "feishu-app", "smtp"
Name = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]


class SmtpSettings(Section):
    """`smtp.*`: the server that takes letters to be delivered."""

    host: Name = ""
    port: int = Field(465, ge=1, le=65_535)
    security: Literal["tls", "starttls", "none"] = "tls"
    username: Name = ""
    password: SecretValue | None = None
    from_address: Name = ""
    """Empty: the user name."""


class NotificationTarget(Section):
    """`notifications.targets.<name>.*`: somebody who is told."""

    enabled: bool = True
    kind: Name = ""
    """`webhook`, `feishu-webhook`, `feishu-app`, `smtp`, or the id of a channel (`telegram`, `feishu`, `qq`, `email`, …)."""
    to: Name = ""
    """The chat, or the address of a letter."""
    account: Name = ""
    """The channel's account; empty: its default one."""
    url: SecretValue | None = None
    """It often is a credential itself."""
    secret: SecretValue | None = None
    """What the calls of a webhook are signed with."""
    app_id: Name = ""
    app_secret: SecretValue | None = None
    domain: Name = "feishu"
    smtp: SmtpSettings = SmtpSettings()
    events: tuple[Name, ...] = ("*",)
    """Which kinds, `*` allowed (`health.*`)."""
    level: NotificationLevel = "info"
    """The least that it is told of."""
    language: Literal["en", "zh"] = "en"


class QuietHours(Section):
    """`notifications.quietHours.*`: when urgent things alone are told; the rest is gathered, and told at their end."""

    enabled: bool = False
    start: TimeOfDay = "22:00"
    end: TimeOfDay = "07:00"
    timezone: str | None = None
    """None: that of `cron.timezone`, else the machine's."""


class NotificationSettings(Section):
    """`notifications.*`."""

    enabled: bool = True
    targets: dict[str, NotificationTarget] = Field(default_factory=dict)
    quiet_hours: QuietHours = QuietHours()
    dedupe_seconds: float = Field(3600.0, ge=0, le=604_800)
    """For how long the same thing is not told again."""
    cron_failures: int = Field(3, ge=1, le=1000)
    """How often in a row a job has to fail."""
    keep_days: float = Field(30.0, gt=0)
