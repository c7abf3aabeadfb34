"""The other sides of the channels: chat platforms on loopback, strict where the real ones are."""
