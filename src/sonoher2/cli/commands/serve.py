"""`sonoher2 serve`: the page, on this machine or for named users."""

from __future__ import annotations

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from sonoher2.cli.common.options import Trust, grouped
from sonoher2.cli.common.terminal import say
from sonoher2.core.errors import InputError, UsageError

NEEDED = ("fastapi", "uvicorn", "sqlalchemy", "alembic", "argon2", "python_multipart")


@dataclass(frozen=True)
class Address:
    """Options on where the server listens."""

    host: Annotated[str, typer.Option(help="Address to listen on; others than this machine's need TLS and users.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes any free one.")] = 8765
    name: Annotated[
        list[str] | None, typer.Option("--name", help="A further name under which browsers call the server.")
    ] = None
    certificate: Annotated[Path | None, typer.Option("--certificate", help="For TLS: certificate (PEM).")] = None
    key: Annotated[Path | None, typer.Option("--key", help="For TLS: key of the certificate (PEM).")] = None
    users: Annotated[
        Path | None, typer.Option("--users", help="File of named users; users.json in the home unless told.")
    ] = None


@dataclass(frozen=True)
class Keeping:
    """Options on what the server keeps."""

    home: Annotated[
        Path | None, typer.Option("--home", help="Folder for all that the server keeps; private to its user.")
    ] = None
    database: Annotated[
        str, typer.Option("--database", help="postgresql://... ; an SQLite file in the home unless told.")
    ] = ""


@grouped
def serve(
    address: Address,
    keeping: Keeping,
    bundles: Annotated[
        list[Path] | None, typer.Argument(metavar="BUNDLE", help="Frozen models to predict with.")
    ] = None,
    trust: Trust = None,
    open_page: Annotated[bool, typer.Option("--open/--no-open", help="Open the page in a browser.")] = True,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes that read, outline and predict.")] = None,
    add_user: Annotated[
        str | None, typer.Option("--add-user", help="Add a named user, asking for the password, and stop.")
    ] = None,
) -> None:
    """Open the page in a browser: outlines and predictions. Research software, not for clinical use."""
    missing = [name for name in NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(
            f"the server needs packages that are not installed ({', '.join(missing)})",
            fix="Install the extra: pip install 'sonoher2[serve]'",
        )
    from sonoher2.server.base.settings import ServerSettings, default_home
    from sonoher2.server.start import serve as start

    settings = ServerSettings(
        home=(keeping.home or default_home()).absolute(),
        host=address.host,
        port=address.port,
        names=tuple(address.name or ()),
        database=keeping.database,
        bundles=tuple(path.absolute() for path in bundles or ()),
        trust=trust,
        users=address.users,
        certificate=address.certificate,
        key=address.key,
        workers=jobs or min(4, os.cpu_count() or 1),
    )
    if add_user is not None:
        _add_user(settings.users_file, add_user)
        return
    start(settings, say, open_page)


def _add_user(file: Path, name: str) -> None:
    from sonoher2.server.security.users import Users

    password = typer.prompt(f"Password of {name}", hide_input=True)
    if typer.prompt("The same again", hide_input=True) != password:
        raise UsageError("the two passwords differ.")
    Users(file).add(name, password)
    say(f"{name} may sign in ({file}).")
