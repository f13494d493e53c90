"""Columns of a file of requests and complaints with their heads (SV-5, AR-40)."""

from __future__ import annotations

from portal.exchange.columns import Choice, Column
from portal.exchange.register_table import OWN_COLUMNS
from portal.rules.message import N_

MOST = 20_000
"""Characters of a text: what was written to other systems is longer than what is typed here."""


def _long(name: str, title: str, title_zh: str, *aliases: str) -> Column:
    return Column(name, title, title_zh, aliases, max_length=MOST)


_NAME = next(column for column in OWN_COLUMNS if column.name == "customer_name")
COLUMNS = (
    Column(
        "reference", N_("Number in the earlier system"), "原系统编号",
        ("编号", "工单号", "工单编号", "投诉编号", "留言编号", "请求编号", "受理编号", "ticket", "ticket id", "case number", "id"),
        "code", max_length=80,
    ),
    *(column for column in OWN_COLUMNS if column.name in ("customer_number", "customer_code")),
    Column(
        _NAME.name, _NAME.title, _NAME.title_zh, (*_NAME.aliases, "投诉客户", "投诉人", "留言用户", "来电人", "用户", "反映人", "account"),
        max_length=200,
    ),
    Column("caller", N_("Who calls or writes"), "来电（来函）人", ("联系人", "contact", "caller"), max_length=120),
    Column("telephone", N_("Telephone to call back"), "回电号码", ("电话", "联系电话", "telephone", "phone"), max_length=60),
    Column(
        "kind", N_("Kind"), "类别", ("类型", "请求类别", "kind", "type"), "choice",
        choices=(
            Choice("inquiry", "Inquiry", "咨询", ("question", "求助")), Choice("complaint", "Complaint", "投诉", ("抱怨",)),
            Choice("repair", "Repair request", "报修", ("维修", "repair")), Choice("suggestion", "Suggestion", "建议", ("idea", "意见")),
            Choice("special-event", "Special event", "特殊事件", ("突发事件",)),
        ),
    ),
    Column(
        "channel", N_("Channel"), "渠道", ("来源", "受理方式", "channel", "source"), "choice",
        choices=(
            Choice("telephone", "Telephone", "电话", ("phone", "热线", "来电")), Choice("front-desk", "Front desk", "前台", ("来访",)),
            Choice("e-mail", "E-mail", "电子邮件", ("email", "邮件", "邮箱")), Choice("letter", "Letter", "信函", ("来信", "post")),
            Choice("sms", "SMS", "短信"), Choice("web", "Web", "网站", ("网络", "网上", "平台", "留言板")),
            Choice("wechat", "WeChat", "微信", ("公众号",)), Choice("other", "Other way", "其他", ("其他方式", "other")),
        ),
    ),
    Column(
        "priority", N_("Priority"), "优先级", ("紧急程度", "priority"), "choice",
        choices=(
            Choice("urgent", "Pressing", "紧急", ("urgent", "急")), Choice("high", "Important", "重要", ("high", "高")),
            Choice("normal", "Normal", "一般", ("普通", "中", "低", "medium", "low")),
        ),
    ),
    Column("title", N_("Subject"), "主题", ("标题", "留言主题", "投诉主题", "subject", "title"), max_length=500),
    _long("text", N_("What is asked for"), "内容", "详情", "留言详情", "投诉内容", "问题描述", "description", "details"),
    Column(
        "received_at", N_("Received at"), "接入时间", ("时间", "留言时间", "投诉时间", "受理时间", "登记时间", "created", "received"),
        "moment", required=True,
    ),
    _long("answer", N_("Answer"), "答复", "答复意见", "回复", "回复内容", "处理意见", "reply"),
    Column("answered_at", N_("Answered at"), "反馈时间", ("答复时间", "回复时间", "办结时间", "resolved", "answered"), "moment"),
    Column("closed_at", N_("Closed at"), "结案时间", ("关闭时间", "closed"), "moment"),
    Column("cause", N_("Cause"), "原因", ("投诉原因", "cause"), max_length=80),
    Column("department", N_("Responsible department"), "归口部门", ("责任部门", "承办部门", "department"), max_length=120),
    _long("done", N_("What was done"), "处理情况", "处理结果", "处理措施"),
    Column("satisfied", N_("Satisfied"), "满意", ("是否满意", "satisfied"), "boolean"),
    _long("word", N_("What the customer said of it"), "客户意见", "客户反馈"),
    _long("prevention", N_("What prevents it from coming again"), "预防措施", "改进措施"),
)  # fmt: skip
NAMING = ("customer_number", "customer_code", "customer_name")
WHO = N_("Choose the column that says who it is for: number, credit code or name.")
