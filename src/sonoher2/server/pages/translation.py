"""The languages of the pages: which one a request asks for, and its strings."""

from __future__ import annotations

import gettext
from functools import cache
from importlib import resources

from starlette.requests import Request

LANGUAGES = {"en": "English", "zh-CN": "简体中文"}
"""By tag, in their own words. English is what the sources say."""
COOKIE = "language"
DOMAINS = ("sonoher2", "studies", "cohorts")
"""Files of translations: all pages and cases, studies, outlines of a cohort."""


def language_of(request: Request) -> str:
    """Name the language of a request: that of its cookie, else the first accepted one that there is, else English."""
    chosen = request.cookies.get(COOKIE, "")
    if chosen in LANGUAGES:
        return chosen
    for accepted in _accepted(request.headers.get("accept-language", "")):
        for language in LANGUAGES:
            if language.split("-")[0] == accepted.split("-")[0]:
                return language
    return "en"


def _accepted(header: str) -> list[str]:
    """Tags of an Accept-Language header in lower case, the most wanted first."""
    weighed = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            weighed.append((-float(weight or 1), tag.strip().lower()))
        except ValueError:
            continue
    return [tag for weight, tag in sorted(weighed, key=lambda pair: pair[0]) if tag and weight < 0]


@cache
def translations(language: str) -> gettext.NullTranslations:
    """Read the translations of a language; those of English give the strings back."""
    found: gettext.NullTranslations = gettext.NullTranslations()
    folder = resources.files(__package__) / "locale" / language.replace("-", "_") / "LC_MESSAGES"
    for domain in DOMAINS:
        file = folder / f"{domain}.mo"
        if file.is_file():
            with file.open("rb") as stream:
                one = gettext.GNUTranslations(stream)
            one.add_fallback(found)
            found = one
    return found


@cache
def catalogue(language: str) -> dict[str, str]:
    """List the strings of a language by the English ones, for scripts; none for English."""
    found: dict[str, str] = {}
    held: gettext.NullTranslations | None = translations(language)
    while held is not None:
        own = getattr(held, "_catalog", {})
        found = {key: text for key, text in own.items() if isinstance(key, str) and key} | found
        held = getattr(held, "_fallback", None)
    return found
