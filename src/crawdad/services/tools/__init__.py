"""Tools of agents: who may use which, what may run, what was approved."""
