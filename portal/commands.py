"""Commands for those who run the portal: `flask staff create`, `flask audit verify`, `flask demo …`."""

from __future__ import annotations

import click
from flask import Flask
from flask.cli import AppGroup

from portal import clock
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
    if Staff.by_account(account):
        raise click.ClickException(f"There is an account {account} already.")
    staff = Staff(account=account.strip().lower(), name=name.strip(), role=role, password_hash="", password_changed_at=clock.now())
    try:
        staff.set_password(password, by=None, must_change=True)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    db.session.add(staff)
    audit.write("permission", "account-created", record=staff, label=staff.name, role=role)
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
    click.echo("The audit log is whole.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(staff_commands)
    app.cli.add_command(audit_commands)
