"""Frozen content: canonical text, SHA-256, verification codes and differences (AP-4)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O and U, which people misread on paper."""


class Difference(NamedTuple):
    """One place where two contents differ; a place that one of them lacks is None there."""

    path: str
    old: Any
    new: Any


def canonical(content: Any) -> str:
    """Return the one text of plain JSON data. Raises TypeError for what is not plain, ValueError for NaN."""
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def content_hash(content: Any) -> str:
    """Return the SHA-256 of the canonical text, 64 hexadecimal digits."""
    return hashlib.sha256(canonical(content).encode()).hexdigest()


def verification_code(digest: str) -> str:
    """Return the first 60 bits of a hash as a code that can be read out: `7K3M-9QXA-P2WD`."""
    number = int(digest[:15], 16)
    signs = "".join(_ALPHABET[number >> shift & 31] for shift in range(55, -5, -5))
    return "-".join(signs[start : start + 4] for start in range(0, 12, 4))


def _leaves(content: Any, path: str) -> Iterator[tuple[str, Any]]:
    if isinstance(content, dict) and content:
        for key in content:
            yield from _leaves(content[key], f"{path}.{key}" if path else str(key))
    elif isinstance(content, list) and content:
        for number, entry in enumerate(content, start=1):
            yield from _leaves(entry, f"{path}.{number}" if path else str(number))
    else:
        yield path, content


def differences(old: Any, new: Any) -> list[Difference]:
    """Return where two contents differ, by dotted path with list places counted from 1, in the order of `old`, then what is new."""
    before, after = dict(_leaves(old, "")), dict(_leaves(new, ""))
    return [
        Difference(path, before.get(path), after.get(path))
        for path in [*before, *(path for path in after if path not in before)]
        if before.get(path) != after.get(path)
    ]
