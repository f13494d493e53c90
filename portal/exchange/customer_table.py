"""The customer card as an importable table: its columns come from `models/card.py`, here stand the heads they go by (AR-40).

Contacts may stand in the customer's row (up to three, 'contact', 'contact 2', 'contact 3') or in rows of their own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from flask_babel import gettext

from portal.exchange.columns import Choice, Column, ImportTable, Kind, Problem, compile_mapping
from portal.i18n import in_language, is_chinese
from portal.models import card
from portal.models.customer import derived
from portal.models.standard import value as standard
from portal.rules.identifiers import check_credit_code, normalise_credit_code, normalise_phone
from portal.rules.message import N_, Message, Refusal
from portal.rules.names import normalise_company_name
from portal.rules.regions import find_province
from portal.rules.text import clean_line

CONTACTS_IN_A_ROW = 3
CONTACT_COLUMNS = (
    "name",
    "post",
    "department",
    "telephone",
    "email",
    "preferred_way",
    "decides",
    "emergency",
    "relationship_note",
    "kept_for",
)

_KINDS: dict[str, Kind] = {
    "choice": "choice",
    "date": "date",
    "money": "amount",
    "integer": "integer",
    "phone": "phone",
    "email": "email",
    "code": "code",
    "switch": "boolean",
}

# The heads that offices, registers of companies and other programs give these columns.
_HEADS = {
    "full_name": "客户名称 公司名称 企业名称 单位名称 客户全称 企业全称 公司全称 单位全称 客户单位 单位 公司 客户 名称 "
    "company companyname customer customername name accountname account",
    "short_name": "简称 客户简称 企业简称 公司简称 单位简称 abbreviation",
    "former_names": "曾用名 原名称 原名 历史名称 formername previousname",
    "credit_code": "统一社会信用代码 社会信用代码 信用代码 统一信用代码 统一代码 纳税人识别号 税号 creditcode uscc taxnumber",
    "nature": "客户性质 单位性质 企业性质 性质 客户类型 customertype type",
    "industry": "行业 所属行业 行业类别 行业分类 industrycode",
    "size": "规模 企业规模 单位规模 公司规模 companysize",
    "registered_capital": "注册资本 注册资金 capital",
    "established_on": "成立日期 成立时间 注册日期 注册时间 founded established",
    "business_scope": "经营范围 营业范围",
    "province": "省 省份 所在省 所属省份 省市 state billingstate",
    "city": "市 城市 所在市 地市 所属城市 billingcity",
    "district": "区 县 区县 所在区 所属区县 市辖区",
    "street": "地址 详细地址 街道地址 注册地址 企业地址 公司地址 单位地址 通讯地址 联系地址 办公地址 住所 街道门牌 address billingstreet",
    "route": "路线 拜访路线 路序 线路 visitroute",
    "route_order": "路线顺序 路序号 拜访顺序 线路顺序",
    "telephone": "电话 联系电话 电话号码 公司电话 单位电话 办公电话 企业电话 固定电话 座机 固话 总机 phone phonenumber tel",
    "fax": "传真 传真号码 faxnumber",
    "email": "电子邮箱 邮箱 电子邮件 公司邮箱 企业邮箱 mail emailaddress",
    "website": "网址 网站 公司网址 官网 主页 url homepage web",
    "legal_representative": "法定代表人 法人 法人代表 法人姓名 法定代表人姓名 企业法人 legalperson",
    "general_manager": "总经理 经理 总经理姓名 ceo",
    "main_business": "主营业务 主营 主营产品 主要业务 经营项目",
    "staff_count": "员工人数 职工人数 从业人数 人数 员工数 人员规模 employees numberofemployees",
    "operating_state": "经营状态 经营状况 企业状态 经营情况",
    "banks": "开户银行 开户行 往来银行 银行",
    "loans": "贷款 贷款情况 借款情况",
    "funds_turnover": "资金周转 资金周转情况",
    "accepts_payment_terms": "接受付款条件人 付款条件接受人",
    "payment_attitude": "付款态度",
    "uses_cheques": "支票使用 使用支票 支票使用情况",
    "highest_single_purchase": "最高单次采购额 单次最高采购额 最高购买额 最高单笔采购额",
    "average_monthly_purchase": "月均采购额 平均月采购额 月平均购买额 月均购买额",
    "development_potential": "发展潜力 潜力",
    "satisfaction": "满意度 客户满意度",
    "first_contact_on": "首次接触 首次联系日期 首次接触日期 初次接触",
    "first_deal_on": "首次交易 首次交易日期 初次交易 首次成交日期 开始交易日期",
    "stage_time": "按时间 客户阶段 新老客户",
    "stage_transaction": "按交易 交易阶段 交易状态",
    "stage_volume": "按交易量 交易量级",
    "stage_service": "按服务 服务阶段",
    "referred_by": "介绍人 推荐人 转介绍人 referrer",
    "stage_years": "按合作年限 合作年限",
    "payment_terms": "结算方式 付款方式 付款条件 账期",
    "dealings_policy": "营业方针",
    "dealings_attitude": "交易态度",
    "remarks": "备注 说明 附注 remark note notes memo comment comments description",
    "sales_activity": "销售活动 销售情况",
    "problems": "存在问题 问题点",
    "strengths": "优势 保持优势",
    "measures": "对策 今后对策 措施",
    "reputation": "信誉 信誉与形象 信誉形象 企业形象",
    "credit_state": "信用状况 信用情况",
    "terms": "交易条件",
    "past_credit_problems": "信用问题 以往信用问题 以往的信用问题",
}
_CONTACT_HEADS = {
    "name": "联系人 联系人姓名 姓名 contactperson contactname",
    "post": "联系人职务 职务 职位 联系人职位 jobtitle title",
    "department": "联系人部门 部门 所在部门",
    "telephone": "联系人电话 联系人手机 联系人手机号 手机 手机号 手机号码 移动电话 contactphone mobile mobilephone",
    "email": "联系人邮箱 联系人电子邮箱 联系人邮件 contactemail",
    "preferred_way": "联系方式偏好 首选联系方式",
    "decides": "决策人 是否决策人 采购决策",
    "emergency": "紧急联系人 是否紧急联系人",
    "relationship_note": "联系人备注 关系备注",
    "kept_for": "保存目的 保留目的 用途",
}
_NUMERALS = {2: ("2", "二"), 3: ("3", "三")}

OWN_COLUMNS = (
    Column(
        "number",
        N_("Customer number"),
        "客户编号",
        ("编号", "客户号", "客户代码", "客户编码", "customer id", "customer no", "number"),
        "code",
        max_length=40,
    ),
    Column(
        "owner",
        N_("In charge"),
        "负责人",
        ("客户负责人", "业务员", "客户经理", "专员", "客户关系专员", "跟进人", "所属人", "owner", "sales rep"),
        max_length=80,
    ),
    Column("registered_on", N_("On the register since"), "登记日期", ("入册日期", "建档日期", "建卡日期"), "date"),
)
"""Columns that are not fields of the card: the number that finds a customer, who is in charge, the day of registration."""

_ALL = {column.name: column for column in OWN_COLUMNS}


def customer_table() -> ImportTable:
    """Return the importable table with the lists of choices as they stand today. The name is the only column that a new customer needs."""
    columns = list(OWN_COLUMNS)
    with in_language("zh_Hans_CN"):
        for entry in card.EDITABLE:
            columns.append(_column(entry.name, entry, entry.title, gettext(entry.title), _HEADS[entry.name].split()))
        for place in range(1, CONTACTS_IN_A_ROW + 1):
            for name in CONTACT_COLUMNS:
                entry = card.CONTACT[name]
                title, zh = (
                    contact_title(name, place),
                    f"联系人{place if place > 1 else ''}{'' if name == 'name' else gettext(entry.title)}",
                )
                columns.append(_column(f"contact{place}_{name}", entry, title, zh, _contact_heads(name, place)))
    return ImportTable("customers", tuple(columns))


TEMPLATE = (
    "full_name",
    "credit_code",
    "short_name",
    "nature",
    "industry",
    "size",
    "province",
    "city",
    "district",
    "street",
    "telephone",
    "fax",
    "email",
    "website",
    "legal_representative",
    "general_manager",
    "registered_capital",
    "established_on",
    "main_business",
    "staff_count",
    "operating_state",
    "banks",
    "payment_terms",
    "route",
    "route_order",
    "first_contact_on",
    "first_deal_on",
    "stage_time",
    "stage_transaction",
    "stage_volume",
    "stage_service",
    "stage_years",
    "owner",
    "registered_on",
    "remarks",
    "contact1_name",
    "contact1_post",
    "contact1_department",
    "contact1_telephone",
    "contact1_email",
    "contact1_kept_for",
    "contact2_name",
    "contact2_post",
    "contact2_telephone",
    "contact2_email",
)
"""The columns of the empty table that is offered for download."""


def template_heads() -> list[str]:
    """Return the heads of the template file in the reader's language."""
    table = customer_table()
    return [column_title(table.by_name[name]) for name in TEMPLATE]


