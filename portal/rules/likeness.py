"""Finding likely duplicates among many names without comparing each with each (AR-3).

`alternatives` is what to ask the search index for one name; `variants` and `like_pairs` are for all names against all. Both only bring
together what `names.similarity` then judges. A name that is like another has at most one character in seven or eight that is wrong,
missing or too many: with a part of its stem left out, the rest occurs in the other one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rapidfuzz import fuzz, process

from portal.rules.names import LIKELY, name_stem, without_place

_UNIT = re.compile(r"[a-z\d]+|[^\W_]")
_WORD = re.compile(r"[a-z\d]+")
_LATIN_FORMS = frozenset(
    ("co", "ltd", "limited", "inc", "incorporated", "corp", "corporation", "company", "llc", "plc", "group", "holding", "holdings", "the")
)
_LATIN_BEGINNING = 5
_EXACT = 3
"""Up to so many characters, one wrong one makes another name."""
_ONE_WRONG = 6
"""Up to so many, one character too many or too few; then two that stand together, or two that changed places."""
NEIGHBOURS = 200
"""In a crowd of names each is compared with so many that follow it in their order."""


def alternatives(name: str, *, at_beginning: bool = False) -> list[list[str]]:
    """Return what to ask an index of `grams.search_grams` for the names like `name`: alternatives, each a list of tokens.

    Asked for is the name without its place, which the other one may lack; together with it where so little is left. With
    `at_beginning` only for names that are whole but for their first characters, or have another place before them.
    """
    stem = name_stem(name)
    found: list[list[str]] = []
    plain = without_place(stem)
    for one in dict.fromkeys((plain, stem) if len(plain) <= _EXACT else (plain,)):
        units = _UNIT.findall(one)
        if units and all(_WORD.fullmatch(unit) for unit in units):
            words = [word for word in _WORD.findall(name.casefold()) if word not in _LATIN_FORMS] or units
            found += [[words[0][:_LATIN_BEGINNING]], [max(words, key=len)[:_LATIN_BEGINNING]]]
        elif units:
            found += [_tokens(units, left) for left in _left_over(len(units))[: 1 if at_beginning else None]]
    return [list(tokens) for tokens in dict.fromkeys(tuple(tokens) for tokens in found if tokens)]


def _left_over(count: int) -> list[list[int]]:
    """Return the places that stay when the part of `count` units where the slip may be is left out."""
    if count <= _EXACT:
        return [list(range(count))]
    gap = 1 if count <= _ONE_WRONG else 2
    return [[*range(start), *range(start + gap, count)] for start in range(count - gap + 1)]


def _tokens(units: list[str], places: list[int]) -> list[str]:
    """Return the tokens of units: pairs of those that stand together, single ones where the neighbours are left out."""
    kept, tokens = set(places), []
    for place in places:
        unit = units[place]
        if len(unit) > 1 or unit.isascii():
            tokens.append(unit[:2])
            continue
        with_next = place + 1 in kept and not units[place + 1].isascii()
        with_last = place - 1 in kept and not units[place - 1].isascii()
        if with_next:
            tokens.append(unit + units[place + 1])
        elif not with_last:
            tokens.append(unit)
    return list(dict.fromkeys(tokens))


def variants(stem: str) -> list[str]:
    """Return forms of which two like stems with one slip between them share at least one.

    They are the stem without its place, and that with each character left out; of a short one, also with its place.
    """
    plain, found = without_place(stem), list[str]()
    for one in (plain, stem) if len(plain) <= _EXACT + 1 else (plain,):
        found.append(one)
        if len(one) > _EXACT + 1:
            found += [one[:place] + one[place + 1 :] for place in range(len(one))]
    return list(dict.fromkeys(filter(None, found)))


def like_pairs(stems: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """Yield (place, place, similarity) of the stems that are alike as `names.similarity` has it.

    Of a crowd of more than `NEIGHBOURS`, only those near each other in their order are compared.
    """
    plain = [without_place(stem) for stem in stems]
    order = sorted(range(len(stems)), key=lambda place: (stems[place], place))
    for at, place in enumerate(order):
        others = order[at + 1 : at + 1 + NEIGHBOURS]
        found: dict[int, int] = {}
        for _text, score, where in process.extract(
            stems[place], [stems[one] for one in others], scorer=fuzz.ratio, score_cutoff=LIKELY - 0.5, limit=None
        ):
            found[others[where]] = round(score)
        placed = plain[place] != stems[place]
        for _text, score, where in process.extract(
            plain[place], [plain[one] for one in others], scorer=fuzz.ratio, score_cutoff=LIKELY - 0.5, limit=None
        ):
            one = others[where]
            if (plain[one] != stems[one]) != placed:
                found[one] = max(found.get(one, 0), round(score * 0.95))
        for one, score in found.items():
            if score >= LIKELY and stems[place]:
                yield min(place, one), max(place, one), score
