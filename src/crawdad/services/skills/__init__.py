"""Skills of agents: directories with a SKILL.md that tells what they are for, what they need, and how the work is done."""
