"""Other people's programs on this machine: found, asked for their version, run."""

from crawdad.adapters.programs.cloudflared import LocalTunnelPrograms
from crawdad.adapters.programs.finding import LocalPrograms

__all__ = ["LocalPrograms", "LocalTunnelPrograms"]