def contact_title(name: str, place: int) -> str:
    """Return the English name of a contact's column: 'Contact 2: Post'."""
    return f"Contact {place}: {card.CONTACT[name].title}" if place > 1 else f"Contact: {card.CONTACT[name].title}"


def column_title(column: Column) -> str:
    """Return the name of a column in the reader's language."""
    return column.title_zh if is_chinese() else column.title


def _contact_heads(name: str, place: int) -> list[str]:
    heads = _CONTACT_HEADS[name].split()
    if place == 1:
        return [*heads, *(head.replace("联系人", "联系人1") for head in heads if head.startswith("联系人"))]
    found = []
    for head in heads:
        for numeral in _NUMERALS[place]:
            found += [
                f"{head}{numeral}",
                f"第{numeral}{head}",
                head.replace("联系人", f"联系人{numeral}"),
                head.replace("联系人", f"第{numeral}联系人"),
            ]
    return list(dict.fromkeys(found))


def _column(name: str, entry: card.Field, title: str, zh: str, heads: list[str]) -> Column:
    kind = "text" if entry.name == "kept_for" else _KINDS.get(entry.kind, "text")
    choices: tuple[Choice, ...] = ()
    if kind == "choice":
        choices = tuple(Choice(one["code"], one["en"], one["zh"]) for one in standard(f"choices.{entry.choices}"))
    return Column(
        name,
        title,
        zh,
        tuple(heads),
        kind,
        max_length=None if kind in ("date", "amount", "integer", "choice", "boolean") else entry.length,
        choices=choices,
    )


