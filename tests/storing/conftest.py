"""The portal with its files in a folder, then in a bucket; or in a bucket that cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from flask import Flask

from portal.stores import Store, store
from tests.stored import stored_by

_serial = count(1)


@pytest.fixture
def fresh_bucket(bucket: dict[str, Any]) -> dict[str, Any]:
    """The settings of a part of the bucket in which nothing lies yet."""
    return {**bucket, "S3_PREFIX": f"office-{next(_serial)}/"}


@pytest.fixture(params=["folder", "s3"])
def kept_in(request: pytest.FixtureRequest, app: Flask, tmp_path: Any) -> Iterator[Store]:
    """The store of the portal: a folder, then a bucket."""
    settings = {"FILES_STORE": "folder", "FILES_FOLDER": tmp_path / "site" / "files"}
    if request.param == "s3":
        settings = {**settings, **request.getfixturevalue("fresh_bucket")}
    with stored_by(settings):
        yield store()


@pytest.fixture
def in_bucket(app: Flask, fresh_bucket: dict[str, Any], tmp_path: Any) -> Iterator[Store]:
    """The portal with its files in a bucket."""
    with stored_by({**fresh_bucket, "FILES_FOLDER": tmp_path / "site" / "files"}):
        yield store()


@pytest.fixture
def away(fresh_bucket: dict[str, Any]) -> dict[str, Any]:
    """The settings of a service that nobody answers for."""
    return {**fresh_bucket, "S3_ENDPOINT": "http://127.0.0.1:9"}
