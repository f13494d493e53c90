"""A site with a seal. Its key is made once for all tests of a process, and shorter than the portal makes them: each use reads and checks
it, which takes a quarter of the time.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.database import db
from portal.models.sealed_form import SealedForm
from portal.printing import filing, seal_keys
from portal.printing.seal_keys import Place
from tests.approving import APPROVE, sign, submitted

OWNER = "启明物业服务有限公司"
SHORT = 2048


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a seal."""
    folder = tmp_path_factory.mktemp("seal")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seal_keys, "BITS", SHORT)
        Place(folder).init(OWNER)
    return folder


@pytest.fixture(autouse=True)
def _short_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal_keys, "BITS", SHORT)


@pytest.fixture
def no_seal(app: Flask, tmp_path: Path) -> Iterator[Flask]:
    """The portal of a site without a seal."""
    before = app.config["SEAL_FOLDER"]
    app.config["SEAL_FOLDER"] = tmp_path / "seal"
    yield app
    app.config["SEAL_FOLDER"] = before


@pytest.fixture
def sealing(no_seal: Flask, made: Path) -> Flask:
    """The portal of a site with a seal."""
    shutil.copytree(made, no_seal.config["SEAL_FOLDER"])
    return no_seal


def sealed() -> int:
    approval = submitted(APPROVE)
    sign(approval, "mgr1")
    found = filing.file_form(approval.id)
    db.session.commit()
    assert found is not None
    return found.id


@pytest.fixture
def form(sealing: Flask, office: Callable[[Callable[[], int]], int]) -> SealedForm:
    """A form that was sealed and filed."""
    return db.session.get_one(SealedForm, office(sealed))
