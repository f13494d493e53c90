"""Guesses at one password, all at once, count like guesses one after another (quality.md: Passwords)."""

from __future__ import annotations

from typing import Any

from flask import Flask

from portal.database import db
from portal.models.session import SignInAttempt
from portal.models.standard import value as standard
from tests.concurrency.test_edits import at_once


def test_of_twelve_guesses_at_once_as_many_are_tried_as_one_may(app: Flask, staff: dict[str, Any]) -> None:
    for name in ("rep1", "rep2"):
        ended = at_once(app, [lambda name=name: SignInAttempt.count(name, "10.0.0.9") for _guess in range(12)])  # type: ignore[misc]
        assert ended.count("Throttled") == 12 - int(standard("signin.attempts"))
        db.session.rollback()
