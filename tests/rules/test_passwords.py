import datetime as dt

import pytest

from portal.rules.passwords import check_password, password_expired

GOOD = "correct horse battery 7"


def problems(password, **options):
    return " ".join(str(problem) for problem in check_password(password, account_name="lisi", names=["李四", "Sam"], **options))


@pytest.mark.parametrize("password", [GOOD, "我家门前有两棵树都是枣", "x" * 5 + "abcdefgh1", "a1b2C9!x" * 16])
def test_good_passwords(password):
    assert problems(password) == ""


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("a1b2c3d4e", "at least 10"),
        ("a1b2" * 32 + "c", "at most 128"),
        ("1234567890", "commonest"),
        ("Qwertyuiop", "commonest"),
        ("passwordpassword", "commonest"),
        ("ababababcdcd", "different characters"),
        ("mylisi-password", "name"),
        ("my-LISI-password", "name"),
        ("我是李四没有错别人不是", "name"),
        ("good day, sam!", "name"),
    ],
)
def test_bad_passwords(password, says):
    assert says in problems(password)


def test_complexity_is_asked_only_where_the_site_asks():
    assert problems("onlysmallletters", complexity=False) == ""
    assert "small letters" in problems("onlysmallletters", complexity=True)
    assert problems("Three kinds", complexity=True) == ""


def test_age():
    changed = dt.date(2026, 1, 1)
    assert not password_expired(changed, dt.date(2026, 4, 1), 90)
    assert password_expired(changed, dt.date(2026, 4, 2), 90)
    assert not password_expired(changed, dt.date(2036, 1, 1), 0)
