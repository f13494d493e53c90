"""The contents of files in a bucket of an S3 service. boto3 is loaded at the first use, not where files lie in a folder."""

from __future__ import annotations

import base64
import io
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from portal.stores import DIGEST, Store, StoreFailed, place_of

log = structlog.get_logger()

PATIENT = {"connect_timeout": 4, "read_timeout": 30, "retries": {"total_max_attempts": 3, "mode": "standard"}}
"""For contents: seconds, and how often a request is sent before it is given up."""
HASTY = {"connect_timeout": 2, "read_timeout": 3, "retries": {"total_max_attempts": 1, "mode": "standard"}}
"""For `check`, which somebody waits for."""
RESUMED = 3
"""So often reading is taken up again where the connection broke."""
PORTION = 256 * 1024


class Bucket(Store):
    """A bucket, or what lies under a prefix in it. Settings: S3_BUCKET, S3_PREFIX, S3_ENDPOINT, S3_REGION, S3_ADDRESSING and the keys."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self._config = config
        self.bucket, self.prefix = config["S3_BUCKET"], config["S3_PREFIX"]
        self.name = f"s3://{self.bucket}/{self.prefix}"
        self._clients: dict[str, Any] = {}
        self._lock = threading.Lock()

    def key_of(self, digest: str) -> str:
        """Return the key of a content."""
        return self.prefix + place_of(digest)

    def _client(self, kind: str = "patient") -> Any:
        with self._lock:
            if kind not in self._clients:
                import boto3
                from botocore.config import Config

                config = self._config
                # What newer clients add to every request is unknown to many services that are not Amazon's.
                plain = {"request_checksum_calculation": "when_required", "response_checksum_validation": "when_required"}
                self._clients[kind] = boto3.session.Session().client(
                    "s3",
                    endpoint_url=config["S3_ENDPOINT"] or None,
                    region_name=config["S3_REGION"] or None,
                    aws_access_key_id=config["S3_ACCESS_KEY"] or None,
                    aws_secret_access_key=config["S3_SECRET_KEY"] or None,
                    config=Config(**(HASTY if kind == "hasty" else PATIENT), **plain, s3={"addressing_style": config["S3_ADDRESSING"]}),
                )
            return self._clients[kind]

    @contextmanager
    def _asking(self, what: str, digest: str = "") -> Iterator[None]:
        """Turn what the service says into FileNotFoundError or `StoreFailed`, which is logged."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except ClientError as error:
            code, status = error.response["Error"]["Code"], error.response["ResponseMetadata"]["HTTPStatusCode"]
            if digest and status == 404 and code != "NoSuchBucket":
                raise FileNotFoundError(digest) from error
            raise self._failed(what, str(code)) from error
        except (BotoCoreError, ConnectionError) as error:
            raise self._failed(what, type(error).__name__) from error

    def _failed(self, what: str, why: str) -> StoreFailed:
        log.error("file store failed", store=self.name, doing=what, why=why)
        return StoreFailed(f"{self.name}: {what}: {why}")

    def has(self, digest: str) -> bool:
        """Return whether the content is there."""
        try:
            with self._asking("looking", digest):
                self._client().head_object(Bucket=self.bucket, Key=self.key_of(digest))
        except FileNotFoundError:
            return False
        return True

    def put(self, digest: str, source: BinaryIO) -> None:
        """Store a content unless it is there. The service compares it with its SHA-256."""
        if not self._put(digest, source, only_new=True):
            self._put(digest, source, only_new=False)

    def _put(self, digest: str, source: BinaryIO, *, only_new: bool) -> bool:
        """Return whether the content is there now; False where the service knows no condition, or somebody stores it at this moment."""
        from botocore.exceptions import ClientError

        condition = {"IfNoneMatch": "*"} if only_new else {}
        checksum = base64.b64encode(bytes.fromhex(digest)).decode()
        source.seek(0)
        with self._asking("storing"):
            try:
                self._client().put_object(Bucket=self.bucket, Key=self.key_of(digest), Body=source, ChecksumSHA256=checksum, **condition)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                if only_new and code == "PreconditionFailed":
                    return True
                if only_new and code in ("NotImplemented", "ConditionalRequestConflict"):
                    return False
                raise
        return True

    def open(self, digest: str) -> BinaryIO:
        """Return the content as it comes in; an unreachable service is known before the first byte is asked for."""
        return io.BufferedReader(_Reader(self, digest), PORTION)

    def _get(self, digest: str, start: int) -> Any:
        with self._asking("reading", digest):
            span = {"Range": f"bytes={start}-"} if start else {}
            return self._client().get_object(Bucket=self.bucket, Key=self.key_of(digest), **span)

    def at(self, digest: str, folder: Path) -> Path:
        """Fetch the content into `folder`, once."""
        path = folder / digest
        if not path.exists():
            part = folder / f"{digest}.part"
            try:
                with self.open(digest) as source, part.open("wb") as file:
                    shutil.copyfileobj(source, file, PORTION)
            except FileNotFoundError:
                return path
            part.replace(path)
        return path

    def remove(self, digest: str) -> None:
        """Remove the object. In a bucket with versions an older one stays: the guide for operators says so."""
        with self._asking("removing"):
            self._client().delete_object(Bucket=self.bucket, Key=self.key_of(digest))

    def digests(self) -> Iterator[str]:
        """Yield what is there; the service lists keys in ascending order."""
        with self._asking("listing"):
            for page in self._client().get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix):
                names = (one["Key"].removeprefix(self.prefix) for one in page.get("Contents", ()))
                yield from (name[3:] for name in names if DIGEST.fullmatch(name[3:]) and name == place_of(name[3:]))

    def check(self) -> None:
        """Raise `StoreFailed` where the bucket does not answer within seconds."""
        with self._asking("checking"):
            self._client("hasty").head_bucket(Bucket=self.bucket)


class _Reader(io.RawIOBase):
    """An object of a bucket as a file: read as it comes in, taken up again where the connection broke or somebody seeks."""

    def __init__(self, bucket: Bucket, digest: str) -> None:
        self._bucket, self._digest, self._position, self._read = bucket, digest, 0, 0
        answer = bucket._get(digest, 0)
        self._body: Any = answer["Body"]
        self.size: int = answer["ContentLength"]

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._position = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self.size}[whence]
        return self._position

    def readinto(self, buffer: Any) -> int:
        if self._position >= self.size:
            return 0
        if self._read != self._position:
            self._let_go()
        for left in reversed(range(RESUMED)):
            try:
                with self._bucket._asking("reading", self._digest):
                    if self._body is None:
                        self._body, self._read = self._bucket._get(self._digest, self._position)["Body"], self._position
                    data = self._body.read(min(len(buffer), self.size - self._position))
                if data:
                    break
                raise self._bucket._failed("reading", "ended too early")
            except StoreFailed:
                self._let_go()
                if not left:
                    raise
        buffer[: len(data)] = data
        self._position += len(data)
        self._read = self._position
        return len(data)

    def close(self) -> None:
        self._let_go()
        super().close()

    def _let_go(self) -> None:
        # The rest of the answer is not waited for: the connection is given up with it.
        body, self._body = getattr(self, "_body", None), None
        if body is not None:
            body.close()
