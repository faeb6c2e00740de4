"""Strings of the pages: found in the sources, kept in the .po files, written as .mo.

`python tests/server/pages/translate.py` adds new strings to the .po files, drops those that no source has, and writes
the .mo files. docs/translate.md tells how to translate.
"""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

SERVER = Path(__file__).parents[3] / "src" / "sonoher2" / "server"
PAGES = SERVER / "pages"
METHODS = {".html": "jinja2.ext:babel_extract", ".py": "python"}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2)}
IN_SCRIPTS = re.compile(r"""(?<![\w.])t\(\s*("(?:[^"\\]|\\.)*")?""")
"""A call of `t` in a script, and its literal: Babel does not see a call within another one."""
OPTIONS = {"trimmed": "true", "newstyle_gettext": "true", "trim_blocks": "true", "lstrip_blocks": "true"}
OTHERS = {"studies": ("studies", "study"), "cohorts": ("cohorts", "cohort")}
"""Domains besides `sonoher2`, by words in the names of the files that they serve."""
NEVER = datetime(2026, 1, 1, tzinfo=UTC)


def domain_of(source: Path) -> str:
    """Name the file of translations that a source belongs to."""
    parts = source.relative_to(SERVER).with_suffix("").parts
    for domain, words in OTHERS.items():
        if any(part.startswith(words) for part in parts):
            return domain
    return "sonoher2"


def strings() -> dict[str, dict[str, list[str]]]:
    """Strings by domain, each with the files that use it; one that several domains use stands in `sonoher2` alone."""
    found: dict[str, dict[str, list[str]]] = {"sonoher2": {}, "studies": {}, "cohorts": {}}
    for source, text in _every_string():
        found[domain_of(source)].setdefault(text, []).append(source.relative_to(SERVER).as_posix())
    for domain in OTHERS:
        for text in set(found[domain]) & set(found["sonoher2"]):
            del found[domain][text]
    for text in set(found["studies"]) & set(found["cohorts"]):
        found["sonoher2"][text] = found["studies"].pop(text) + found["cohorts"].pop(text)
    return found


def calls_in_scripts() -> Iterator[tuple[Path, str]]:
    """Calls of `t`, with the text that each is given; it is empty where that is no literal."""
    for source in sorted(SERVER.rglob("*.js")):
        code = source.read_text(encoding="utf-8").replace("export function t(", "")
        for found in IN_SCRIPTS.finditer(re.sub(r"^ *(/?\*|//).*$", "", code, flags=re.MULTILINE)):
            yield source, json.loads(found[1]) if found[1] else ""


def _every_string() -> Iterator[tuple[Path, str]]:
    yield from calls_in_scripts()
    for source in sorted(path for path in SERVER.rglob("*") if path.suffix in METHODS):
        with source.open("rb") as stream:
            options = OPTIONS if source.suffix == ".html" else {}
            for _, text, _, _ in extract(METHODS[source.suffix], stream, KEYWORDS, options=options):
                for one in text if isinstance(text, tuple) else (text,):
                    if one:
                        yield source, one


def po_file(language: str, domain: str) -> Path:
    return PAGES / "locale" / language / "LC_MESSAGES" / f"{domain}.po"


def read(language: str, domain: str) -> Catalog:
    file = po_file(language, domain)
    if not file.exists():
        return Catalog(locale=language, domain=domain, fuzzy=False)
    with file.open("rb") as stream:
        return read_po(stream, locale=language, domain=domain)


def mo_bytes(catalog: Catalog) -> bytes:
    """The .mo of a catalogue, without dates, so that it says what the .po says and no more."""
    plain = Catalog(locale=catalog.locale, domain=catalog.domain, fuzzy=False, creation_date=NEVER, revision_date=NEVER)
    plain.project, plain.version, plain.msgid_bugs_address = "SonoHER2", "1", ""
    for message in catalog:
        if message.id and message.string and not message.fuzzy:
            plain.add(message.id, message.string)
    stream = io.BytesIO()
    write_mo(stream, plain)
    return stream.getvalue()


def update(language: str = "zh_CN") -> None:
    """Bring the .po files to the sources and write the .mo files; translations are kept, wherever they stood."""
    wanted = strings()
    known = {m.id: m.string for domain in wanted for m in read(language, domain) if m.id and m.string}
    for domain, texts in wanted.items():
        catalog = Catalog(locale=language, domain=domain, fuzzy=False, creation_date=NEVER, revision_date=NEVER)
        catalog.project, catalog.version = "SonoHER2", "1"
        catalog.header_comment = "# Strings of the pages. docs/translate.md tells how to change them."
        for text in sorted(texts):
            catalog.add(text, known.get(text, ""), locations=[(place, None) for place in sorted(set(texts[text]))])
        file = po_file(language, domain)
        if not texts and not file.exists():
            continue
        with file.open("wb") as stream:
            write_po(stream, catalog, width=110, include_lineno=False)
        file.with_suffix(".mo").write_bytes(mo_bytes(catalog))


if __name__ == "__main__":
    update()
    for domain, texts in strings().items():
        left = [m.id for m in read("zh_CN", domain) if m.id and not m.string]
        sys.stdout.write(
            "\n  ".join([f"{domain}: {len(texts)} strings, {len(left)} without a translation", *left]) + "\n"
        )
