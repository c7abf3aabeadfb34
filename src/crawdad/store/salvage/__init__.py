"""Reading what is still readable out of a damaged SQLite file, and laying it over a sound one."""
