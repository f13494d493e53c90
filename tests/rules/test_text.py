import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from portal.rules.text import clean, clean_line

any_text = st.text(alphabet=st.characters(exclude_categories=()))


def test_rare_characters_and_full_width_forms_stay():
    assert clean("\u3000 𠮷㛃䶮Ａ①\ue000 \n") == "𠮷㛃䶮Ａ①\ue000"


def test_what_xml_cannot_carry_goes():
    assert clean("a\x00b\ufffec\uffffd\ud800e\x1ff\u200bg\u202eh") == "abcdefgh"
    assert clean("a\r\nb\rc\td") == "a\nb\nc\td"
    assert clean("e\x00\u0301") == "é"


def test_a_line_is_one_line():
    assert clean_line(" 华为\u3000\u3000技术\r\n公司 ") == "华为 技术 公司"


@given(any_text)
def test_cleaning_twice_changes_nothing(text):
    once = clean(text)
    assert clean(once) == once
    assert clean_line(clean_line(text)) == clean_line(text)


@given(any_text)
def test_clean_text_can_be_stored_and_exported(text):
    once = clean(text)
    once.encode("utf-8")
    assert not any(unicodedata.category(letter) in ("Cc", "Cs") and letter not in "\n\t" for letter in once)
    assert "\n" not in clean_line(text)
