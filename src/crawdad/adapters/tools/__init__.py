"""What tools of agents touch: the files of the workspace, and programs."""
