"""What servers import: `wsgi:app`."""

import click

from portal import create_app, schema
from portal.security import check_accounts

app = create_app()
if click.get_current_context(silent=True) is None:  # the commands of `flask` must run, to remove what keeps the site from serving
    check_accounts(app)
else:
    schema.prepare(app)
