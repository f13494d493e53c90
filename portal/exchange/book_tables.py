"""Tables of the books that can be imported: products, orders, sales, payments, external codes of customers, requests (RL-8, SV-5, AR-40).

The heads are Chinese and English, with what usual systems call them. Orders may stand in a file of their own: imported first, they give
their lines customer, day and state.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from portal.exchange.columns import Choice, Column, ImportTable
from portal.exchange.register_table import OWN_COLUMNS
from portal.exchange.request_columns import COLUMNS as REQUEST_COLUMNS
from portal.exchange.request_columns import NAMING as REQUEST_NAMING
from portal.exchange.request_columns import WHO as WHO_ASKED
from portal.models import customer_code
from portal.models.customer_code import CustomerCode
from portal.models.payment import Payment
from portal.models.product import Product
from portal.models.request import ServiceRequest
from portal.models.sale import Sale, SaleDocument
from portal.rules.message import N_
from portal.rules.sales import CANCELLED, ORDERED

CODE_LENGTH = customer_code.LENGTH

CUSTOMER = (
    *(column for column in OWN_COLUMNS if column.name == "customer_number"),
    Column(
        "external_code",
        N_("External customer code"),
        "客户外部编号",
        (
            "外部编号",
            "外部客户编号",
            "客户外部代码",
            "ERP客户编号",
            "往来单位编号",
            "customer id",
            "customer_master_id",
            "client id",
            "account number",
        ),
        "code",
        max_length=CODE_LENGTH,
    ),
    *(column for column in OWN_COLUMNS if column.name in ("customer_code", "customer_name")),
)
"""What names the customer of a row, the strongest first. A number that is not the portal's is looked for among the external codes."""
NAMING = tuple(column.name for column in CUSTOMER)

WHO = N_("Choose the column that says which customer it is: number, external code, credit code or name.")

STATE = Column(
    "state",
    N_("State"),
    "状态",
    ("订单状态", "status", "order status"),
    "choice",
    choices=(
        Choice(
            ORDERED, "Ordered", "已下单",
            ("正常", "已发货", "已完成", "处理中", "暂停", "有争议", "已解决", "已开票", "有效", "shipped", "resolved",
             "in process", "on hold",
             "disputed", "completed", "complete", "open", "closed", "active", "invoiced", "delivered"),
        ),
        Choice(CANCELLED, "Cancelled", "已取消", ("取消", "作废", "canceled", "void")),
    ),
)  # fmt: skip
DAY = ("销售日期", "订单日期", "开单日期", "开票日期", "发票日期", "date", "order date", "invoice date", "sale date", "date_yyyymmdd")
DOCUMENT = ("单据号", "单号", "订单号", "订单编号", "发票号", "发票号码", "order number", "order no", "invoice number", "invoice no")
PAID = (
    *("所付单据编号", "所付单据号", "所付单号", "对应单号", "对应单据", "对应单据号", "对应单据编号", "核销单号", "核销单据", "源单号"),
    *("源单编号", "销售单号", "销售单据号", "销售订单号", "应收单号", "单据编号", *DOCUMENT, "document number", "document no"),
)
"""What a payment pays. 单据编号 comes behind: where a file has another of these beside it, it is the payment's own number."""
PAYMENT = (
    *("收款编号", "收款单号", "付款单号", "收款单编号", "付款单编号", "支票号", "流水号", "银行流水号", "交易流水号", "收据号"),
    *("check number", "cheque number", "receipt number", "payment no"),
)
DUE = Column("due_on", N_("Payment due on"), "到期日", ("应付日期", "应收日期", "付款到期日", "截止日期", "due date", "due on"), "date")
REGION = Column("region", N_("Region"), "地区", ("销售地区", "省份", "区域", "province", "territory"), max_length=40)
AMOUNT = ("销售额", "销售金额", "价税合计", "合计", "总额", "amount", "amount_usd", "invoice amount", "total")


@dataclass(frozen=True)
class Book:
    """A table of the books: what it is called, what its rows become, its columns, and which of them it cannot do without."""

    name: str
    title: str
    model: type[Any]
    columns: tuple[Column, ...]
    needs: tuple[tuple[tuple[str, ...], str], ...]
    """Of each of these one column must be chosen, and what is said where none is."""
    made: str
    """Endpoint of the list of what it makes."""

    def table(self) -> ImportTable:
        """Return it as an importable table."""
        return ImportTable(self.name, self.columns)


