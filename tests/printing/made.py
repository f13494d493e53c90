"""Made data for the sheets."""

from __future__ import annotations

import io
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations, NullTranslations
from pathlib import Path

from PIL import Image, ImageDraw

import portal.printing
from portal.printing.labels import html_lang
from portal.printing.order import Order
from portal.printing.qr import qr_svg


class _Missing(NullTranslations):
    def gettext(self, message):
        raise KeyError(message)


@cache
def _chinese():
    catalogue = Path(portal.printing.__file__).parent.parent / "translations/zh_Hans_CN/LC_MESSAGES/messages.mo"
    with catalogue.open("rb") as file:
        found = GNUTranslations(file)
    found.add_fallback(_Missing())
    return found


def translate(message_id, locale):
    """As the portal translates: from the catalogue; English is the message id."""
    return message_id if locale == "en" else _chinese().gettext(message_id)


def signature_picture():
    """A stroke of the pen on a transparent ground, as PNG."""
    picture = Image.new("RGBA", (400, 150), (255, 255, 255, 0))
    ImageDraw.Draw(picture).line([(20, 100), (90, 30), (120, 120), (200, 40), (380, 50)], fill=(20, 20, 60, 255), width=7)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def order(html, language="zh", **changes):
    """A sheet to be printed, as the portal orders it."""
    assets = {"signature-8": signature_picture()}
    return Order(html, **{"lang": html_lang(language), "title": "t", "author": "a", "assets": assets, **changes})


CUSTOMER = {
    "number": "KH2026000118",
    "full_name": "深圳市华运机电设备有限公司",
    "short_name": "华运机电",
    "former_names": "深圳华运五金行",
    "credit_code": "91440300MA5DA1B23C",
    "nature": "普通公司",
    "industry": "机电设备批发",
    "size": "中型",
    "province": "广东省",
    "city": "深圳市",
    "district": "南山区",
    "street": "科技园高新中三道 9 号 B 座 1203 室",
    "route": "南山线",
    "route_order": "7",
    "telephone": "0755-2345 6789",
    "fax": "0755-2345 6780",
    "email": "office@huayun.example.cn",
    "website": "www.huayun.example.cn",
    "legal_representative": "张晓东",
    "general_manager": "李堃",
    "registered_capital": "500 万元",
    "established_on": "2003-06-18",
    "business_scope": "机电设备、五金交电、电动工具的批发与零售；机电设备安装与维修；货物及技术进出口。",
    "main_business": "数控机床及配件、电动工具批发，兼营设备安装与维修。",
    "staff_count": "120",
    "operating_state": "正常，近三年销售额稳步增长",
    "banks": "中国工商银行深圳高新园支行",
    "loans": "流动资金贷款 200 万元",
    "funds_turnover": "良好，平均回款 42 天",
    "accepts_payment_terms": "财务部",
    "payment_attitude": "守约，按月对账付款",
    "uses_cheques": "少量，无退票",
    "highest_single_purchase": Decimal("186400"),
    "average_monthly_purchase": Decimal("52300.50"),
    "development_potential": "大",
    "satisfaction": "满意",
    "owner": "王小敏",
    "team": "客户一组",
    "first_contact_on": "2026-01-12",
    "first_deal_on": "",
    "stage_time": "新客户",
    "stage_transaction": "未来客户",
    "stage_volume": "一般客户",
    "stage_service": "准客户",
    "referred_by": "广州力行贸易有限公司",
    "stage_years": "新客户",
    "grade": "B（暂定）",
    "credit_rating": "良好",
    "credit_limit": Decimal("300000"),
    "payment_terms": "月结 30 天",
    "dealings_policy": "稳健经营，重视长期合作",
    "dealings_attitude": "积极配合",
    "remarks": "",
    "sales_activity": "每月由专员拜访一次，季度送新品目录。",
    "problems": "仓储面积不足，旺季提货不及时。",
    "strengths": "在南山区机电行业口碑好，下游客户稳定。",
    "measures": "协助其安排淡季备货，旺季优先发运。",
    "reputation": "同业评价良好",
    "credit_state": "未发现失信记录",
    "terms": "月结 30 天，银行转账",
    "past_credit_problems": "无",
}

CONTACTS = [
    {
        "name": "李堃",
        "post": "总经理",
        "department": "总经理室",
        "telephone": "138 0000 1234",
        "email": "likun@huayun.example.cn",
        "preferred_way": "电话",
        "frequency": "每月",
        "decides": "是",
        "emergency": "否",
        "customer": "深圳市华运机电设备有限公司",
    },
    {
        "name": "𠮷田䶮",
        "post": "采购主管",
        "department": "采购部",
        "telephone": "139 0000 5678",
        "email": "ji@huayun.example.cn",
        "preferred_way": "微信",
        "frequency": "每周",
        "decides": "否",
        "emergency": "是",
        "customer": "深圳市华运机电设备有限公司",
    },
]

