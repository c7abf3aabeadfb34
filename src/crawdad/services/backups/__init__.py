"""Backups: what an installation holds, as it was. Made, looked through, compared, thrown away, and put back."""
