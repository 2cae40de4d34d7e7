"""What alembic runs: the migrations, within the transaction that the caller opened."""

from alembic import context

# Imported by anything but alembic, there is nothing to run.
if hasattr(context, "config"):
    context.configure(connection=context.config.attributes["connection"])
    context.run_migrations()