INVESTIGATION = {
    "found_by": "老客户广州力行贸易介绍",
    "purpose": "建立长期供货关系",
    "expected_products": "电动工具、五金配件",
    "expected_monthly_amount": Decimal("60000"),
    "proposed_payment_terms": "月结 30 天",
    "proposed_credit_limit": Decimal("300000"),
    "credit_findings": "经企业信用信息公示系统与开户银行查询，未见失信、欠税及被执行记录；三家供应商均称付款守时。",
    "premises_findings": "自有办公室 600 平方米，租用仓库 2,000 平方米，陈列整齐。",
    "management_findings": "部门分工清楚，采购与付款分设。",
    "market_findings": "主要供应南山、宝安两区中小工厂，约 300 家。",
    "competitors": "深圳恒发机电、宝安通达五金。",
    "risks": "客户集中于电子加工业，受出口影响较大。",
    "opinion": "该客户经营正常，信用良好，采购需求与我方产品相符，建议开始交易，暂定 B 级。",
    "proposed_grade": "B",
    "investigated_on": "2026-03-02",
}

STEPS = [
    {
        "position": 1,
        "type": "portal",
        "title": "客户关系主管",
        "meaning": "审核",
        "signer": "陈志远",
        "on_behalf_of": None,
        "decision": "同意",
        "opinion": "情况属实，同意按月结 30 天开始交易。",
        "signed_at": "2026-03-03 10:12",
        "code": "7K3M-9QXA",
        "picture_asset": None,
        "recorded_by": None,
        "altered": None,
    },
    {
        "position": 2,
        "type": "portal",
        "title": "客户服务经理",
        "meaning": "批准",
        "signer": "㛃𠮷",
        "on_behalf_of": "周敏",
        "decision": "同意",
        "opinion": "同意，首三个月按月复核付款情况。",
        "signed_at": "2026-03-04 16:40",
        "code": "P2WD-44KT",
        "picture_asset": "signature-8",
        "recorded_by": None,
        "altered": None,
    },
    {
        "position": 3,
        "type": "paper",
        "title": "董事长",
        "meaning": "知悉",
        "signer": None,
        "on_behalf_of": None,
        "decision": None,
        "opinion": None,
        "signed_at": None,
        "code": None,
        "picture_asset": None,
        "recorded_by": None,
        "altered": None,
    },
]


def sheet(**changes):
    """The data about the printing itself."""
    return {
        "form_number": "QMS-PM-31201",
        "version": "A/0",
        "site": "启明物业服务有限公司",
        "title": None,
        "state": "approved",
        "copy_number": 2,
        "printed_by": "王小敏",
        "printed_at": "2026-03-05 14:30",
        "verification_code": "7K3M-9QXA-P2WD",
        "qr_svg": qr_svg("https://crm.example.cn/v/7K3M-9QXA-P2WD"),
        "round": 1,
        "standard": None,
        **changes,
    }


def investigation(**changes):
    """Data of the investigation form."""
    return {
        "document": {
            "customer": {**CUSTOMER, **changes.pop("customer", {})},
            "contacts": CONTACTS,
            "investigation": {**INVESTIGATION, **changes.pop("investigation", {})},
        },
        "steps": changes.pop("steps", STEPS),
        "sheet": sheet(**changes),
    }


def customer_card(**changes):
    """Data of the customer card."""
    made_changes = [
        {"changed_on": "2026-02-01", "field": "地址", "old": "福田区", "new": "南山区", "reason": "搬迁", "who": "王小敏"},
    ]
    return {
        "document": {"customer": {**CUSTOMER, **changes.pop("customer", {})}, "contacts": CONTACTS, "changes": made_changes},
        "steps": STEPS[:2],
        "sheet": sheet(form_number="QMS-PM-31202", state=None, **changes),
    }


def customer_status(**changes):
    """Data of the customer status form."""
    return {
        "document": {"customer": CUSTOMER, "registered_on": "2026-03-05"},
        "steps": STEPS[:2],
        "sheet": sheet(form_number="QMS-PM-31203", state=None, **changes),
    }


def customer_register(count=15, **changes):
    """Data of the register with so many customers."""
    rows = [
        {
            "number": f"KH2026{number:06d}",
            "full_name": CUSTOMER["full_name"],
            "contact": "李堃",
            "telephone": "0755-2345 6789",
            "address": "广东省深圳市南山区高新中三道 9 号",
            "owner": "王小敏",
            "grade": "B",
            "payment_terms": "月结 30 天",
            "credit_limit": Decimal(1000 * number),
        }
        for number in range(1, count + 1)
    ]
    return {
        "document": {"customers": rows, "conditions": "客户一组，B 级", "count": count},
        "steps": [],
        "sheet": sheet(form_number="QMS-PM-31204", state=None, **changes),
    }


def contact_list(**changes):
    """Data of the contact list."""
    return {
        "document": {"contacts": CONTACTS * 8, "in_all": 8 * len(CONTACTS), "conditions": ""},
        "steps": [],
        "sheet": sheet(form_number="QMS-PM-31205", state=None, **changes),
    }


def credit_change(**changes):
    """Data of a change of credit."""
    old = {"credit_rating": "A", "credit_limit": Decimal("300000"), "payment_terms": "月结 30 天", "dealings_policy": ""}
    new = {"credit_rating": "AA", "credit_limit": Decimal("800000"), "payment_terms": "", "dealings_policy": "月度返利百分之二"}
    return {
        "document": {"customer": CUSTOMER, "old": old, "new": new, "change": {"reason": "采购量增加", "effective_on": "2026-04-01"}},
        "steps": STEPS[:2],
        "sheet": sheet(form_number="QMS-PM-31206", **changes),
    }
