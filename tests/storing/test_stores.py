"""Both places keep the same promises: once, whole, in portions, found again, gone when taken out."""

from __future__ import annotations

import hashlib
import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from portal import config
from portal.stores import Store, StoreFailed, made
from portal.stores.bucket import Bucket

WORDS = b"".join(b"%07d\n" % number for number in range(50_000))
DIGEST = hashlib.sha256(WORDS).hexdigest()


def test_a_content_is_found_again_whole_and_in_parts(kept_in: Store, tmp_path: Path) -> None:
    assert not kept_in.has(DIGEST)
    kept_in.put(DIGEST, io.BytesIO(WORDS))
    kept_in.put(DIGEST, io.BytesIO(WORDS))
    assert kept_in.has(DIGEST)
    assert kept_in.read(DIGEST) == WORDS
    with kept_in.open(DIGEST) as content:
        assert content.seek(0, io.SEEK_END) == len(WORDS)
        content.seek(800)
        assert content.read(8) == b"0000100\n"
        assert content.tell() == 808
        content.seek(-8, io.SEEK_END)
        assert content.read() == b"0049999\n"
    path = kept_in.at(DIGEST, tmp_path)
    assert path.read_bytes() == WORDS
    assert kept_in.at(DIGEST, tmp_path) == path


def test_what_is_not_there_says_so(kept_in: Store, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        kept_in.read(DIGEST)
    with pytest.raises(FileNotFoundError):
        kept_in.open(DIGEST)
    assert not kept_in.at(DIGEST, tmp_path).exists()
    assert list(tmp_path.glob("*.part")) == []
    kept_in.remove(DIGEST)


def test_what_is_there_is_listed_in_order_and_goes(kept_in: Store) -> None:
    contents = [str(number).encode() for number in range(30)]
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    for digest, content in zip(digests, contents, strict=True):
        kept_in.put(digest, io.BytesIO(content))
    assert list(kept_in.digests()) == sorted(digests)
    kept_in.remove(digests[0])
    assert not kept_in.has(digests[0])
    assert len(list(kept_in.digests())) == 29
    kept_in.check()


def test_sites_that_share_a_bucket_see_their_own_part(in_bucket: Bucket, bucket: dict[str, Any]) -> None:
    other = made("s3", {**bucket, "S3_PREFIX": "another-office/"})
    in_bucket.put(DIGEST, io.BytesIO(WORDS))
    assert not other.has(DIGEST)
    assert list(other.digests()) == []


class _Refusing:
    """A client whose first put is answered with an error."""

    def __init__(self, client: Any, code: str) -> None:
        self.client, self.code, self.asked = client, code, []

    def __getattr__(self, name: str) -> Any:
        return getattr(self.client, name)

    def put_object(self, **values: Any) -> Any:
        self.asked.append("IfNoneMatch" in values)
        if len(self.asked) == 1:
            raise ClientError({"Error": {"Code": self.code}, "ResponseMetadata": {"HTTPStatusCode": 501}}, "PutObject")
        return self.client.put_object(**values)


@pytest.mark.parametrize("code", ["NotImplemented", "ConditionalRequestConflict"])
def test_a_service_that_knows_no_condition_stores_as_well(in_bucket: Bucket, code: str) -> None:
    client = in_bucket._clients["patient"] = _Refusing(in_bucket._client(), code)
    in_bucket.put(DIGEST, io.BytesIO(WORDS))
    assert client.asked == [True, False]
    assert in_bucket.read(DIGEST) == WORDS


class _Breaking:
    """An answer whose connection breaks after some bytes, as often as is said."""

    def __init__(self, body: Any, left: list[int]) -> None:
        self.body, self.left, self.said = body, left, 0

    def read(self, size: int) -> bytes:
        if self.said > 50_000 and self.left[0]:
            self.left[0] -= 1
            raise ConnectionResetError
        data: bytes = self.body.read(min(size, 20_000))
        self.said += len(data)
        return data

    def close(self) -> None:
        self.body.close()


@pytest.mark.parametrize(("breaks", "ends"), [(2, True), (1000, False)])
def test_reading_goes_on_where_the_connection_broke(in_bucket: Bucket, monkeypatch: pytest.MonkeyPatch, breaks: int, ends: bool) -> None:
    in_bucket.put(DIGEST, io.BytesIO(WORDS))
    get, left = in_bucket._get, [breaks]

    def breaking(digest: str, start: int) -> Any:
        answer = get(digest, start)
        return {**answer, "Body": _Breaking(answer["Body"], left)} if start == 0 or breaks > 2 else answer

    monkeypatch.setattr(in_bucket, "_get", breaking)
    if ends:
        left[0] = 1
        assert in_bucket.read(DIGEST) == WORDS
        return
    monkeypatch.setattr(_Breaking, "read", lambda self, size: (_ for _ in ()).throw(ConnectionResetError()))
    with pytest.raises(StoreFailed):
        in_bucket.read(DIGEST)


def test_a_missing_bucket_is_not_an_empty_one(bucket: dict[str, Any]) -> None:
    wrong = made("s3", {**bucket, "S3_BUCKET": "nobody-made-this"})
    for act in (wrong.check, lambda: list(wrong.digests()), lambda: wrong.read(DIGEST), lambda: wrong.put(DIGEST, io.BytesIO(WORDS))):
        with pytest.raises(StoreFailed):
            act()


@pytest.mark.parametrize(
    "wrong",
    [{"FILES_STORE": "s3"}, {"FILES_STORE": "cloud"}, {"S3_ENDPOINT": "s3.example.com:9000"}, {"S3_ADDRESSING": "both"}],
)
def test_settings_that_cannot_be_stop_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str]) -> None:
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(config.ConfigurationError):
        config.load(tmp_path)


def test_without_a_bucket_boto3_is_never_loaded(tmp_path: Path) -> None:
    program = f"""
import sys
from portal import create_app
app = create_app({{"INSTANCE_FOLDER": {str(tmp_path)!r}, "PORTAL_ENV": "testing", "SECRET_KEY": "x" * 40}})
print([name for name in ("boto3", "botocore", "portal.stores.bucket") if name in sys.modules])
"""
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert said.stdout == "[]\n"
