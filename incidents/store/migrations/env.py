"""Alembic's entry: runs the revisions on the connection that `upgrade` hands over."""

from alembic import context

import incidents.store.access_schema
import incidents.store.briefs
import incidents.store.catalogue_schema
import incidents.store.certify_schema
import incidents.store.request_keys
import incidents.store.shifts  # noqa: F401  their tables belong to the same metadata
from incidents.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
