"""Names of organisations compared: duplicates are looked for by the stem of a name (AR-3)."""

from __future__ import annotations

import re
import unicodedata

from rapidfuzz import fuzz

LIKELY = 88
"""Similarity from which two names are shown as likely duplicates (AR-3).

One character too many or too few gives 86 in a stem of three, 89 in a stem of four; one wrong character 75 in a stem of four, 88 in a stem
of eight. So slips in names of usual length (a stem of 4 to 10) are offered, while names that share only their trade (two
accountancies, two 商业银行 of different cities: 67 to 87) are not; in 2,000 real names, one pair in a hundred thousand is.
"""

_LEGAL_FORM = re.compile(
    "(?:(?:股份|集团|责任)?(?:有限责任|有限|责任|股份|集团)?公司|企业集团|总公司|集团|集团股份|股份|股份有限|有限责任|有限"
    "|(?:特殊)?普通合伙|有限合伙|合伙企业|个人独资企业|个体工商户)$"
)
_FORM_ENDS = ("公司", "集团", "股份", "有限", "责任", "合伙", "企业", "工商户")
_LONGEST_FORM = 8
"""What a legal form ends with, and its most characters: asked first, because a pattern is tried at every place of a name."""
_LATIN_FORM = re.compile(r"(?<=[^a-z])(?:co|ltd|limited|inc|incorporated|corp|corporation|company|llc|plc|group|holdings?|gmbh|ag|sa)$")
_BRANCH = re.compile(
    "(?<=公司)[^公司]{0,12}(?:分公司|分行|分厂|分店|分部|办事处|代表处|营业部|经营部|门市部)$|(?:第[一二三四五六七八九十]+)?分公司$"
)
_BRANCH_ENDS = ("分公司", "分行", "分厂", "分店", "分部", "办事处", "代表处", "营业部", "经营部", "门市部")
_PLAIN_HAN = re.compile(r"[\u4e00-\u9fff]+")
"""Most names: nothing in them is written in more than one way."""
_GROUP = re.compile(r"\((?:集团|控股|股份)\)")
_BRACKETS = str.maketrans("[{〔【〖《<「『]}〕】〗》>」』", "(" * 9 + ")" * 9)
_IGNORED = re.compile(r"[\s()\-_.,;:'\"·•・、。，“”‘’&+/\\|*#!?~]+")
_PLACE = re.compile(
    r"(?:北京|天津|上海|重庆|河北|山西|辽宁|吉林|黑龙江|江苏|浙江|安徽|福建|江西|山东|河南|湖北|湖南|广东|海南|四川|贵州|云南|陕西|甘肃|青海|台湾|"
    r"内蒙古|广西|西藏|宁夏|新疆|香港|澳门|深圳|广州)(?:省|市|自治区|特别行政区)?(?:[^市县区省]{2,4}[市县区])?"
    r"|[^市县区省]{2,5}[市县](?:[^市县区省]{2,4}区)?"
)
_SHORTEST = 2


def normalise_company_name(name: str) -> str:
    """Return `name` for comparing to the letter: NFKC, small letters, one kind of bracket, no spaces (AR-3).

    Two names equal in this form differ in writing only. The form is for comparing, not for showing.
    """
    if _PLAIN_HAN.fullmatch(name):
        return name
    plain = unicodedata.normalize("NFKC", name).translate(_BRACKETS).casefold()
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", plain))


def name_stem(name: str) -> str:
    """Return what distinguishes a name: legal form, brackets, punctuation and branch marks taken away (AR-3).

    华为技术有限公司 and 华为技术（集团）股份有限公司 北京分公司 have the stem 华为技术. Words inside brackets stay unless they say
    集团, 控股 or 股份. A name that is nothing but a legal form stays whole. The stem of a stem is itself.
    """
    stem = name
    if not _PLAIN_HAN.fullmatch(name):
        words = unicodedata.normalize("NFKC", name).translate(_BRACKETS).casefold()
        words = _strip_latin_forms(words)
        stem = _IGNORED.sub("", _GROUP.sub("", re.sub(r"\s+", "", unicodedata.normalize("NFKC", words))))
    while True:
        shorter = stem
        if shorter.endswith(_BRANCH_ENDS):
            shorter = _BRANCH.sub("", shorter, count=1)
        if shorter.endswith(_FORM_ENDS) and (form := _LEGAL_FORM.search(shorter, max(len(shorter) - _LONGEST_FORM, 0))):
            shorter = shorter[: form.start()]
        if shorter == stem or len(shorter) < _SHORTEST:
            return stem
        stem = shorter


def legal_form_length(name: str) -> int:
    """Return how many characters at the end of a written name are its legal form, brackets not counted as such: 4 for 华为有限公司."""
    match = _LEGAL_FORM.search(name, max(len(name) - _LONGEST_FORM - 1, 0))
    return len(match[0]) if match and match.start() else 0


def similarity(first: str, second: str) -> int:
    """Return how alike two names are, 0 to 100, by their stems (AR-3); from `LIKELY` on they are offered as duplicates.

    A place at the beginning that only one of the names has (深圳市华为技术, 华为技术) counts little; two different places count in full,
    since branches of a bank or an institute differ in nothing else. The order of the names does not matter.
    """
    return stem_similarity(name_stem(first), name_stem(second))


def stem_similarity(one: str, other: str) -> int:
    """Return how alike two names are, of which the stems are given (see `similarity`)."""
    if one == other:
        return 100 if one else 0
    return max(round(fuzz.ratio(one, other)), _without_place(one, other), _without_place(other, one))


def without_place(stem: str) -> str:
    """Return a stem without the place it begins with (华为技术 for 深圳市华为技术); whole where too little would be left (AR-3)."""
    place = _PLACE.match(stem)
    return stem[place.end() :] if place and len(stem) - place.end() >= _SHORTEST else stem


def _without_place(placed: str, plain: str) -> int:
    """Return the similarity when `placed` begins with a place and `plain` does not: at most 95, as the place may matter."""
    place = _PLACE.match(placed)
    if not place or _PLACE.match(plain) or len(placed) - place.end() < _SHORTEST or len(plain) < _SHORTEST:
        return 0
    return round(fuzz.ratio(placed[place.end() :], plain) * 0.95)


def _strip_latin_forms(words: str) -> str:
    while True:
        shorter = _LATIN_FORM.sub("", words.rstrip(" .,()&")).rstrip(" .,()&")
        if shorter == words or len(shorter) < _SHORTEST:
            return words
        words = shorter