BOOKS: dict[str, Book] = {
    book.name: book
    for book in (
        Book(
            "sales",
            N_("Sales"),
            Sale,
            (
                *CUSTOMER,
                Column("day", N_("Date"), "日期", DAY, "date"),
                Column("document", N_("Document number"), "单据编号", DOCUMENT, "code", max_length=CODE_LENGTH),
                Column("line", N_("Line"), "行号", ("序号", "项次", "line number", "order line number"), "integer"),
                Column(
                    "product_code",
                    N_("Product code"),
                    "产品编号",
                    ("产品代码", "商品编码", "货号", "物料编码", "sku", "item code"),
                    "code",
                    max_length=CODE_LENGTH,
                ),
                Column("quantity", N_("Quantity"), "数量", ("销售数量", "quantity ordered", "units", "qty"), "quantity"),
                Column("price", N_("Unit price"), "单价", ("含税单价", "price each", "price"), "price"),
                Column("amount", N_("Amount"), "金额", AMOUNT, "amount"),
                REGION,
                STATE,
                DUE,
                Column("settled_on", N_("Settled on"), "结清日期", ("付清日期", "结算日期", "settled date", "paid date"), "date"),
                Column("disputed", N_("Disputed"), "有争议", ("争议", "是否有争议"), "boolean"),
            ),
            (
                ((*NAMING, "document"), WHO),
                (("day", "document"), N_("Choose the column with the date.")),
                (("amount", "price"), N_("Choose the column with the amount, or those with quantity and price.")),
            ),
            "sales.sales",
        ),
        Book(
            "sale-documents",
            N_("Orders without their lines"),
            SaleDocument,
            (
                Column("number", N_("Document number"), "单据编号", DOCUMENT, "code", required=True, max_length=CODE_LENGTH),
                *CUSTOMER,
                Column("day", N_("Date"), "日期", DAY, "date", required=True),
                STATE,
                DUE,
                REGION,
            ),
            ((NAMING, WHO),),
            "sales.sales",
        ),
        Book(
            "payments",
            N_("Payments"),
            Payment,
            (
                *CUSTOMER,
                Column(
                    "day",
                    N_("Date"),
                    "日期",
                    ("付款日期", "收款日期", "到账日期", "payment date", "date", "paid on"),
                    "date",
                    required=True,
                ),
                Column(
                    "number",
                    N_("Payment number"),
                    "付款编号",
                    PAYMENT,
                    "code",
                    max_length=CODE_LENGTH,
                ),
                Column(
                    "amount",
                    N_("Amount"),
                    "金额",
                    ("付款金额", "收款金额", "到账金额", "payment amount", "amount"),
                    "amount",
                    required=True,
                ),
                Column("document", N_("Pays the document"), "所付单据", PAID, "code", max_length=CODE_LENGTH),
            ),
            ((NAMING, WHO),),
            "sales.payments",
        ),
        Book(
            "products",
            N_("Products"),
            Product,
            (
                Column(
                    "code",
                    N_("Product code"),
                    "产品编号",
                    ("产品代码", "商品编码", "货号", "物料编码", "sku", "item code"),
                    "code",
                    required=True,
                    max_length=CODE_LENGTH,
                ),
                Column("name", N_("Product name"), "产品名称", ("商品名称", "品名", "item name", "description"), max_length=200),
                Column("category", N_("Category"), "产品类别", ("类别", "品类", "产品线", "product line", "group"), max_length=80),
                Column("active", N_("On sale"), "在售", ("是否在售", "启用"), "boolean"),
            ),
            (),
            "sales.products",
        ),
        Book(
            "customer-codes",
            N_("External customer codes"),
            CustomerCode,
            (
                Column(
                    "code",
                    N_("External customer code"),
                    "客户外部编号",
                    ("外部编号", "外部客户编号", "ERP客户编号", "往来单位编号", "customerNumber", "customer id", "customer_master_id"),
                    "code",
                    required=True,
                    max_length=CODE_LENGTH,
                ),
                *(column for column in CUSTOMER if column.name != "external_code"),
            ),
            ((NAMING, WHO),),
            "archive.register",
        ),
        Book(
            "requests",
            N_("Requests and complaints"),
            ServiceRequest,
            REQUEST_COLUMNS,
            ((REQUEST_NAMING, WHO_ASKED),),
            "service.requests",
        ),
    )
}
"""In the order in which the menu of imports has them."""


def book_of(table: str) -> Book | None:
    """Return the book that a table of this name is, None for other tables."""
    return BOOKS.get(table)
