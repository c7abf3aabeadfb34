"""Skills on the disk of this machine: found, read, unpacked, installed."""

from crawdad.adapters.skills.folders import LocalSkillFolders as LocalSkillFolders
from crawdad.adapters.skills.packages import LocalSkillPackages as LocalSkillPackages
