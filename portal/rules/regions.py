"""The 34 provincial-level divisions of China, for addresses (AR-1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple


class Province(NamedTuple):
    """A division: its code of GB/T 2260, Chinese and English name. An address keeps the Chinese name."""

    code: str
    zh: str
    en: str


# Codes and order of GB/T 2260-2007.
PROVINCES = (
    Province("110000", "北京市", "Beijing"),
    Province("120000", "天津市", "Tianjin"),
    Province("130000", "河北省", "Hebei"),
    Province("140000", "山西省", "Shanxi"),
    Province("150000", "内蒙古自治区", "Inner Mongolia"),
    Province("210000", "辽宁省", "Liaoning"),
    Province("220000", "吉林省", "Jilin"),
    Province("230000", "黑龙江省", "Heilongjiang"),
    Province("310000", "上海市", "Shanghai"),
    Province("320000", "江苏省", "Jiangsu"),
    Province("330000", "浙江省", "Zhejiang"),
    Province("340000", "安徽省", "Anhui"),
    Province("350000", "福建省", "Fujian"),
    Province("360000", "江西省", "Jiangxi"),
    Province("370000", "山东省", "Shandong"),
    Province("410000", "河南省", "Henan"),
    Province("420000", "湖北省", "Hubei"),
    Province("430000", "湖南省", "Hunan"),
    Province("440000", "广东省", "Guangdong"),
    Province("450000", "广西壮族自治区", "Guangxi"),
    Province("460000", "海南省", "Hainan"),
    Province("500000", "重庆市", "Chongqing"),
    Province("510000", "四川省", "Sichuan"),
    Province("520000", "贵州省", "Guizhou"),
    Province("530000", "云南省", "Yunnan"),
    Province("540000", "西藏自治区", "Tibet"),
    Province("610000", "陕西省", "Shaanxi"),
    Province("620000", "甘肃省", "Gansu"),
    Province("630000", "青海省", "Qinghai"),
    Province("640000", "宁夏回族自治区", "Ningxia"),
    Province("650000", "新疆维吾尔自治区", "Xinjiang"),
    Province("710000", "台湾省", "Taiwan"),
    Province("810000", "香港特别行政区", "Hong Kong"),
    Province("820000", "澳门特别行政区", "Macao"),
)

PARTS = ("province", "city", "district", "street")
"""Fields of an address, the largest first."""
_HAN = re.compile("[\u3400-\u9fff\U00020000-\U0003ffff]")
_BY_NAME = {name: province for province in PROVINCES for name in (province.zh, province.en, province.code, province.code[:2])}


def find_province(text: str) -> Province | None:
    """Return the province that `text` names: in full, in short (广东, 内蒙古), in English or by its code; None for any other (AR-40)."""
    name = text.strip()
    found = _BY_NAME.get(name)
    if found is None and len(name) >= 2:
        found = next((province for province in PROVINCES if province.zh.startswith(name.removesuffix("省").removesuffix("市"))), None)
    return found


def in_one_line(*parts: str | None, apart: str | None = None) -> str:
    """Return an address in one line from its parts in their order, each once: a municipality is its own province.

    `apart` stands between them; where nothing is said, Chinese parts run together and others have spaces between.
    """
    found = list(dict.fromkeys(str(part) for part in parts if part))
    if apart is None:
        apart = "" if any(_HAN.search(part) for part in found) else " "
    return apart.join(found)


def address_of(record: Any, *, from_city: bool = False, apart: str | None = None) -> str:
    """Return the address of a record, or of a mapping with the same names, in one line; `from_city`: without the province.

    `apart`: see `in_one_line`.
    """
    names = PARTS[1:] if from_city else PARTS
    return in_one_line(*(record[name] if isinstance(record, Mapping) else getattr(record, name) for name in names), apart=apart)
