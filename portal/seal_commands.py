"""Commands of the site's seal: `flask seal init`, `use`, `show`, `verify`, `check` (AP-7)."""

from __future__ import annotations

from pathlib import Path

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from portal import clock
from portal.database import db, only_reading
from portal.models import audit
from portal.models.sealed_form import SealedForm, waiting_count
from portal.printing.documents import office
from portal.printing.filing import place
from portal.printing.seal_keys import Certificate
from portal.printing.seal_reading import read
from portal.printing.seal_verdict import ALTERED, GENUINE, NOT_OURS, judge, stored_problems
from portal.rules.message import Refusal

seal_commands = AppGroup("seal", help="The seal on final forms.")
STATUS = {GENUINE: 0, ALTERED: 1, NOT_OURS: 2}
"""With what `flask seal verify` ends."""
MOST_COUNTED = 100_000


def _shown(certificate: Certificate) -> str:
    return (
        f"{certificate.subject}, issued by {certificate.issuer}, valid {clock.local(certificate.valid_from):%Y-%m-%d} to "
        f"{clock.local(certificate.valid_until):%Y-%m-%d}, SHA-256 {certificate.fingerprint}"
    )


def _noted(certificate: Certificate, action: str) -> None:
    audit.write("system", action, label=certificate.subject, certificate=certificate.fingerprint)
    db.session.commit()
    click.echo(f"Forms are sealed by: {_shown(certificate)}")


@seal_commands.command("init")
@click.option("--subject", default="", help="Whose seal it is; the site's name by default. It stands on every sealed form.")
@click.option("--if-none", is_flag=True, help="Do nothing where there is a seal already.")
def init(subject: str, if_none: bool) -> None:
    """Make a key and a certificate for the seal: RSA with 3072 bits, SHA-256, valid ten years."""
    if if_none and place().exists:
        return
    try:
        certificate = place().init(subject.strip() or office("en" if current_app.config["BABEL_DEFAULT_LOCALE"] == "en" else "zh"))
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    _noted(certificate, "seal-made")


@seal_commands.command("use")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--passphrase", prompt=True, hide_input=True, default="", show_default=False, help="Of the file; asked for when not given.")
def use(source: Path, passphrase: str) -> None:
    """Seal with the key and certificate of SOURCE (PKCS#12) from now on. What was sealed before stays genuine."""
    try:
        certificate = place().use(source.read_bytes(), passphrase)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    _noted(certificate, "seal-replaced")


@seal_commands.command("show")
def show() -> None:
    """Say by which certificate forms are sealed, which sealed before, and how many forms wait; ends with 1 where nothing can be sealed."""
    try:
        present = place().key().certificate
    except Refusal as refusal:
        click.echo(str(refusal))
        click.echo(f"Waiting for the seal: {waiting_count(MOST_COUNTED)}")
        raise SystemExit(1) from refusal
    click.echo(f"Forms are sealed by: {_shown(present)}")
    for one in place().trusted():
        if one.fingerprint != present.fingerprint:
            click.echo(f"Sealed before: {_shown(one)}")
    click.echo(f"Waiting for the seal: {waiting_count(MOST_COUNTED)}")


@seal_commands.command("verify")
@click.argument("source", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify(source: Path) -> None:
    """Say whether FILE is genuine (ends with 0), altered (1), or not ours (2)."""
    try:
        verdict = judge(source.read_bytes(), place())
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from refusal
    click.echo(verdict.answer.replace("-", " "))
    for reason in verdict.reasons:
        click.echo(str(reason))
    if verdict.form is not None:
        click.echo(_about(verdict.form))
    if verdict.certificate is not None:
        click.echo(f"Certificate: {_shown(verdict.certificate)}")
    if verdict.standing is not None:
        click.echo(" ".join(str(one) for one in (*verdict.standing.reasons, verdict.standing.advice)))
    raise SystemExit(STATUS[verdict.answer])


def _about(form: SealedForm) -> str:
    assert form.sheet is not None  # noqa: S101 - found by its file or its code
    assert form.sealed_at is not None  # noqa: S101 - as above
    number = f", archive number {form.document.archive_number}" if form.document else ""
    sealed = f"{clock.local(form.sealed_at):%Y-%m-%d %H:%M:%S}"
    return f"Form: {form.approval.kind.title}, {form.approval.title}, code {form.sheet.shown_code}, sealed {sealed}{number}"


@seal_commands.command("check")
def check() -> None:
    """Check every stored form against its hash and its seal, while the portal is in use; says which are not as they were, ends with 1."""
    problems = 0
    with only_reading():
        for form, problem in stored_problems(place(), read):
            problems += 1
            click.echo(f"{_about(form)}: {problem}")
    if problems:
        raise SystemExit(1)
    click.echo("Every stored form is as it was sealed.")


def init_app(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(seal_commands)
