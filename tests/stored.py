"""Where a test finds what the portal has stored, and an S3 service to store it in: moto's server."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flask import current_app

from portal.database import db
from portal.models.attachment import Attachment
from portal.stores import store
from portal.stores.folder import Folder

BUCKET = "portal-files"
_overwritten: set[str] = set()


def where(file: Attachment) -> Path:
    """Return where a file lies in the folder of this site."""
    place = store()
    assert isinstance(place, Folder), "these files lie in a bucket"
    return place.path_of(file.sha256)


def overwrite(digest: str, content: bytes) -> None:
    """Put another content in the place of the one with this SHA-256, past the portal; after the test it is taken out."""
    store().remove(digest)
    store().put(digest, io.BytesIO(content))
    _overwritten.add(digest)


def take_out_overwritten() -> None:
    """Take what a test has put in the place of other contents out of the store, which the tests of a process share."""
    while _overwritten:
        store().remove(_overwritten.pop())


def stored_contents() -> dict[str, bytes]:
    """Return what the files of this office hold, by SHA-256."""
    return {file.sha256: file.content() for file in db.session.query(Attachment) if is_stored(file)}


def put_back(contents: dict[str, bytes]) -> None:
    """Store contents again that a test has taken out meanwhile."""
    for digest, content in contents.items():
        if not store().has(digest):
            store().put(digest, io.BytesIO(content))


def is_stored(file: Attachment | str) -> bool:
    """Return whether a content is in the store."""
    return store().has(file if isinstance(file, str) else file.sha256)


@contextmanager
def s3_service() -> Iterator[dict[str, Any]]:
    """Yield the settings of an S3 service with an empty bucket, which runs in a thread of this process."""
    import logging

    import boto3
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        settings = {
            "FILES_STORE": "s3",
            "S3_BUCKET": BUCKET,
            "S3_PREFIX": "office/",
            "S3_ENDPOINT": f"http://{host}:{port}",
            "S3_REGION": "us-east-1",
            "S3_ACCESS_KEY": "test",
            "S3_SECRET_KEY": "test",
            "S3_ADDRESSING": "path",
        }
        boto3.client(
            "s3", endpoint_url=settings["S3_ENDPOINT"], region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test"
        ).create_bucket(Bucket=BUCKET)
        yield settings
    finally:
        server.stop()


@contextmanager
def stored_by(settings: dict[str, Any]) -> Iterator[None]:
    """Let the current app store its files by these settings."""
    from portal.stores import made

    before = {name: current_app.config[name] for name in settings}
    place = current_app.extensions["store"]
    current_app.config.update(settings)
    current_app.extensions["store"] = made(current_app.config["FILES_STORE"], current_app.config)
    try:
        yield
    finally:
        current_app.config.update(before)
        current_app.extensions["store"] = place
