"""Rows of the register, search and what is done to chosen customers."""

from typing import Any

from portal.database import db
from portal.models.register_query import RegisterQuery
from portal.models.saved_filter import SavedFilter
from portal.models.staff import Staff
from tests.access import Row, everyone

_CHOSEN: dict[str, Any] = {"ids": "{customer}"}


def _filter() -> dict[str, int]:
    person = Staff.by_account("rep1")
    assert person is not None
    record = SavedFilter.keep(RegisterQuery(filters={"grade": "A"}), name="甲级", shared=True, by=person)
    db.session.commit()
    return {"filter": record.id}


def _supervisors(endpoint: str, url: str) -> Row:
    return Row(endpoint, url, "POST", data=_CHOSEN, owner=403, colleague=403, stranger=403)


ROWS = [
    everyone("archive.register", "/customers"),
    everyone("archive.register_filters", "/customers/filters"),
    everyone("archive.register_columns", "/customers/columns"),
    everyone("archive.register_columns", "/customers/columns", "POST", 303, data={"columns": "owner"}),
    everyone("archive.saved_filter_keep", "/customers/saved-filters?grade=A", "POST", 303, data={"name": "甲级"}),
    Row(
        "archive.saved_filter_remove", "/customers/saved-filters/{filter}/removal", "POST", prepare=_filter,
        owner=303, colleague=403, stranger=404, supervisor=403, other_supervisor=404, manager=404,
    ),
    everyone("archive.search", "/search?q=测试"),
    _supervisors("archive.bulk_hand_over", "/customers/hand-over"),
    _supervisors("archive.bulk_assist", "/customers/assistants"),
    _supervisors("archive.bulk_end_assisting", "/customers/assistant-removals"),
    Row("archive.bulk_tag", "/customers/tags", "POST", data=_CHOSEN),
    Row("archive.bulk_untag", "/customers/tag-removals", "POST", data=_CHOSEN),
]  # fmt: skip