@dataclass
class Record:
    """One row of a file as it would be stored: `card` holds the fields that the row fills, in stored form, `keys` what it is found by."""

    row: int
    number: str = ""
    owner: str = ""
    registered_on: str = ""
    card: dict[str, Any] = field(default_factory=dict)
    contacts: list[dict[str, Any]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Message] = field(default_factory=list)
    derived: dict[str, str] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    """Number, credit code and name in comparable form, the strongest first."""

    def find_keys(self) -> list[str]:
        """Return `keys`, worked out once the row is read."""
        if not self.keys:
            name, code = self.card.get("full_name"), self.card.get("credit_code")
            self.keys = [key for key in ("#" + self.number, "c" + (code or "")) if len(key) > 1]
            if name:
                self.keys.append("n" + normalise_company_name(name))
        return self.keys

    @property
    def name_key(self) -> str:
        """Return the comparable form of the name, '' where the row has none."""
        keys = self.find_keys()
        return keys[-1][1:] if keys and keys[-1][0] == "n" else ""


class RowReader:
    """Turns the cells of a row into a `Record`, under one mapping of one file's heads."""

    def __init__(self, table: ImportTable, mapping: dict[int, str], heads: Sequence[str]) -> None:
        self._parse = compile_mapping(table, mapping)
        self._scaled = {
            index: factor
            for index, name in mapping.items()
            if table.by_name[name].kind == "amount" and (factor := unit_of(heads, index)) != 1
        }
        names = set(mapping.values())
        self._fields = [name for name in card.CARD if name in names]
        self._polish = {name: polish for name in self._fields if name != "telephone" and (polish := _polish(card.CARD[name]))}
        self._contacts = [
            [(f"contact{place}_{name}", name, _polish(card.CONTACT[name])) for name in CONTACT_COLUMNS if f"contact{place}_{name}" in names]
            for place in range(1, CONTACTS_IN_A_ROW + 1)
        ]
        self._contacts = [columns for columns in self._contacts if columns]

    def read(self, row: int, cells: list[Any]) -> Record:
        """Return the record of one row; what is wrong with it stands in `problems`."""
        if self._scaled:
            cells = [_scaled(cell, self._scaled[index]) if index in self._scaled else cell for index, cell in enumerate(cells)]
        values, problems = self._parse(cells)
        record = Record(row, values.get("number") or "", values.get("owner") or "", problems=problems)
        if values.get("registered_on"):
            record.registered_on = values["registered_on"].isoformat()
        stored = record.card
        for name in self._fields:
            value = values[name]
            if value is None:
                continue
            polish = self._polish.get(name)
            if polish is not None:
                try:
                    value = polish(value)
                except Refusal as refusal:
                    problems.append(Problem(name, values[name], refusal.message))
                    continue
            stored[name] = value
        if stored.get("credit_code"):
            wrong = check_credit_code(stored["credit_code"])
            if wrong is not None:
                record.warnings.append(wrong)
        for columns in self._contacts:
            self._read_contact(record, columns, values)
        if "full_name" in stored:
            record.derived = derived({"full_name": stored["full_name"]})
        if "telephone" in stored:
            phone = normalise_phone(stored["telephone"])
            stored["telephone"], record.derived["telephone_key"] = phone.display, phone.comparable
        return record

    def _read_contact(self, record: Record, columns: list[tuple[str, str, Callable[[Any], Any] | None]], values: dict[str, Any]) -> None:
        contact = {}
        for column, name, polish in columns:
            if values[column] is not None:
                contact[name] = polish(values[column]) if polish else values[column]
        if not any(value for name, value in contact.items() if name != "kept_for"):
            return
        if not contact.get("name"):
            if not any(problem.column == columns[0][0] for problem in record.problems):
                record.problems.append(Problem(columns[0][0], "", Message(N_("A contact needs a name."))))
            return
        record.contacts.append(contact)


