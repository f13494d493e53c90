"""The heads under which offices, registers of companies and other programs give the columns of the customer card (AR-40)."""

from __future__ import annotations

HEADS = {
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
    "credit_rating": "资信等级 信用等级 信用评级 资信评级 creditrating",
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
CONTACT_HEADS = {
    "name": "联系人 联系人姓名 姓名 contactperson contactname",
    "post": "联系人职务 职务 职位 联系人职位 jobtitle title",
    "department": "联系人部门 部门 所在部门",
    "telephone": "联系人电话 联系人手机 联系人手机号 手机 手机号 手机号码 移动电话 contactphone mobile mobilephone",
    "email": "联系人邮箱 联系人电子邮箱 联系人邮件 contactemail",
    "preferred_way": "联系方式偏好 首选联系方式",
    "frequency": "联系人联系频率 联系频率 联络频率 联系频次",
    "decides": "决策人 是否决策人 采购决策",
    "emergency": "紧急联系人 是否紧急联系人",
    "relationship_note": "联系人备注 关系备注",
    "kept_for": "保存目的 保留目的 用途",
}
_NUMERALS = {2: ("2", "二"), 3: ("3", "三")}


def contact_heads(name: str, place: int) -> list[str]:
    """Return the heads of a contact's column: of the first contact in a row, or of its second or third."""
    heads = CONTACT_HEADS[name].split()
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
