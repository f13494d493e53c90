"""Rows of the home page."""

from tests.access import everyone

ROWS = [everyone("home.index", "/")]