_UNIT = re.compile(r"[(\[【]\s*(?:人民币|单位)?[::]?\s*(千|万|百万|千万|亿)(?:元|人民币|rmb)?\s*[)\]】]")
_FACTORS = {"千": 1000, "万": 10_000, "百万": 1_000_000, "千万": 10_000_000, "亿": 100_000_000}
_PLAIN = re.compile(r"[\d,.\s]+")


def unit_of(heads: Sequence[str], index: int) -> int:
    """Return how many yuan a figure under this head counts for: 10,000 under 注册资本（万元）."""
    found = _UNIT.search(unicodedata.normalize("NFKC", heads[index]).casefold()) if index < len(heads) else None
    return _FACTORS[found[1]] if found else 1


def _scaled(cell: Any, factor: int) -> Any:
    """Return a bare figure in yuan; a cell that names its own unit stays."""
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        return Decimal(repr(cell)) * factor
    if isinstance(cell, str):
        plain = unicodedata.normalize("NFKC", cell).strip()
        if _PLAIN.fullmatch(plain) and plain.replace(",", "").replace(" ", "").replace(".", "", 1).isdigit():
            return str(Decimal(plain.replace(",", "").replace(" ", "")) * factor)
    return cell


def _polish(entry: card.Field) -> Callable[[Any], Any] | None:
    """Return what brings a parsed value into the form in which the card keeps it, as plain data; None where it is in it already."""
    if entry.kind == "phone":
        return lambda value: normalise_phone(value).display
    if entry.kind == "code":
        return normalise_credit_code
    if entry.kind == "date":
        return date.isoformat
    if entry.kind == "money":
        return _money
    if entry.kind == "integer":
        return _whole
    if entry.kind == "province":
        return lambda value: province.zh if (province := find_province(value)) else value
    if entry.kind in ("text", "url"):
        return lambda value: value if value.isprintable() else clean_line(value)
    return None


def _money(value: Decimal) -> str:
    if value < 0:
        raise Refusal("An amount here cannot be less than nothing.")
    return f"{value:.2f}"


def _whole(value: int) -> int:
    if not 0 <= value < 10**9:
        raise Refusal("%(typed)s is not a whole number.", typed=str(value)[:40])
    return value


def as_stored(name: str, value: Any) -> Any:
    """Return a card's value as the column holds it, from the plain data of a `Record`."""
    kind = card.CARD[name].kind
    if kind == "date":
        return date.fromisoformat(value)
    return Decimal(value) if kind == "money" else value
