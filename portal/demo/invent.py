"""Invented companies and people: plausible Chinese data from a seed, the same each time, nobody's real record.

Names are put together from our own word lists; a real company of the same name would be an accident. Telephone numbers
use the 139-0000 block and codes carry a valid check character, so that the portal's checks have something to check.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from stdnum.cn import uscc

PLACES = [
    ("广东省", "深圳市", "南山区", "0755"),
    ("广东省", "广州市", "天河区", "020"),
    ("广东省", "东莞市", "松山湖", "0769"),
    ("上海市", "上海市", "浦东新区", "021"),
    ("北京市", "北京市", "海淀区", "010"),
    ("浙江省", "杭州市", "滨江区", "0571"),
    ("浙江省", "宁波市", "鄞州区", "0574"),
    ("江苏省", "苏州市", "工业园区", "0512"),
    ("江苏省", "南京市", "江宁区", "025"),
    ("山东省", "青岛市", "崂山区", "0532"),
    ("四川省", "成都市", "高新区", "028"),
    ("湖北省", "武汉市", "洪山区", "027"),
    ("福建省", "厦门市", "思明区", "0592"),
    ("陕西省", "西安市", "雁塔区", "029"),
    ("辽宁省", "大连市", "甘井子区", "0411"),
    ("重庆市", "重庆市", "渝北区", "023"),
]
STREETS = ["科苑路", "迎宾大道", "创业路", "人民路", "建设西路", "滨海大道", "文一西路", "星湖街", "学府路", "长江中路"]
FIRST = "恒 瑞 远 嘉 锦 宏 盛 泰 鼎 汇 启 德 诚 信 博 华 新 联 创 易 安 康 润 丰 茂 卓 凯 旭 晟 朗 辰 澜 翰 墨 㛃 䶮 堃 𠮷".split()
SECOND = "达 通 源 讯 科 捷 越 图 腾 邦 宇 辉 航 城 和 易 美 洋 川 峰 林 岳 域 景 森 泽 铭 轩 衡 石 野 帆".split()
TRADES = [
    ("精密机械", "C", "数控机床零部件加工与销售"),
    ("电子科技", "C", "电子元器件研发、生产与销售"),
    ("信息技术", "I", "企业软件开发与运维服务"),
    ("物流", "G", "仓储与干线运输"),
    ("商贸", "F", "日用百货批发与零售"),
    ("建材", "F", "建筑装饰材料批发"),
    ("食品", "C", "休闲食品生产"),
    ("医疗器械", "C", "二类医疗器械经营"),
    ("新能源", "D", "分布式光伏电站建设与运营"),
    ("环保工程", "N", "工业废水处理工程"),
    ("餐饮管理", "H", "连锁餐饮经营管理"),
    ("物业服务", "K", "写字楼物业管理"),
    ("文化传媒", "R", "展览展示与广告代理"),
    ("农业发展", "A", "设施蔬菜种植与配送"),
    ("建设工程", "E", "房屋建筑与市政工程施工"),
    ("教育咨询", "P", "职业技能培训"),
]
ENDINGS = ["有限公司"] * 12 + ["股份有限公司"] * 3 + ["有限责任公司"] * 2 + ["集团有限公司"]
FAMILY = list(
    "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈姚卢傅钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江阎薛尹段雷黎史龙陶贺顾毛郝龚邵万钱严赖覃洪武莫孔"
    "汤向常温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞左柳甘祝包宁尚符舒阮柯纪梅童凌毕单季裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳时穆农司卓古吉缪简车项连芦麦褚娄"
)
GIVEN = (
    "伟 芳 娜 敏 静 丽 强 磊 军 洋 勇 艳 杰 娟 涛 明 超 秀英 霞 平 刚 桂英 建国 志强 海燕 晓东 雪梅 文博 子涵 一诺 浩然 思远 "
    "嘉怡 俊熙 雨桐 天宇 若曦 景行 怀瑾 望舒 堃 䶮"
).split()
POSTS = [
    ("总经理", "总经办"),
    ("副总经理", "总经办"),
    ("采购经理", "采购部"),
    ("财务主管", "财务部"),
    ("行政专员", "行政部"),
    ("项目经理", "工程部"),
    ("技术总监", "技术部"),
]
KEPT_FOR = ["日常业务联系", "对账与付款", "紧急情况联系", "合同签订"]


def credit_code(rng: random.Random) -> str:
    """Return an invented unified social credit code with a right check character (GB 32100-2015)."""
    region = rng.choice(["4403", "3101", "1101", "3301", "3205", "5101"])
    serial = "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRTUWXY") for _ in range(6))
    body = f"91{region}00MA5{serial}"
    return body + uscc.calc_check_digit(body)


def person(rng: random.Random) -> str:
    """Return an invented person's name."""
    return rng.choice(FAMILY) + rng.choice(GIVEN)


