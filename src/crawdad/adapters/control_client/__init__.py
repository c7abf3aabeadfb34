"""A client of the control channel, for the command line: its device and its connection."""

from crawdad.adapters.control_client.connection import ChannelLost, Connection, Refused, Unreachable, connect
from crawdad.adapters.control_client.identity import DeviceIdentity, IdentityFiles

__all__ = ["ChannelLost", "Connection", "DeviceIdentity", "IdentityFiles", "Refused", "Unreachable", "connect"]
