"""Commands for those who run the portal: `flask staff create`, `flask audit verify`, `flask demo …`."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup, with_appcontext
from sqlalchemy import select

from portal import backup, demo, schema
from portal.database import db, only_reading
from portal.models import audit, benefit, gift_budget, word_index
from portal.models.gift_campaign import GiftCampaign
from portal.models.sales_recount import recount
from portal.models.search_index import index_all, tidy
from portal.models.staff import Staff
from portal.permissions import Role
from portal.rules.message import Refusal
from portal.rules.text import clean_line
from portal.stores import StoreFailed

staff_commands = AppGroup("staff", help="Accounts of staff.")
sales_commands = AppGroup("sales", help="Sales and payments.")
audit_commands = AppGroup("audit", help="The audit log.")
search_commands = AppGroup("search", help="The search index.")
gift_commands = AppGroup("gifts", help="Gift campaigns.")
demo_commands = AppGroup("demo", help="Demonstration data.")


@staff_commands.command("create")
@click.argument("account")
@click.argument("name")
@click.option("--role", type=click.Choice([role.value for role in Role if role != Role.DEPARTMENT]), default="manager", show_default=True)
@click.password_option(help="First password; has to be changed at the first sign-in.")
def create(account: str, name: str, role: str, password: str) -> None:
    """Create an account: the first manager of a new site, who creates the others in the browser, those of departments too."""
    name = clean_line(name)
    if not name:
        raise click.ClickException("Say the person's name.")
    try:
        spoken = current_app.config["BABEL_DEFAULT_LOCALE"]
        Staff.create(account=account, name=name, role=role, by=None, password=password, language=spoken)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    db.session.commit()
    click.echo(f"Created {role} {account}.")


@audit_commands.command("verify")
def verify() -> None:
    """Check the chain of the audit log, while the portal is in use; says where it does not hold and ends with 1."""
    with only_reading():
        problems = list(audit.verify())
        entries, last = audit.end_of_chain()
    for problem in problems:
        click.echo(problem)
    if problems:
        raise SystemExit(1)
    click.echo(f"The audit log is whole: {entries} entries, the last one is {last}.")


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--without-files", is_flag=True, help="Leave the files out, because the bucket they lie in has a backup of its own.")
@with_appcontext
def backup_command(target: Path, without_files: bool) -> None:
    """Write database, files and seal to TARGET (.tar), while the portal is in use."""
    try:
        size = backup.backup(current_app.config, target, files=not without_files)
    except (Refusal, StoreFailed, OSError, sqlite3.Error) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"Wrote {target} ({size / 1024 / 1024:.1f} MB).")


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.confirmation_option(prompt="Everything in the present database is replaced. Is the portal stopped?")
@with_appcontext
def restore_command(source: Path) -> None:
    """Put database and files back as they were when SOURCE was written. Stop the portal first."""
    try:
        ended = backup.restore(current_app.config, source)
    except (Refusal, StoreFailed, OSError) as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(f"Restored; everybody signs in again ({ended} sessions ended).")
    if not schema.is_current():
        click.echo("It is of another version of the portal: bring it up to this one with `flask db upgrade` before anything else.")
    click.echo("Check it with `flask audit verify` and `flask files check`, then start the portal.")


@demo_commands.command("load")
@click.option("--if-empty", is_flag=True, help="Only where nobody has an account yet.")
def load_demo(if_empty: bool) -> None:
    """Load the demonstration office, unless it is there already."""
    if current_app.config["PORTAL_ENV"] == "production":
        raise click.ClickException("There is no demonstration data in production.")
    if if_empty and not demo.is_empty():
        return
    from portal.demo import load

    count = load.load()
    db.session.commit()
    click.echo(f"Loaded the demonstration office with {count} customers." if count else "The demonstration office is there already.")


@demo_commands.command("remove")
def remove_demo() -> None:
    """Take the demonstration office out, with everything that its accounts made. The audit log stays."""
    from portal.demo import remove

    count = remove.remove()
    audit.write("system", "demonstration-removed", records=count)
    db.session.commit()
    click.echo(f"Removed {count} records. Their files go with `flask files tidy`." if count else "There is no demonstration data.")


@sales_commands.command("recount")
def recount_sales() -> None:
    """Compare the totals of sales with their lines, while the portal is in use; says where they differed, and puts them right."""
    found = 0
    for differences in recount():
        db.session.commit()
        for one in differences:
            click.echo(str(one))
        found += len(differences)
    click.echo(f"{found} totals differed and are put right." if found else "All totals say what the lines say.")


@gift_commands.command("check")
def check_gifts() -> None:
    """Compare the figures of every gift campaign, and the years of customers, with their rows. Ends with 1 where one differs."""
    found = []
    with only_reading():
        for campaign in db.session.scalars(select(GiftCampaign).order_by(GiftCampaign.id)).all():
            found += gift_budget.differences(campaign)
        found += benefit.differences()
    for one in found:
        click.echo(one)
    if found:
        raise click.ClickException(f"{len(found)} figures differ.")
    click.echo("All figures of gifts are the sums of their rows.")


@search_commands.command("rebuild")
def rebuild_search() -> None:
    """Make the search index anew, while the portal is in use."""
    done = 0
    for done in index_all():  # noqa: B007 - the last one is told
        db.session.commit()
    for index in word_index.INDEXES:
        for _records in index.index_all():
            db.session.commit()
    tidy()
    db.session.commit()
    click.echo(f"Indexed {done} customers.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(search_commands)
    app.cli.add_command(sales_commands)
    app.cli.add_command(gift_commands)
    app.cli.add_command(demo_commands)
    app.cli.add_command(backup_command)
    app.cli.add_command(restore_command)
    app.cli.add_command(staff_commands)
    app.cli.add_command(audit_commands)
