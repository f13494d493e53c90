"""What servers import: `wsgi:app`."""

import gc

import click

from portal import create_app, schema
from portal.database import db
from portal.security import check_accounts

app = create_app()
if click.get_current_context(silent=True) is None:  # the commands of `flask` must run, to remove what keeps the site from serving
    check_accounts(app)
    with app.app_context():
        db.engine.dispose()  # gunicorn's workers are copies of this process (`--preload`), and none may speak through its connections
    # What the portal consists of is not looked through for what can go: each look took a quarter of a second, in the middle of a request.
    gc.collect()
    gc.freeze()
    gc.set_threshold(5_000)
else:
    schema.prepare(app)
