"""The templates of the pages."""

from __future__ import annotations

from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup


def render(template: str, **context: object) -> str:
    """Fill a template; every value is escaped, and a name that it lacks is an error."""
    environment = Environment(
        loader=PackageLoader("sonoher2.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(css=Markup(template_text("style.css")), **context)


def template_text(name: str) -> str:
    """Read a file that stands in a page as it is."""
    return (resources.files("sonoher2.report") / "templates" / name).read_text(encoding="utf-8")
