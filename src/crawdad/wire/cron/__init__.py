"""How cron jobs are spelled: OpenClaw's objects, in the forms that its clients, tools and files use."""

from crawdad.wire.cron.reading import read_changed, read_job
from crawdad.wire.cron.store_file import read_store
from crawdad.wire.cron.writing import iso, write_job, write_run

__all__ = ["iso", "read_changed", "read_job", "read_store", "write_job", "write_run"]
