"""Amounts on sheets (PR-4): figures with thousands separators, and Chinese capitals where money is approved."""

from __future__ import annotations

from decimal import Decimal

from portal.rules.money import capitals, figures


def amount(value: Decimal | str | None) -> str:
    """Return `value` in yuan as `1,234.50`; a finished text or nothing comes back as it is (empty for None)."""
    if isinstance(value, Decimal):
        return figures(value)
    return value or ""


def capital_amount(value: Decimal | str | None) -> str:
    """Return `value` in yuan in Chinese capitals (人民币壹仟肆佰零玖元伍角); empty where it is no amount."""
    return capitals(value) if isinstance(value, Decimal) else ""
