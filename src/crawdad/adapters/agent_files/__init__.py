"""Files that agents read beside the tools that work in the workspace: notes, pictures, skills. Plugins on the disk."""

from crawdad.adapters.agent_files.memory import LocalMemoryFiles as LocalMemoryFiles
from crawdad.adapters.agent_files.notes import LocalMemoryNotes as LocalMemoryNotes
from crawdad.adapters.agent_files.plugin_packages import LocalPluginFolders as LocalPluginFolders
from crawdad.adapters.agent_files.plugin_packages import LocalPluginPackages as LocalPluginPackages
from crawdad.adapters.agent_files.skill_folders import LocalSkillFolders as LocalSkillFolders
from crawdad.adapters.agent_files.skill_packages import LocalSkillPackages as LocalSkillPackages
from crawdad.adapters.agent_files.workspace import WorkspaceReader as WorkspaceReader
