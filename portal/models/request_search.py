"""What requests are found by: the words of what was asked and of who asked (`word_index.py`)."""

from __future__ import annotations

from portal.models.request import ServiceRequest
from portal.models.word_index import Grams, WordIndex
from portal.rules.grams import query_grams, search_grams

INDEX = WordIndex(
    ServiceRequest, (ServiceRequest.search_text,), grams=Grams(search_grams, query_grams), folded=str, fts="service_request_fts"
)
"""Texts are long: the beginnings of their words are enough. They stand folded in the request."""
