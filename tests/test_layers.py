"""The arrows of docs/architecture.md: blueprints → models → rules, and who may commit."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PORTAL = Path(__file__).resolve().parent.parent / "portal"

SETTINGS = {"notice.py", "proposal_letter.py", "survey_mail.py"}
"""Models that ask for a setting (`flask.current_app`): whether there is a mail server, what the site is called."""

WEB = {"flask", "flask_login", "flask_wtf", "wtforms", "flask_babel", "jinja2", "werkzeug"}


@cache
def nodes(path: Path) -> list[ast.AST]:
    """Return all that a file consists of."""
    return list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(path: Path) -> Iterator[tuple[str, str]]:
    """Yield (module, name) of every import, those inside functions included, those for types alone left out."""
    for_types = {
        id(inner)
        for node in nodes(path)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in nodes(path):
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


def test_rules_know_neither_database_nor_web() -> None:
    for path in files("rules"):
        for module, name in imports(path):
            assert module.split(".")[0] not in WEB | {"sqlalchemy", "flask_sqlalchemy"}, f"{named(path)}: {module}"
            if module.split(".")[0] == "portal":
                whole = f"{module}.{name}" if module == "portal" else module
                assert whole.startswith("portal.rules"), f"{named(path)}: {module} {name}"


ABOVE = ("portal.blueprints", "portal.sessions", "portal.forms", "portal.htmx", "portal.i18n", "portal.filters", "portal.errors")


def test_models_know_neither_request_nor_page() -> None:
    for path in files("models"):
        for module, name in imports(path):
            root = module.split(".")[0]
            if root == "flask":
                assert name == "current_app", f"{named(path)}: {name}"
                assert path.name in SETTINGS, f"{named(path)}: {name}"
            elif root == "flask_login":
                assert name == "UserMixin", f"{named(path)}: {name}"
            else:
                assert root not in WEB, f"{named(path)}: {module}"
            assert not f"{module}.{name}".startswith(ABOVE), f"{named(path)}: {module}.{name}"


def test_blueprints_do_not_know_each_other() -> None:
    for path in files("blueprints"):
        own = path.relative_to(PORTAL / "blueprints").parts[0].removesuffix(".py")
        for module, name in imports(path):
            whole = f"{module}.{name}".split(".")
            if whole[:2] == ["portal", "blueprints"]:
                assert whole[2] in (own, ""), f"{named(path)}: {'.'.join(whole)}"


def test_models_do_not_commit() -> None:
    """Jobs commit their steps in `jobs.py` and in the modules that declare them; a model leaves it to who called it."""
    for path in files("models"):
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr != "commit", f"{named(path)}:{node.lineno} commits"
            if isinstance(node, ast.ImportFrom) and node.module == "portal.database":
                assert "commit" not in {alias.name for alias in node.names}, named(path)


def test_only_the_clock_asks_the_machine_for_the_time() -> None:
    for path in sorted(PORTAL.rglob("*.py")):
        for node in nodes(path) if path.name != "clock.py" else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ("now", "today", "utcnow"):
                owner = ast.unparse(node.func.value)
                assert owner == "clock", f"{named(path)}:{node.lineno} {owner}.{node.func.attr}()"


def test_browser_tests_wait_for_the_page_before_they_ask_for_all_of_it() -> None:
    """`all()` of a locator does not wait: right after a click it finds nothing on the page just left, and nothing is then tested."""
    for path in sorted((PORTAL.parent / "tests" / "browser").glob("test_*.py")):
        for node in nodes(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "all":
                assert "locator" not in ast.unparse(node.func.value), f"{path.name}:{node.lineno} asks at once; use windows.every"


MOMENT = re.compile("(.*_)?at|since")
"""How columns that hold a moment are called."""
SAYS_UTC = {"models/audit.py"}


def day_asked_of(node: ast.AST) -> ast.AST | None:
    """Return of what a piece of code takes the day: `{x:%Y-%m-%d}`, `x.date()`, `x.strftime(…)`, `x.isoformat()[:10]`."""
    if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
        return node.value if re.search("%[Ymd]", ast.unparse(node.format_spec)) else None
    is_cut = isinstance(node, ast.Subscript)
    call = node.value if isinstance(node, ast.Subscript) else node
    called = call.func if isinstance(call, ast.Call) else None
    asks = {"isoformat"} if is_cut else {"date", "strftime"}
    return called.value if isinstance(called, ast.Attribute) and called.attr in asks else None


def test_the_day_of_a_moment_is_that_of_the_site() -> None:
    """Moments are kept in UTC, where it is still yesterday until eight in the morning: `clock.local` comes before any day."""
    for path in sorted(PORTAL.rglob("*.py")):
        for node in nodes(path) if named(path) not in SAYS_UTC else ():
            asked = day_asked_of(node)
            if isinstance(asked, ast.Attribute):
                assert not MOMENT.fullmatch(asked.attr), f"{named(path)}:{asked.lineno}: the day of {ast.unparse(asked)} in UTC"
