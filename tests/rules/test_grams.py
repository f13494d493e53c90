import sqlite3

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.rules.grams import (
    fold,
    fts_query,
    matches,
    pinyin_grams,
    query_alternatives,
    query_grams,
    query_windows,
    search_grams,
    window_grams,
)
from portal.rules.pinyin import pinyin_initials, syllables

NAMES = [
    "华为技术有限公司",
    "深圳市华为技术有限公司",
    "𠮷野家餐饮有限公司",
    "UT斯康达（中国）有限公司",
    "TCL科技集团股份有限公司",
    "大奇",
    "䶮㛃堃科贸",
]
han = st.text(alphabet="华为技术深圳重庆长行𠮷㛃䶮堃\U00030000大小", min_size=2, max_size=12)


@pytest.fixture(scope="module")
def found():
    """Search as the portal does on SQLite: tokens from FTS5, then the check."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE names USING fts5(tokens, tokenize='unicode61 remove_diacritics 0', detail=none)")
    for rowid, name in enumerate(NAMES):
        db.execute("INSERT INTO names(rowid, tokens) VALUES (?, ?)", (rowid, " ".join(search_grams(name) + pinyin_grams(name))))

    def search(text):
        query = fts_query(query_alternatives(text))
        rows = db.execute("SELECT rowid FROM names WHERE names MATCH ? ORDER BY rowid", (query,)) if query else []
        return [NAMES[rowid] for (rowid,) in rows if matches(text, NAMES[rowid])]

    yield search
    db.close()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("华为", NAMES[:2]),
        ("为技", NAMES[:2]),
        ("华", NAMES[:2]),
        ("技为", []),
        ("深圳市华为技术有限公司", NAMES[1:2]),
        ("hw", NAMES[:2]),
        ("hwj", NAMES[:2]),
        ("hwjs", NAMES[:2]),
        ("HWJSYXGS", NAMES[:2]),
        ("huawei", NAMES[:2]),
        ("huaweijishu", NAMES[:2]),
        ("szhw", []),
        ("𠮷野", NAMES[2:3]),
        ("𠮷", NAMES[2:3]),
        ("jyj", NAMES[2:3]),
        ("䶮㛃", NAMES[6:]),
        ("ｕｔ斯康", NAMES[3:4]),
        ("t", NAMES[4:5]),
        ("tcl", NAMES[4:5]),
        ("TCL 集团", NAMES[4:5]),
        ("daqi", NAMES[5:6]),
        ('" OR *', []),
        ("（）", []),
        ("", []),
    ],
)
def test_search(found, text, names):
    assert found(text) == names


@given(han, st.data())
def test_every_part_of_a_name_finds_it(name, data):
    start = data.draw(st.integers(0, len(name) - 1))
    part = name[start : data.draw(st.integers(start + 1, len(name)))]
    assert set(query_grams(part)) <= set(search_grams(name))
    assert matches(part, name)


@given(han, st.data())
def test_initials_and_pinyin_from_any_character_find_a_name(name, data):
    readings = [reading for reading in syllables(name) if reading]
    if len(readings) < 2:
        return
    start = data.draw(st.integers(0, len(readings) - 2))
    end = data.draw(st.integers(start + 2, len(readings)))
    tokens = set(pinyin_grams(name))
    for letters in (pinyin_initials(name)[start:end], "".join(readings[start:end])):
        if len(letters) >= 2 and (letters != "".join(readings[start:end]) or len(letters) >= 4):
            assert any(set(alternative) <= tokens for alternative in query_alternatives(letters))
            assert matches(letters, name)


@given(st.text(alphabet="SF0129 -王经理a_", max_size=12), st.data())
def test_windows_find_every_part_of_a_text(text, data):
    start = data.draw(st.integers(0, len(fold(text))))
    part = fold(text)[start : data.draw(st.integers(start, len(fold(text))))]
    assert set(query_windows(part)) <= set(window_grams(fold(text)))


@given(st.text(alphabet=st.characters(exclude_categories=("Cs",)), max_size=20))
def test_tokens_are_single_words(text):
    for token in search_grams(text) + pinyin_grams(text):
        assert token
        assert not any(letter.isspace() for letter in token)


def test_every_ideograph_is_a_token_character():
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='unicode61 remove_diacritics 0')")
    db.execute("CREATE VIRTUAL TABLE v USING fts5vocab(t, 'row')")
    samples = [chr(code) for code in (0x3400, 0x4E00, 0x9FFF, 0x20BB7, 0x2A6D6, 0x2B820, 0x2CEB0, 0x30000, 0x31350, 0x3007)]
    db.execute("INSERT INTO t VALUES (?)", (" ".join(samples),))
    assert {term for (term,) in db.execute("SELECT term FROM v")} == set(samples)
    db.close()
