import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.pinyin import person_pinyin, pinyin_full, pinyin_initials, syllables


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("华为技术有限公司", "huaweijishuyouxiangongsi", "hwjsyxgs"),
        ("重庆长安汽车", "chongqingchanganqiche", "cqcaqc"),
        ("重工集团", "zhonggongjituan", "zgjt"),
        ("招商银行（厦门）", "zhaoshangyinhangxiamen", "zsyhxm"),
        ("𠮷祥TCL3号", "jixiangtcl3hao", "jxtcl3h"),
        ("绿洲", "lvzhou", "lz"),
    ],
)
def test_readings_of_names(name, full, initials):
    assert pinyin_full(name) == full
    assert pinyin_initials(name) == initials


@pytest.mark.parametrize(
    ("name", "reading"),
    [
        ("曾国藩", "zeng guo fan"),
        ("单田芳", "shan tian fang"),
        ("仇英", "qiu ying"),
        ("任长霞", "ren chang xia"),
        ("欧阳修", "ou yang xiu"),
        ("尉迟恭", "yu chi gong"),
        ("华罗庚", "hua luo geng"),
        ("单", "shan"),
        ("John  Smith", "john smith"),
        ("", ""),
    ],
)
def test_surnames_have_their_own_readings(name, reading):
    assert person_pinyin(name) == reading


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=0x2FFFF, exclude_categories=("Cs",)), max_size=20))
def test_any_name_gives_plain_letters(name):
    assert all(letter.isascii() and letter.isalnum() for letter in pinyin_full(name))
    assert pinyin_initials(name) == "".join(reading[:1] for reading in syllables(name))
