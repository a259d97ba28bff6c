"""Alembic's entry: runs the revisions on the connection that `upgrade` hands over."""

from alembic import context

from incidents.store.certify_schema import metadata  # which also brings in those of `schema`

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
