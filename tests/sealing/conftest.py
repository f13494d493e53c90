"""A site with a seal. Its key is made once for all tests of a process: making one takes a while."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from portal.printing.seal_keys import Place

OWNER = "启明物业服务有限公司"


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a seal."""
    folder = tmp_path_factory.mktemp("seal")
    Place(folder).init(OWNER)
    return folder


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
