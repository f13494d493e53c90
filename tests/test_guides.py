"""The guides speak the words of the screen, and every picture is there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parent.parent
MESSAGES = ROOT / "portal" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"


def words(language: str) -> set[str]:
    with MESSAGES.open("rb") as file:
        return {str(message.id if language == "en" else message.string) for message in read_po(file) if message.id}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_bold_words_are_on_the_screen(language: str) -> None:
    guide = (ROOT / "docs" / f"guide.{language}.md").read_text(encoding="utf-8")
    known = words(language)
    bold = set(re.findall(r"\*\*(.+?)\*\*", guide)) - {"bold", "粗体"}
    assert bold
    assert not sorted(bold - known)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_scene_is_in_the_guide_and_every_picture_there(language: str) -> None:
    tree = ast.parse((ROOT / "tools" / "pictures.py").read_text(encoding="utf-8"))
    scenes = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.decorator_list]
    wanted = {f"{language}-{name.replace('_', '-')}.png" for name in scenes}
    guide = (ROOT / "docs" / f"guide.{language}.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(pictures/(.+?)\)", guide)) == wanted
    sizes = {name: (ROOT / "docs" / "pictures" / name).stat().st_size for name in wanted}
    assert max(sizes.values()) <= 150_000, sizes


def test_links_of_the_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name}: {target}"
