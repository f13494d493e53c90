"""Rows of imports and exports."""

from datetime import timedelta
from typing import Any

from portal import clock, jobs
from portal.database import db
from portal.exchange.customer_table import customer_table
from portal.exchange.tidying import KEPT_DAYS, remove_old
from portal.models.import_run import ImportRun
from portal.models.staff import Staff
from tests import factories
from tests.access import Row, everyone

CSV = "客户名称,联系电话\n访问测试有限公司,0755-88880001\n,\n缺名客户,不是电话\n".encode()


def _by(account: str) -> Staff:
    found = Staff.by_account(account)
    assert found is not None
    return found


def upload() -> ImportRun:
    """Return rep1's import, its columns matched."""
    run = ImportRun.begin(CSV, "客户.csv", by=_by("rep1"), what="both", as_state="prospect")
    db.session.commit()
    assert run.job is not None
    jobs.start(run.job)
    return run


def check() -> ImportRun:
    """Return rep1's import, checked."""
    run = upload()
    mapping = {int(index): name for index, name in run.mapping.items()}
    run.match(mapping, kept_for=run.kept_for, reason=run.reason, effective_on=run.effective_on, columns=customer_table())
    db.session.commit()
    assert run.job is not None
    jobs.start(run.job)
    return run


def write() -> ImportRun:
    """Return rep1's import, done."""
    run = check()
    run.start(by=_by("rep1"), mode="good", skip_duplicates=False)
    db.session.commit()
    assert run.job is not None
    jobs.start(run.job)
    return run


def _run(make: Any) -> Any:
    return lambda: {"run": make().id}


def _export_job() -> dict[str, Any]:
    from portal.exchange.exporting import Export, queue
    from portal.models.register_query import RegisterQuery

    factories.customer("rep1")
    job = queue(Export(_by("rep1"), RegisterQuery()), "xlsx")
    db.session.commit()
    jobs.start(job)
    return {"job": job.id}


def _tidied_run() -> dict[str, Any]:
    run = check()
    _remove_files()
    return {"run": run.id}


def _remove_files() -> None:
    with clock.pretend(clock.now() + timedelta(days=KEPT_DAYS + 1)):
        remove_old()


def _customer() -> dict[str, Any]:
    return {"customer": factories.customer("rep1").id}


def _mine(endpoint: str, url: str, method: str = "GET", status: int = 200, **values: Any) -> Row:
    """Return the row of an import's page: its owner and managers have it."""
    return Row(
        endpoint, url, method, owner=status, colleague=404, stranger=404, supervisor=404, other_supervisor=404, manager=status, **values
    )


_COLUMNS = {"column-0": "full_name", "kept_for": "daily_contact", "reason": "客户.csv", "effective_on": "2026-03-05"}

ROWS = [
    everyone("exchange.imports", "/imports"),
    everyone("exchange.import_begin", "/imports", "POST", 422),
    everyone("exchange.import_template", "/imports/template.xlsx"),
    _mine("exchange.import_page", "/imports/{run}", prepare=_run(check)),
    _mine("exchange.import_sheet", "/imports/{run}/sheet", "POST", 303, data={"sheet": "客户"}, prepare=_run(upload)),
    _mine("exchange.import_columns", "/imports/{run}/columns", "POST", 303, data=_COLUMNS, prepare=_run(upload)),
    _mine("exchange.import_start", "/imports/{run}/start", "POST", 303, data={"mode": "good"}, prepare=_run(check)),
    _mine("exchange.import_repeat", "/imports/{run}/repetition", "POST", 303, prepare=_run(write)),
    _mine("exchange.import_continue", "/imports/{run}/continuation", "POST", 409, prepare=_run(check)),
    _mine("exchange.import_cancel", "/imports/{run}/cancellation", "POST", 303, prepare=_run(check)),
    _mine("exchange.import_take_back", "/imports/{run}/withdrawal", "POST", 303, prepare=_run(write)),
    _mine("exchange.import_refused", "/imports/{run}/refused.xlsx", prepare=_run(check)),
    _mine("exchange.import_refused_again", "/imports/{run}/refused-rows", "POST", 303, prepare=_tidied_run),
    everyone("exchange.export_page", "/customers/export"),
    everyone("exchange.export_begin", "/customers/export", "POST", 303, data={"format": "csv", "columns": "list"}),
    everyone("exchange.export_file", "/customers/export/file?format=csv&columns=card"),
    everyone("exchange.export_file", "/customers/export/file?format=xlsx&columns=contacts"),
    Row("exchange.export_chosen", "/customers/export/selection", "POST", data={"ids": "{customer}"}, prepare=_customer),
    Row("exchange.export_made", "/exports/{job}", supervisor=404, manager=404, prepare=_export_job),
    Row("exchange.export_again", "/exports/{job}/repetition", "POST", owner=303, supervisor=404, manager=404, prepare=_export_job),
    Row("exchange.export_download", "/exports/{job}/file", supervisor=404, manager=404, prepare=_export_job),
]
