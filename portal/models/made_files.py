"""Files that jobs have made for somebody: who may still fetch one, and which go with an erased card (RO-1, AR-11).

A file has the scope of what stands in it (quality.md: Access): its job notes of which customers it was made, and it is handed out while
who asked for it sees them all. What was made by a query is noted with all customers in its reader's scope: it may have any of them.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Collection
from itertools import accumulate, pairwise
from typing import Any

from sqlalchemy import func, select, update

from portal.database import db
from portal.models import audit
from portal.models.attachment import Attachment
from portal.models.customer import Customer, CustomerState
from portal.models.dealings import DealingsEnd
from portal.models.job import Job
from portal.models.merge import settles
from portal.models.register_indexes import THERE
from portal.models.scope import customer_arms, scope_key
from portal.models.sheet import PrintedSheet
from portal.models.staff import Staff
from portal.rules.message import Refusal

BOUND = "binder"
"""Purpose of the files in which a dossier or binder is bound as one PDF."""
KINDS = {"export": "export", "batch": "print-batch", "print": "print-list"}
"""Purposes of files, with the kind of the job that makes them."""
REMOVED = "file-removed"
"""The log's entry of a made file that is kept no longer."""
_QUIET: dict[str, Any] = {"synchronize_session": False}


def pack(ids: Collection[int]) -> str:
    """Return numbers as a short text for a job's result: a team's customers take some kilobytes."""
    steps = " ".join(str(later - earlier) for earlier, later in pairwise([0, *sorted(set(ids))]))
    return base64.b64encode(zlib.compress(steps.encode())).decode()


def unpack(packed: str) -> set[int]:
    """Return the numbers that `pack` was given."""
    return set(accumulate(int(step) for step in zlib.decompress(base64.b64decode(packed)).split()))


def in_scope(user: Staff) -> set[int]:
    """Return the customers that `user`, who is no manager, sees now."""
    queries = [select(Customer.id).where(THERE, *arm.conditions()) for arm in customer_arms(user)]
    return {number for query in queries for number in db.session.scalars(query)}


def noted(user: Staff, chosen: Collection[int] = ()) -> str | None:
    """Return what a job notes of the customers that its file may have: those in scope, only the chosen ones where some are.

    None for all customers there are: what a manager made by a query. Asked in the transaction that reads what goes into the file.
    """
    if user.is_manager:
        return pack(chosen) if chosen else None
    seen = in_scope(user)
    return pack(seen & set(chosen) if chosen else seen)


def is_open(job: Job, user: Staff) -> bool:
    """Return whether `user`, who asked for it, may still fetch what the job made: in the same role and team, and all customers in scope.

    A manager may; a file from before customers were noted is made anew.
    """
    if user.is_manager:
        return True
    customers = job.result.get("customers")
    return customers is not None and job.args.get("scope") == scope_key(user) and unpack(customers) <= in_scope(user)


# --- when a card is erased ---------------------------------------------------------------------------------------------


def erased_cards() -> int:
    """Return how many cards have been erased."""
    return db.session.scalar(select(func.count()).select_from(DealingsEnd).where(DealingsEnd.erased_at.is_not(None))) or 0


def ensure_as_read(erased: int) -> None:
    """Raise `Refusal` unless there were `erased` erased cards when what goes into a file was read: it may say what one of them said."""
    if erased_cards() != erased:
        raise Refusal("A card was erased while the file was being made. Make it again.")


def let_go(customer_ids: Collection[int]) -> set[str]:
    """Delete the records of made files that may have something of these customers; return the contents to take out of the store.

    Of an export or list made by a query nobody knows the rows any more: it goes if its reader saw one of them, and can be made again.
    """
    files = {file.id: file for file in db.session.scalars(select(Attachment).where(Attachment.purpose.in_(KINDS)))}
    if not files or not customer_ids:
        return set()
    listed = select(PrintedSheet.code, PrintedSheet.file_id).where(PrintedSheet.file_id.in_(files))
    by_code = {row.code: row.file_id for row in db.session.execute(listed)}
    jobs = select(Job).where(Job.kind.in_(KINDS.values()), Job.ended_at >= min(file.uploaded_at for file in files.values()))
    made = {job.result.get("attachment") or by_code.get(job.result.get("code", "")): job for job in db.session.scalars(jobs)}
    gone = [file for file in files.values() if file.id not in made or _may_have(made[file.id], set(customer_ids))]
    for file in gone:
        kind = "export" if file.purpose == "export" else "print"
        audit.write(kind, REMOVED, record=made.get(file.id), label=file.filename, sha256=file.sha256)
    return _delete(gone)


def _may_have(job: Job, customer_ids: set[int]) -> bool:
    customers = job.result.get("customers")
    return customers is None or not customer_ids.isdisjoint(unpack(customers))


def let_bound_go(customer_ids: Collection[int]) -> set[str]:
    """Delete the records of the bound copies of these dossiers, which have their documents in them; return the contents to take out."""
    copies = select(Attachment).where(Attachment.purpose == BOUND, Attachment.customer_id.in_(customer_ids))
    return _delete(list(db.session.scalars(copies)))


def _delete(files: list[Attachment]) -> set[str]:
    numbers = [file.id for file in files]
    db.session.execute(update(PrintedSheet).where(PrintedSheet.file_id.in_(numbers)).values(file_id=None), execution_options=_QUIET)
    for file in files:
        db.session.delete(file)
    db.session.flush()
    return {file.sha256 for file in files}


# --- when a merge is undone ----------------------------------------------------------------------------------------------


@settles
def _bound_together(customer_ids: list[int]) -> None:
    """Hand out no bound copy of two dossiers that are two again: it has documents of both. `tidying` takes the files away."""
    if db.session.scalar(select(Customer.id).where(Customer.id.in_(customer_ids), Customer.state == CustomerState.MERGED)) is not None:
        return
    bound = select(Attachment.id).where(Attachment.purpose == BOUND, Attachment.customer_id.in_(customer_ids))
    db.session.execute(update(PrintedSheet).where(PrintedSheet.file_id.in_(bound)).values(file_id=None), execution_options=_QUIET)
