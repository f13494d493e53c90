"""Rows of sales, payments and products."""

from __future__ import annotations

from typing import Any

from tests.access import Row, everyone, managers


def _sale() -> dict[str, Any]:
    from tests.sales.samples import sale

    return {"sale": sale().id}


def _payment() -> dict[str, Any]:
    from tests.sales.samples import payment

    return {"payment": payment().id}


def _product() -> dict[str, Any]:
    from tests.sales.samples import product

    return {"product": product().id}


def _code() -> dict[str, Any]:
    from portal.database import db
    from portal.models.customer_code import CustomerCode
    from tests import factories
    from tests.sales.samples import person

    found = CustomerCode.add(factories.customer("rep1"), "K-1", "ERP", by=person())
    db.session.commit()
    return {"code": found.id}


_REFUSED: dict[str, Any] = {"owner": 422, "supervisor": 422, "manager": 422}
_SAVED: dict[str, Any] = {"owner": 303, "supervisor": 303, "manager": 303}
_HIDDEN: dict[str, Any] = dict.fromkeys(("owner", "colleague", "stranger", "supervisor", "other_supervisor", "manager"), 404)
_REPS_NOT: dict[str, Any] = {
    "owner": 403, "colleague": 403, "stranger": 403, "supervisor": 200, "other_supervisor": 200, "manager": 200,
}  # fmt: skip

ROWS = [
    everyone("sales.sales", "/sales"),
    everyone("sales.payments", "/sales/payments"),
    everyone("sales.months", "/sales/months"),
    everyone("sales.products", "/sales/products"),
    Row("sales.sales", "/sales?customer={customer}"),
    everyone("sales.sale_new", "/sales/new"),
    everyone("sales.sale_new", "/sales/new", "POST", 422, data={"customer": ""}),
    everyone("sales.payment_new", "/sales/payments/new"),
    everyone("sales.payment_new", "/sales/payments/new", "POST", 422, data={"customer": ""}),
    Row("sales.sale", "/sales/{sale}", prepare=_sale),
    Row("sales.sale_edit", "/sales/{sale}/edit", prepare=_sale),
    Row(
        "sales.sale_edit", "/sales/{sale}/edit", "POST", prepare=_sale, data={"version": "1", "state": "ordered", "amount": "?"}, **_REFUSED
    ),
    Row("sales.sale_void", "/sales/{sale}/void", prepare=_sale),
    Row("sales.sale_void", "/sales/{sale}/void", "POST", prepare=_sale, data={"reason": "录错"}, **_SAVED),
    Row("sales.payment", "/sales/payments/{payment}", prepare=_payment),
    Row("sales.payment_edit", "/sales/payments/{payment}/edit", prepare=_payment),
    Row("sales.payment_edit", "/sales/payments/{payment}/edit", "POST", prepare=_payment, data={"version": "1", "amount": "?"}, **_REFUSED),
    Row("sales.payment_void", "/sales/payments/{payment}/void", prepare=_payment),
    Row("sales.payment_void", "/sales/payments/{payment}/void", "POST", prepare=_payment, data={"reason": "录错"}, **_SAVED),
    managers("sales.product_new", "/sales/products/new"),
    managers("sales.product_new", "/sales/products/new", "POST", 422, data={"code": ""}),
    managers("sales.product_edit", "/sales/products/{product}/edit", prepare=_product),
    managers("sales.product_edit", "/sales/products/{product}/edit", "POST", 422, prepare=_product, data={"code": ""}),
    Row("sales.of_customer", "/customers/{customer}/sales"),
    Row("sales.code_new", "/customers/{customer}/codes", "POST", data={"code": ""}, **_REFUSED),
    Row("sales.code_removal", "/customer-codes/{code}/removal", "POST", prepare=_code, **_SAVED),
    Row("exchange.imports", "/imports?table=sales", **_REPS_NOT),
    everyone("exchange.sales_export", "/sales/export/sales"),
    everyone("exchange.sales_export_begin", "/sales/export/payments", "POST", 303, data={"format": "csv"}),
    everyone("exchange.sales_export_file", "/sales/export/months/file?format=csv"),
    Row("exchange.sales_export", "/sales/export/nonsense", **_HIDDEN),
    everyone("prints.list_preview", "/prints/lists/sales_list"),
    everyone("prints.list_preview", "/prints/lists/payments_list"),
    everyone("prints.list_preview", "/prints/lists/sales_months?year=2026"),
]
