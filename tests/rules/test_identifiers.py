import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.cn import uscc

from portal.rules.identifiers import check_credit_code, check_email, dialled, normalise_credit_code, normalise_phone


def test_credit_codes_are_stored_in_one_form():
    assert normalise_credit_code(" 91 110000-600037341l ") == "91110000600037341L"
    assert normalise_credit_code("９１１１０００0600037341Ｌ") == "91110000600037341L"


@given(st.from_regex(r"9[1239][0-9]{6}[0-9A-HJ-NPQRTUWXY]{9}", fullmatch=True))
def test_a_code_with_its_check_character_is_good_and_with_another_is_not(body):
    right = uscc.calc_check_digit(body + "0")
    assert check_credit_code(body + right) is None
    assert check_credit_code(body + ("1" if right == "0" else "0")) is not None


@pytest.mark.parametrize(
    ("code", "says"), [("12345", "18 characters"), ("9111000060003IOZSV", "without I"), ("91110000600037341N", "last character")]
)
def test_a_warning_says_what_is_wrong(code, says):
    assert says in str(check_credit_code(code))


@pytest.mark.parametrize(
    ("typed", "comparable", "display"),
    [
        ("136-1234-5678", "13612345678", "136 1234 5678"),
        ("+86 13612345678", "13612345678", "136 1234 5678"),
        ("８６１３６１２３４５６７８", "13612345678", "136 1234 5678"),
        ("(010) 8899 3108", "01088993108", "010-88993108"),
        ("+86 (0)10 8899 3108", "01088993108", "010-88993108"),
        ("+8610 88993108 ext. 5", "01088993108", "010-88993108 转 5"),
        ("0755-28780808 转 8001", "075528780808", "0755-28780808 转 8001"),
        ("0755-28780808-8001", "075528780808", "0755-28780808 转 8001"),
        ("0411 8899310", "04118899310", "0411-8899310"),
        ("400-800-8888", "4008008888", "400-800-8888"),
        ("+852 2345 6789", "+85223456789", "+852 2345 6789"),
        ("00853 2856 3344", "+85328563344", "+853 2856 3344"),
        ("+886-2-2345-6789", "+886223456789", "+886 2 2345 6789"),
        ("+1 (212) 555-0123", "+12125550123", "+1 212-555-0123"),
    ],
)
def test_telephone_numbers(typed, comparable, display):
    phone = normalise_phone(typed)
    assert (phone.comparable, phone.display, phone.understood) == (comparable, display, True)


@pytest.mark.parametrize(
    ("typed", "comparable"), [("136123456781", "136123456781"), ("88993108/9", "889931089"), ("门卫 12", "12"), ("", "")]
)
def test_what_is_not_understood_is_kept(typed, comparable):
    phone = normalise_phone(typed)
    assert (phone.comparable, phone.display, phone.understood) == (comparable, typed, False)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("139 0013 9000", "13900139000"), ("0755-26001234 转 801", "075526001234"), ("13900139000、0755-26001234", "13900139000"),
        ("021-60000000 / 021-60000001", "02160000000"), ("26001234", "26001234"), ("没有", ""),
    ],
)  # fmt: skip
def test_a_telephone_dials_the_first_number(typed, number):
    assert dialled(typed) == number


def test_a_local_number_gets_the_sites_area_code():
    assert normalise_phone("88993108", area_code="010") == normalise_phone("010-88993108")


@given(st.text(max_size=30))
def test_any_telephone_field_can_be_read_again(typed):
    phone = normalise_phone(typed)
    assert normalise_phone(phone.display).comparable == phone.comparable


@pytest.mark.parametrize("address", ["li.si@example.com", "a+b@mail.example.com.cn", "张三@例子.公司"])
def test_good_addresses(address):
    assert check_email(address) is None


@pytest.mark.parametrize(
    "address", ["", "li", "li@", "li@example", "li@@example.com", "li si@example.com", "a..b@example.com", "<a@example.com>"]
)
def test_bad_addresses(address):
    assert check_email(address) is not None
