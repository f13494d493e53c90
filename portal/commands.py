"""Commands for those who run the portal: `flask staff create`, `flask audit verify`, `flask demo …`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from portal.database import db
from portal.models import audit
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules.message import Refusal

staff_commands = AppGroup("staff", help="Accounts of staff.")
audit_commands = AppGroup("audit", help="The audit log.")


@staff_commands.command("create")
@click.argument("account")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role]), default="manager", show_default=True)
@click.password_option(help="First password; has to be changed at the first sign-in.")
def create(account: str, name: str, role: str, password: str) -> None:
    """Create an account: the first manager of a new site, who creates the others in the browser."""
    try:
        Staff.create(account=account, name=name, role=role, by=None, password=password)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    db.session.commit()
    click.echo(f"Created {role} {account}.")


@audit_commands.command("verify")
def verify() -> None:
    """Check the chain of the audit log; says where it does not hold and ends with 1."""
    problems = list(audit.verify())
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(1)
    entries, last = audit.end_of_chain()
    click.echo(f"The audit log is whole: {entries} entries, the last one is {last}.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(staff_commands)
    app.cli.add_command(audit_commands)
