"""Search tokens of names: what an index stores, what a query asks of it, and the check of what it finds (AR-6).

An index holds the tokens of each name: on SQLite joined by spaces in an FTS5 column (tokenizer `unicode61 remove_diacritics 0`,
`detail=none` is enough), on PostgreSQL as `text[]` under GIN. Every token is asked for whole, never as a prefix, so that
both databases read short lists lazily and stop at a page. A query gives alternatives; a name is a candidate when it holds all tokens of
one of them, and is found when `matches` agrees (in SQL: the folded parts occur in the stored folded name, or the typed
letters in the stored pinyin).

- Han text: single characters and pairs. unicode61 takes every ideograph as a token character, those outside the BMP (𠮷) included.
- Words of other letters and figures: their beginnings, up to eight characters.
- Pinyin initials: windows of two and three letters that start in the name's stem (nobody begins at 有限公司). Longer windows
  would bring twenty times as many different tokens and double the time of writing the index.
- Pinyin: the first six letters from each character of the stem on, and the first four or five where those are two whole syllables.
  They carry a 0 in front, which no initial or word begins with by chance often enough to matter.
A name of twelve characters has about 50 tokens.
"""

from __future__ import annotations

import re
import unicodedata
from operator import add

from portal.rules.names import legal_form_length
from portal.rules.pinyin import spelling

WORD_PREFIX = 8
_PAIR, _WINDOW = 2, 3
_FULL_LEAST = 4
_FULL_PREFIX = 6
_HAN = r"\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"(?P<han>[{_HAN}]+)|[^\W_{_HAN}]+")
_LETTERS = re.compile(r"[a-z]{2,}")
_PLAIN_HAN = re.compile(r"[\u4e00-\u9fff]*")
"""Most names: nothing in them to fold."""


def fold(text: str) -> str:
    """Return `text` as names are stored beside the index and compared: NFKC, small letters, no spaces (AR-6)."""
    if _PLAIN_HAN.fullmatch(text):
        return text
    return "".join(_folded(text).split())


def search_grams(text: str) -> list[str]:
    """Return the tokens of a text for the index, each once: Han characters and pairs, beginnings of words (AR-6)."""
    return list(dict.fromkeys(text_grams(text)))


def query_grams(text: str) -> list[str]:
    """Return the tokens that a name containing `text` holds, all of them; none where `text` has nothing to look for (AR-6)."""
    return list(dict.fromkeys(_query_grams(text)))


def window_grams(text: str) -> list[str]:
    """Return the tokens of a text in which parts of words are looked for too, each once: every window of words, up to three long (AR-6)."""
    tokens: list[str] = []
    for match in _RUN.finditer(_folded(text)):
        run = match[0]
        for length in range(1, (_PAIR if match["han"] else _WINDOW) + 1):
            tokens += [run[start : start + length] for start in range(len(run) - length + 1)]
    return list(dict.fromkeys(tokens))


def query_windows(text: str) -> list[str]:
    """Return the tokens of `window_grams` that a text which has `text` in it holds, all of them; it has no spaces (AR-6)."""
    tokens: list[str] = []
    for match in _RUN.finditer(fold(text)):
        run = match[0]
        length = min(len(run), _PAIR if match["han"] else _WINDOW)
        tokens += [run[start : start + length] for start in range(len(run) - length + 1)]
    return list(dict.fromkeys(tokens))


def pinyin_grams(name: str) -> list[str]:
    """Return the tokens of a name's pinyin for the index, each once (AR-6)."""
    return list(dict.fromkeys(_pinyin_grams(name)))


def name_grams(name: str) -> list[str]:
    """Return `search_grams` and `pinyin_grams` of a name together; some may stand twice (AR-6)."""
    return text_grams(name) + _pinyin_grams(name)


def query_alternatives(text: str) -> list[list[str]]:
    """Return what to ask the index for `text`: alternatives, each a list of tokens a name must all hold (AR-6).

    Two letters and more may be a word, initials (hwjs) or pinyin (huawei); everything else is looked for as written.
    Nothing is returned where `text` has nothing to look for.
    """
    alternatives = [grams] if (grams := query_grams(text)) else []
    letters = fold(text)
    if _LETTERS.fullmatch(letters):
        alternatives.append([letters] if len(letters) <= 3 else list(dict.fromkeys([letters[:3], letters[1:4]])))
        if len(letters) >= _FULL_LEAST:
            alternatives.append(["0" + letters[:_FULL_PREFIX]])
    return [list(tokens) for tokens in dict.fromkeys(tuple(tokens) for tokens in alternatives)]


def fts_query(alternatives: list[list[str]]) -> str:
    """Return alternatives of tokens as an FTS5 MATCH expression, '' for none; tokens are quoted, none can be an operator (AR-6)."""
    return " OR ".join("(" + " AND ".join('"' + token.replace('"', '""') + '"' for token in tokens) + ")" for tokens in alternatives)


def query_parts(text: str) -> list[str]:
    """Return the folded parts of a query, split at spaces: all must occur in the folded name (AR-6)."""
    return [fold(part) for part in unicodedata.normalize("NFKC", text).split()]


def matches(text: str, name: str) -> bool:
    """Return whether a candidate is found by `text`: it contains all its parts, or its pinyin or initials contain the letters (AR-6)."""
    parts = query_parts(text)
    if not parts:
        return False
    folded = fold(name)
    if all(part in folded for part in parts):
        return True
    letters = fold(text)
    if not _LETTERS.fullmatch(letters):
        return False
    return letters in spelling(name).initials or letters in spelling(name).full


def _folded(text: str) -> str:
    """Return `text` in NFKC and small letters; the second round is for letters whose small form is not NFKC."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())


def _pinyin_grams(name: str) -> list[str]:
    # Asked for every name of an import: as few steps as can be.
    spelt, initials, full = spelling(name)
    lengths = list(map(len, filter(None, spelt)))
    stem = max(len(lengths) - legal_form_length(name), 1)
    # Windows that the end of the name would cut short are left out.
    pairs = list(map(add, initials, initials[1:]))
    tokens = pairs[: stem + 1]
    tokens += map(add, pairs[: stem + 1], initials[2:])
    start = 0
    for length, following in zip(lengths[:stem], [*lengths[1:], 0], strict=False):
        six, both = "0" + full[start : start + _FULL_PREFIX], length + following
        if len(six) > _FULL_LEAST:
            tokens.append(six)
        if both < _FULL_PREFIX:
            tokens.append(six[:_FULL_PREFIX])
            if both < _FULL_PREFIX - 1:
                tokens.append(six[: _FULL_PREFIX - 1])
        start += length
    return tokens


def text_grams(text: str) -> list[str]:
    """Return `search_grams` of a text as they come; some may stand twice (AR-6)."""
    if _PLAIN_HAN.fullmatch(text):
        return [*text, *map(add, text, text[1:])]
    tokens: list[str] = []
    for match in _RUN.finditer(_folded(text)):
        run = match[0]
        if match["han"]:
            tokens += run
            tokens += [run[start : start + 2] for start in range(len(run) - 1)]
        else:
            tokens += [run[:end] for end in range(1, min(len(run), WORD_PREFIX) + 1)]
    return tokens


def _query_grams(text: str) -> list[str]:
    tokens: list[str] = []
    for match in _RUN.finditer(_folded(text)):
        run = match[0]
        if not match["han"]:
            tokens.append(run[:WORD_PREFIX])
        else:
            tokens += [run] if len(run) == 1 else [run[start : start + 2] for start in range(len(run) - 1)]
    return tokens
