"""Keep the Chinese messages: `add FILE.tsv` merges translations, `update` extracts, `check` says what is missing or unused.

python tools/translate.py add some.tsv      lines of: English message id TAB Chinese
python tools/translate.py update            extract from the sources into messages.po; keeps what is translated
python tools/translate.py check             exit 1 when a message is untranslated, unused or has wrong places
"""

from __future__ import annotations

import fcntl
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
PO = ROOT / "portal" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
PLACES = re.compile(r"%\((\w+)\)[sd]")


@contextmanager
def alone() -> Iterator[None]:
    """Let one run at a time change the messages of this tree: the lock is on their folder, so that nothing is left behind."""
    folder = os.open(PO.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def read() -> Catalog:
    if not PO.exists():
        return Catalog(locale="zh_Hans_CN", project="customer portal", fuzzy=False)
    with PO.open("rb") as file:
        return read_po(file, locale="zh_Hans_CN")


def save(catalog: Catalog) -> None:
    PO.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    write_po(buffer, catalog, width=0, sort_output=True, no_location=True, omit_header=False, ignore_obsolete=True)
    PO.write_bytes(buffer.getvalue())
    from babel.messages.mofile import write_mo

    with PO.with_suffix(".mo").open("wb") as file:
        write_mo(file, catalog)


def extracted() -> Catalog:
    with tempfile.NamedTemporaryFile(suffix=".pot") as pot:
        command = [sys.executable, "-m", "babel.messages.frontend", "-q", "extract", "-F", str(ROOT / "babel.cfg")]
        command += ["-k", "_l", "-k", "N_", "-k", "Refusal", "-k", "MissingGlyph", "-k", "Message", "-o", pot.name, "portal"]
        subprocess.run(command, check=True, cwd=ROOT)
        with Path(pot.name).open("rb") as file:
            return read_po(file)


def add(path: str) -> None:
    with alone():
        catalog = read()
        for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            english, _tab, chinese = line.partition("\t")
            english, chinese = english.replace("\\n", "\n"), chinese.strip().replace("\\n", "\n")
            if not chinese:
                sys.exit(f"{path}:{number}: no Chinese after the tab")
            if set(PLACES.findall(english)) != set(PLACES.findall(chinese)):
                sys.exit(f"{path}:{number}: the places %(…)s differ")
            catalog.add(english, chinese, flags=("python-format",) if PLACES.search(english) else ())
            catalog[english].string = chinese  # adding alone leaves an earlier translation as it is
        save(catalog)


def update() -> None:
    with alone():
        catalog = read()
        catalog.update(extracted(), no_fuzzy_matching=True)
        catalog.obsolete.clear()
        save(catalog)


def problems() -> list[str]:
    catalog, wanted = read(), extracted()
    found = []
    for message in wanted:
        if not message.id:
            continue
        kept = catalog.get(message.id)
        if kept is None or not kept.string:
            found.append(f"untranslated: {message.id!r} ({message.locations[:1]})")
        elif set(PLACES.findall(str(message.id))) != set(PLACES.findall(str(kept.string))):
            found.append(f"places differ: {message.id!r}")
    found.extend(f"unused: {message.id!r}" for message in catalog if message.id and wanted.get(message.id) is None)
    return found


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["add", path]:
            add(path)
        case ["update"]:
            update()
        case ["compile"]:
            save(read())
        case ["check"]:
            lines = problems()
            print("\n".join(lines) or "All messages are translated.")
            sys.exit(1 if lines else 0)
        case _:
            sys.exit(__doc__)
