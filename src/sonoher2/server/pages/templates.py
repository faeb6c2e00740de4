"""Templates become answers, in the language that a request asks for."""

from __future__ import annotations

from functools import cache
from typing import Any, cast

from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request

from sonoher2.core.version import __version__
from sonoher2.server.pages.translation import LANGUAGES, catalogue, language_of, translations


@cache
def _environment(language: str) -> Environment:
    environment = Environment(
        loader=PackageLoader("sonoher2.server.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    # the extension adds this method when it is loaded, so that its type is not known
    cast("Any", environment).install_gettext_translations(translations(language), newstyle=True)
    return environment


def render(request: Request, template: str, *, status: int = 200, **context: object) -> HTMLResponse:
    """Answer a request with a template; every value is escaped, and a name that it lacks is an error.

    Parameters
    ----------
    request
        Its cookie and headers choose the language.
    template
        File name in `templates`; it extends `base.html`.
    status
        Of the answer.
    **context
        What the template shows; `user` is the name at the top of the page, none when it is left out.
    """
    language = language_of(request)
    values = {
        "language": language,
        "languages": LANGUAGES,
        "strings": catalogue(language),
        "here": request.url.path,
        "version": __version__,
        "user": None,
    }
    text = _environment(language).get_template(template).render(values | context)
    headers = {"Cache-Control": "no-store", "Content-Language": language, "Vary": "Cookie, Accept-Language"}
    return HTMLResponse(text, status_code=status, headers=headers)
