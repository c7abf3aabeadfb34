"""Other people's programs on this machine: found, asked for their version, run."""

from crawdad.adapters.programs.cloudflared import LocalTunnelPrograms
from crawdad.adapters.programs.environments import LocalEnvironments
from crawdad.adapters.programs.finding import LocalPrograms
from crawdad.adapters.programs.git_archives import GitArchives
from crawdad.adapters.programs.pdf import PdfProgram
from crawdad.adapters.programs.pip_wheels import PipWheels
from crawdad.adapters.programs.tailscale import TailscaleWhois
from crawdad.adapters.programs.transforms import PythonTransforms

__all__ = [
    "GitArchives",
    "LocalEnvironments",
    "LocalPrograms",
    "LocalTunnelPrograms",
    "PdfProgram",
    "PipWheels",
    "PythonTransforms",
    "TailscaleWhois",
]
