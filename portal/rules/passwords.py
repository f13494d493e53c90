"""What a password must be, and how old it may get (Security in the quality bars; OWASP ASVS 5.0, 6.2)."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Iterable
from functools import lru_cache

from portal.rules.message import N_, Message
from portal.rules.pinyin import pinyin_full

SHORTEST = 10
LONGEST = 128
LEAST_DIFFERENT = 5
"""Fewer different characters (aaaaaaaaaa, 1212121212) are guessed at once."""
CLASSES_ASKED = 3

_SHORTEST_PART = 3


def check_password(password: str, *, account_name: str, names: Iterable[str], complexity: bool = False) -> list[Message]:
    """Return everything that is wrong with a new password, nothing where it is good.

    At least 10 characters and at most 128, not one of the commonest (30,000 of `zxcvbn`, case ignored, alone or repeated), not made of
    fewer than five different characters, and without the account's name or one of the person's `names` or their pinyin.
    `complexity` also asks for three of small letters, capitals, figures and others, where a site must follow 等保.
    """
    problems = []
    if len(password) < SHORTEST:
        problems.append(Message(N_("A password has at least %(count)s characters."), {"count": SHORTEST}))
    if len(password) > LONGEST:
        problems.append(Message(N_("A password has at most %(count)s characters."), {"count": LONGEST}))
    folded = password.casefold()
    if _is_common(folded):
        problems.append(Message(N_("This password is one of the commonest and would be guessed at once.")))
    elif len(set(folded)) < LEAST_DIFFERENT:
        problems.append(Message(N_("A password has at least %(count)s different characters."), {"count": LEAST_DIFFERENT}))
    if any(part in folded for part in _own_words(account_name, names)):
        problems.append(Message(N_("A password does not contain the account's name or the person's own.")))
    if complexity and _classes(password) < CLASSES_ASKED:
        text = N_("This site asks for %(count)s of: small letters, capitals, figures, other characters.")
        problems.append(Message(text, {"count": CLASSES_ASKED}))
    return problems


def password_expired(changed_on: dt.date, today: dt.date, max_age_days: int) -> bool:
    """Return whether a password changed on `changed_on` is older than `max_age_days`; 0 days: passwords do not age (等保 sites set it)."""
    return max_age_days > 0 and (today - changed_on).days > max_age_days


@lru_cache(maxsize=1)
def _common() -> frozenset[str]:
    """Return the commonest passwords. Read at the first use: only pages that set a password need them."""
    from zxcvbn.frequency_lists import FREQUENCY_LISTS

    return frozenset(FREQUENCY_LISTS["passwords"])


def _is_common(folded: str) -> bool:
    common = _common()
    if folded in common:
        return True
    parts = (folded[:size] for size in range(3, len(folded) // 2 + 1) if len(folded) % size == 0)
    return any(part in common and part * (len(folded) // len(part)) == folded for part in parts)


def _own_words(account_name: str, names: Iterable[str]) -> Iterable[str]:
    for name in (account_name, *names):
        for word in (name.casefold(), pinyin_full(name)):
            if len(word) >= _SHORTEST_PART or (len(word) == 2 and not word.isascii()):
                yield word


def _classes(password: str) -> int:
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits)
    return sum(any(letter in kind for letter in password) for kind in kinds) + any(letter not in "".join(kinds) for letter in password)
