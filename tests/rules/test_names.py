import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.names import LIKELY, legal_form_length, name_stem, normalise_company_name, similarity

names = st.text(alphabet="华为技术深圳市北京集团股份有限责任公司分厂（）() ABcoltd.𠮷第一·", max_size=24)


@pytest.mark.parametrize(
    "name",
    [
        "华为技术有限公司",
        "华为技术有限责任公司",
        "华为技术股份有限公司",
        "华为技术（集团）有限公司",
        "华为技术(集团)股份有限公司北京分公司",
        "华为 技术集团",
        "华为技术公司第一分公司",
        "「华为技术」总公司",
    ],
)
def test_legal_forms_brackets_and_branches_are_ignored(name):
    assert name_stem(name) == "华为技术"


def test_stems_of_other_names():
    assert name_stem("ACME Trading Co., Ltd.") == name_stem("Acme　Trading") == "acmetrading"
    assert name_stem("华为技术（中国）有限公司") == "华为技术中国"
    assert name_stem("有限公司") == "有限公司"
    assert name_stem("𠮷野家餐饮有限公司") == "𠮷野家餐饮"


def test_names_that_differ_in_writing_only():
    assert normalise_company_name("ＵＴ斯康达（中国） 有限公司") == normalise_company_name("ut斯康达(中国)有限公司")


@given(names)
def test_the_stem_of_a_stem_is_itself(name):
    stem = name_stem(name)
    assert name_stem(stem) == stem
    assert normalise_company_name(normalise_company_name(name)) == normalise_company_name(name)


@given(names, names)
def test_similarity_is_the_same_both_ways_and_full_for_equal_stems(one, other):
    assert similarity(one, other) == similarity(other, one)
    assert 0 <= similarity(one, other) <= 100
    assert (similarity(one, other) == 100) == (name_stem(one) == name_stem(other) != "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("吉林化纤股份有限公司", "吉林化纤集团"),
        ("深圳市华为技术有限公司", "华为技术有限公司"),
        ("青山绿水园林工程有限公司", "青山绿水园林工呈有限公司"),
        ("青山绿水园林", "青山绿水园林有限公司"),
    ],
)
def test_likely_duplicates(one, other):
    assert similarity(one, other) >= LIKELY


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("合肥市商业银行", "焦作市商业银行股份有限公司"),
        ("兴业会计师事务所", "立信会计师事务所"),
        ("华为有限公司", "华润有限公司"),
        ("深圳市城建开发集团公司", "西安市城建开发总公司"),
        ("南方航空公司", "东方航空公司"),
    ],
)
def test_different_organisations_of_one_trade(one, other):
    assert similarity(one, other) < LIKELY


def test_length_of_the_legal_form():
    assert [legal_form_length(name) for name in ("华为有限公司", "华为集团有限公司", "华为", "有限公司")] == [4, 6, 0, 0]
