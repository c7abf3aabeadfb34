"""Run by Alembic: migrates the connection that `schema.upgrade` hands over, in its transaction."""

from __future__ import annotations

from alembic import context

from crawdad.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
