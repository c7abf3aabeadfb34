"""Telling operators what happens to the gateway."""

from crawdad.services.notifications.service import Notifications as Notifications
