"""The starting lists of choices that a site may change (AR-1, design: both names)."""

from __future__ import annotations

from typing import Any

Choice = dict[str, Any]


def _choices(*entries: tuple[str, str, str]) -> list[Choice]:
    return [{"code": code, "zh": zh, "en": en, "active": True} for code, zh, en in entries]


NATURE = _choices(
    ("government", "政府机构", "Government body"),
    ("special", "特殊企业", "Special-business company"),
    ("ordinary", "普通企业", "Ordinary company"),
    ("individual", "个人", "Individual"),
    ("partner", "合作伙伴", "Partner"),
)
# Sections of GB/T 4754-2017, Industrial classification for national economic activities.
INDUSTRY = _choices(
    ("A", "农、林、牧、渔业", "Agriculture, forestry, animal husbandry and fishery"),
    ("B", "采矿业", "Mining"),
    ("C", "制造业", "Manufacturing"),
    ("D", "电力、热力、燃气及水生产和供应业", "Electricity, heat, gas and water"),
    ("E", "建筑业", "Construction"),
    ("F", "批发和零售业", "Wholesale and retail trade"),
    ("G", "交通运输、仓储和邮政业", "Transport, storage and post"),
    ("H", "住宿和餐饮业", "Hotels and catering"),
    ("I", "信息传输、软件和信息技术服务业", "Information, software and IT services"),
    ("J", "金融业", "Finance"),
    ("K", "房地产业", "Real estate"),
    ("L", "租赁和商务服务业", "Leasing and business services"),
    ("M", "科学研究和技术服务业", "Research and technical services"),
    ("N", "水利、环境和公共设施管理业", "Water, environment and public facilities"),
    ("O", "居民服务、修理和其他服务业", "Household, repair and other services"),
    ("P", "教育", "Education"),
    ("Q", "卫生和社会工作", "Health and social work"),
    ("R", "文化、体育和娱乐业", "Culture, sports and entertainment"),
    ("S", "公共管理、社会保障和社会组织", "Public administration and social organisations"),
    ("T", "国际组织", "International organisations"),
)
SIZE = _choices(
    ("large", "大型", "Large"),
    ("medium", "中型", "Medium"),
    ("small", "小型", "Small"),
    ("individual", "个体", "Individually-owned"),
)
OPERATING_STATE = _choices(
    ("good", "良好", "Good"),
    ("normal", "正常", "Normal"),
    ("difficult", "困难", "In difficulty"),
    ("suspended", "停业", "Suspended"),
    ("closed", "注销或吊销", "Closed or revoked"),
)
ATTITUDE = _choices(
    ("cooperative", "积极配合", "Cooperative"),
    ("ordinary", "一般", "Ordinary"),
    ("demanding", "要求较高", "Demanding"),
    ("reluctant", "消极拖延", "Reluctant"),
)
CONTACT_WAY = _choices(
    ("phone", "电话", "Telephone"),
    ("mobile", "手机", "Mobile"),
    ("sms", "短信", "SMS"),
    ("wechat", "微信", "WeChat"),
    ("email", "电子邮件", "E-mail"),
    ("visit", "上门拜访", "Visit"),
    ("letter", "信函", "Letter"),
)
CONTACT_FREQUENCY = _choices(
    ("weekly", "每周", "Weekly"),
    ("monthly", "每月", "Monthly"),
    ("quarterly", "每季度", "Quarterly"),
    ("half_yearly", "每半年", "Half-yearly"),
    ("yearly", "每年", "Yearly"),
    ("as_needed", "按需", "As needed"),
)
PAYMENT_TERMS = _choices(
    ("advance", "预付款", "In advance"),
    ("delivery", "货到付款", "On delivery"),
    ("monthly", "月结", "Monthly"),
    ("net30", "30天账期", "30 days"),
    ("net60", "60天账期", "60 days"),
    ("net90", "90天账期", "90 days"),
    ("instalments", "分期付款", "Instalments"),
)
STAGE_TIME = _choices(("old", "老客户", "Old"), ("new", "新客户", "New"), ("future", "未来客户", "Future"))
STAGE_TRANSACTION = _choices(("past", "曾经交易", "Past"), ("current", "正在交易", "Current"), ("future", "未来交易", "Future"))
STAGE_VOLUME = _choices(("main", "主力客户", "Main"), ("ordinary", "一般客户", "Ordinary"), ("scattered", "零散客户", "Scattered"))
STAGE_SERVICE = _choices(
    ("served", "已服务", "Served"),
    ("serving", "正在服务", "Being served"),
    ("likely", "准客户", "Likely customer"),
    ("referred", "转介绍", "Referred"),
)
STAGE_YEARS = _choices(("new", "新客户", "New"), ("old", "老客户", "Old"), ("loyal", "忠诚客户", "Loyal"))
POTENTIAL = _choices(("high", "高", "High"), ("medium", "中", "Medium"), ("low", "低", "Low"))
SATISFACTION = _choices(
    ("5", "非常满意", "Very satisfied"),
    ("4", "满意", "Satisfied"),
    ("3", "一般", "Neutral"),
    ("2", "不满意", "Dissatisfied"),
    ("1", "非常不满意", "Very dissatisfied"),
)
KEPT_FOR = _choices(
    ("daily_contact", "日常联系", "Daily contact"),
    ("orders", "订货与交货", "Orders and deliveries"),
    ("settlement", "对账与结算", "Statements and payment"),
    ("service", "服务与投诉处理", "Service and complaints"),
    ("decisions", "商务决策沟通", "Decisions on dealings"),
    ("emergency", "紧急联络", "Emergencies"),
)
SIGNATORIES = _choices(
    ("general_manager", "总经理", "General manager"),
    ("deputy_general_manager", "副总经理", "Deputy general manager"),
    ("chairman", "董事长", "Chairman"),
    ("customer_director", "客户总监", "Customer director"),
    ("finance", "财务", "Finance"),
    ("departments", "部门联席会议", "Meeting of departments"),
)
DOCUMENT_KIND = _choices(
    ("company", "单位资料", "Company data"),
    ("payment", "缴费与押金", "Payments and deposits"),
    ("fitting_out", "装修工程", "Fitting-out works"),
    ("move_in", "迁入资料", "Move-in forms"),
    ("supplement", "资料补充", "Supplements"),
    ("contact", "联络资料", "Contact data"),
    ("emergency", "紧急联络人", "Emergency contacts"),
    ("correspondence", "往来文件", "Correspondence"),
    ("breach", "违规与欠费", "Breaches and arrears"),
    ("repair", "请修记录", "Repair records"),
    ("complaint", "投诉记录", "Complaint records"),
    ("works", "工程档案", "Works and procedure files"),
)
CONFIDENTIALITY = _choices(
    ("open", "公开", "Open"), ("internal", "内部", "Internal"), ("confidential", "秘密", "Confidential"), ("secret", "机密", "Secret")
)
_COMPANIES = ["government", "special", "ordinary", "partner"]
DOSSIER_RULES: list[dict[str, object]] = [
    {"code": "company", "retention": "Y", "required": _COMPANIES},
    {"code": "payment", "retention": "D30", "required": []},
    {"code": "fitting_out", "retention": "D30", "required": []},
    {"code": "move_in", "retention": "D30", "required": []},
    {"code": "supplement", "retention": "D10", "required": []},
    {"code": "contact", "retention": "D10", "required": ["government", "special", "ordinary", "individual", "partner"]},
    {"code": "emergency", "retention": "D10", "required": ["ordinary", "individual"]},
    {"code": "correspondence", "retention": "D10", "required": []},
    {"code": "breach", "retention": "D30", "required": []},
    {"code": "repair", "retention": "D10", "required": []},
    {"code": "complaint", "retention": "D30", "required": []},
    {"code": "works", "retention": "D30", "required": []},
]
MEASURE_KIND = _choices(
    ("visit", "拜访", "Visit"),
    ("call", "电话", "Call"),
    ("mailing", "寄送", "Mailing"),
    ("event", "活动", "Event"),
    ("greeting", "节日问候", "Holiday greeting"),
)
GREETING_WAY = _choices(
    ("call", "电话问候", "Telephone"),
    ("visit", "登门拜访", "Visit"),
    ("card", "贺卡", "Greeting card"),
    ("message", "短信或微信", "Text message or WeChat"),
    ("mail", "电子邮件", "E-mail"),
)
INFLUENCE = _choices(
    ("decides", "起决定作用", "Decides"),
    ("strong", "影响较大", "Strong"),
    ("some", "有一定影响", "Some"),
    ("little", "影响较小", "Little"),
)
