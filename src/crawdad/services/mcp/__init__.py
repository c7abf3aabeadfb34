"""Tools of other servers (Model Context Protocol): begun when needed, pinned to what was approved, named without clashes."""
