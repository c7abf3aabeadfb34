"""`/channels/<channel>/<account>`: where chat platforms call, and connect to."""
