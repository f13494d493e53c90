"""The arrows of docs/architecture.md: blueprints → models → rules, and who may commit."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

PORTAL = Path(__file__).resolve().parent.parent / "portal"

SETTINGS = {"notice.py", "proposal_letter.py", "survey_mail.py"}
"""Models that ask for a setting (`flask.current_app`): whether there is a mail server, what the site is called."""

WEB = {"flask", "flask_login", "flask_wtf", "wtforms", "flask_babel", "jinja2", "werkzeug"}


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of every import, those inside functions included, those for types alone left out."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for_types = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from ((str(node.module), alias.name) for alias in node.names)


def files(folder: str) -> list[Path]:
    return sorted((PORTAL / folder).rglob("*.py"))


def named(path: Path) -> str:
    return str(path.relative_to(PORTAL))


@pytest.mark.parametrize("path", files("rules"), ids=named)
def test_rules_know_neither_database_nor_web(path: Path) -> None:
    for module, name in imports(path):
        assert module.split(".")[0] not in WEB | {"sqlalchemy", "flask_sqlalchemy"}, module
        if module.split(".")[0] == "portal":
            whole = f"{module}.{name}" if module == "portal" else module
            assert whole.startswith("portal.rules"), f"{module} {name}"


@pytest.mark.parametrize("path", files("models"), ids=named)
def test_models_know_neither_request_nor_page(path: Path) -> None:
    for module, name in imports(path):
        root = module.split(".")[0]
        if root == "flask":
            assert name == "current_app", name
            assert path.name in SETTINGS, name
        elif root == "flask_login":
            assert name == "UserMixin", name
        else:
            assert root not in WEB, module
        whole = f"{module}.{name}"
        for above in (
            "portal.blueprints",
            "portal.sessions",
            "portal.forms",
            "portal.htmx",
            "portal.i18n",
            "portal.filters",
            "portal.errors",
        ):
            assert not whole.startswith(above), whole


@pytest.mark.parametrize("path", files("blueprints"), ids=named)
def test_blueprints_do_not_know_each_other(path: Path) -> None:
    own = path.relative_to(PORTAL / "blueprints").parts[0].removesuffix(".py")
    for module, name in imports(path):
        whole = f"{module}.{name}".split(".")
        if whole[:2] == ["portal", "blueprints"]:
            assert whole[2] in (own, ""), ".".join(whole)


@pytest.mark.parametrize("path", files("models"), ids=named)
def test_models_do_not_commit(path: Path) -> None:
    """Jobs commit their steps in `jobs.py` and in the modules that declare them; a model leaves it to who called it."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "commit":
            pytest.fail(f"{named(path)}:{node.lineno} commits")
        if isinstance(node, ast.ImportFrom) and node.module == "portal.database":
            assert "commit" not in {alias.name for alias in node.names}


@pytest.mark.parametrize("path", sorted(PORTAL.rglob("*.py")), ids=named)
def test_only_the_clock_asks_the_machine_for_the_time(path: Path) -> None:
    if path.name == "clock.py":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "today", "utcnow"):
            owner = ast.unparse(node.func.value)
            assert owner in ("clock",), f"{named(path)}:{node.lineno} {owner}.{node.func.attr}()"
