import pytest
from markupsafe import escape

from portal.printing.labels import Labels

CHINESE = {"Version": "版本", "starting value": "初始值", "Copy no. %(n)s": "第 %(n)s 份", "QR": "QR", "<b>": "<b>甲"}


def translate(message_id, locale):
    return message_id if locale == "en" else CHINESE[message_id]


def test_one_language_gives_plain_text():
    assert str(escape(Labels("zh", translate)("Version"))) == "版本"
    assert str(escape(Labels("en", translate)("Version"))) == "Version"


def test_both_languages_stand_one_over_the_other_and_say_which_is_english():
    html = str(escape(Labels("both", translate)("Copy no. %(n)s", n=3)))
    assert html == '<span class="s-zh">第 3 份</span> <span class="s-en" lang="en">Copy no. 3</span>'


def test_a_word_that_is_the_same_in_both_languages_is_printed_once():
    assert str(escape(Labels("both", translate)("QR"))) == "QR"


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_labels_are_escaped(language):
    assert "<b>" not in str(escape(Labels(language, translate)("<b>")))


def test_an_unknown_language_is_refused():
    with pytest.raises(ValueError, match="unknown language"):
        Labels("fr", translate)


def test_a_label_in_a_label_is_said_in_each_language():
    for language, said in (("zh", "第 初始值 份"), ("en", "Copy no. starting value"), ("both", "第 初始值 份 Copy no. starting value")):
        labels = Labels(language, translate)
        assert str(labels("Copy no. %(n)s", n=labels("starting value"))) == said
