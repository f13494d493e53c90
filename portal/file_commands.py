"""Commands for the store of files: `flask files check`, `flask files tidy`, `flask files copy folder s3`."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup
from sqlalchemy import select

from portal.database import db, only_reading
from portal.models import audit
from portal.models.attachment import GONE, Attachment, take_out
from portal.printing import pictures
from portal.stores import KINDS, Store, StoreFailed, made, store

file_commands = AppGroup("files", help="The store of files: a folder, or a bucket of an S3 service.")


def known() -> Iterator[str]:
    """Yield the contents that records have, in ascending order."""
    query = select(Attachment.sha256).where(Attachment.sha256 != "").distinct().order_by(Attachment.sha256)
    yield from db.session.scalars(query.execution_options(yield_per=1000))


def differences(place: Store) -> Iterator[tuple[str, bool]]:
    """Yield each content that either the records or the store alone has, and whether the store has it. Neither list is held in memory."""
    wanted, there = known(), place.digests()
    one, other = next(wanted, None), next(there, None)
    while one is not None or other is not None:
        if one == other:
            one, other = next(wanted, None), next(there, None)
        elif other is None or (one is not None and one < other):
            yield str(one), False
            one = next(wanted, None)
        else:
            yield other, True
            other = next(there, None)


@file_commands.command("check")
def check() -> None:
    """Say which stored files are missing, and how many contents no record has; ends with 1 where one is missing."""
    missing = unused = 0
    try:
        with only_reading():
            for digest, there in differences(store()):
                unused += there
                if not there:
                    missing += 1
                    click.echo(f"Missing: {digest}")
    except StoreFailed as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{store().name}: {missing} missing, {unused} that no record has (`flask files tidy` removes them).")
    if missing:
        raise SystemExit(1)


@file_commands.command("tidy")
def tidy() -> None:
    """Remove contents that no record has, such as those of uploads that were not saved, while the portal is in use."""
    try:
        with only_reading():
            unused = [digest for digest, there in differences(store()) if there]
        gone = 0
        for digest in unused:
            if take_out(digest) == GONE:  # asks once more, so that nothing goes that is being stored
                pictures.forget(digest)
                gone += 1
            db.session.commit()
    except StoreFailed as error:
        raise click.ClickException(str(error)) from error
    if gone:
        audit.write("system", "files-tidied", files=gone)
        db.session.commit()
    click.echo(f"Removed {gone} contents.")


@file_commands.command("copy")
@click.argument("source", type=click.Choice(KINDS))
@click.argument("target", type=click.Choice(KINDS))
def copy(source: str, target: str) -> None:
    """Copy what the records have from SOURCE to TARGET (folder or s3), while the portal is in use. Safe to repeat; removes nothing."""
    if source == target:
        raise click.ClickException("Source and target are the same.")
    if "s3" in (source, target) and not current_app.config["S3_BUCKET"]:
        raise click.ClickException("S3_BUCKET is not set.")
    copied = there = missing = 0
    origin, place = made(source, current_app.config), made(target, current_app.config)
    try:
        place.check()
        with only_reading():
            wanted = list(known())
        for digest in wanted:
            if place.has(digest):
                there += 1
            elif _copied(digest, origin, place):
                copied += 1
            else:
                missing += 1
                click.echo(f"Missing or damaged in {origin.name}: {digest}")
    except (StoreFailed, OSError) as error:
        raise click.ClickException(f"{error}\nCopied {copied}. Run it again: it goes on where it was.") from error
    click.echo(f"{origin.name} → {place.name}: copied {copied}, {there} were there already, {missing} missing.")
    if missing:
        raise SystemExit(1)


def _copied(digest: str, origin: Store, place: Store) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        path = origin.at(digest, Path(folder))
        if not path.exists():
            return False
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != digest:  # type: ignore[arg-type]
                return False
            place.put(digest, file)
    return True


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(file_commands)