def company(rng: random.Random) -> dict[str, Any]:
    """Return the card of an invented company: plain values by field name; codes of choices as in the standards."""
    province, city, district, area = rng.choice(PLACES)
    brand = rng.choice(FIRST) + rng.choice(SECOND) + (rng.choice(SECOND) if rng.random() < 0.25 else "")
    trade, industry, business = rng.choice(TRADES)
    short_city = city.removesuffix("市")
    full_name = f"{short_city if rng.random() < 0.7 else city}{brand}{trade}{rng.choice(ENDINGS)}"
    boss = person(rng)
    monthly = rng.randrange(2, 400) * 1000
    return {
        "full_name": full_name,
        "short_name": brand + trade[:2],
        "credit_code": credit_code(rng),
        "industry": industry,
        "province": province,
        "city": city,
        "district": district,
        "street": f"{rng.choice(STREETS)}{rng.randrange(1, 900)}号",
        "telephone": f"{area}-{rng.randrange(2, 9)}{rng.randrange(1_000_000, 9_999_999)}",
        "email": f"office{rng.randrange(1000, 9999)}@example.com",
        "legal_representative": boss,
        "general_manager": boss if rng.random() < 0.6 else person(rng),
        "registered_capital": rng.choice([50, 100, 200, 500, 1000, 2000, 5000]) * 10_000,
        "established_on": date(1995, 1, 1) + timedelta(days=rng.randrange(0, 10_000)),
        "main_business": business,
        "business_scope": f"{business}；相关技术咨询与售后服务。",
        "staff_count": rng.choice([8, 15, 30, 60, 120, 300, 800]),
        "average_monthly_purchase": monthly,
        "highest_single_purchase": monthly * rng.randrange(1, 6),
        "banks": f"中国{rng.choice(['工商', '建设', '农业'])}银行{short_city}分行",
        "route": f"{short_city}{rng.choice('东南西北')}线",
        "route_order": rng.randrange(1, 60),
    }


def contact(rng: random.Random) -> dict[str, Any]:
    """Return an invented contact."""
    post, department = rng.choice(POSTS)
    return {
        "name": person(rng),
        "post": post,
        "department": department,
        "telephone": f"1390000{rng.randrange(0, 10_000):04d}",
        "email": f"contact{rng.randrange(1000, 9999)}@example.com",
        "decides": "经理" in post or "总" in post,
        "kept_for": rng.choice(KEPT_FOR),
    }


def companies(count: int, seed: int = 20260305) -> Iterator[dict[str, Any]]:
    """Yield `count` invented companies with different names, the same for the same seed."""
    rng = random.Random(seed)  # noqa: S311 - invented names, not secrets
    seen: set[str] = set()
    while len(seen) < count:
        card = company(rng)
        if card["full_name"] in seen:
            brand = card["short_name"][:2]
            card["full_name"] = card["full_name"].replace(brand, brand + rng.choice(SECOND) + rng.choice(FIRST), 1)
        if card["full_name"] not in seen:
            seen.add(card["full_name"])
            yield card
