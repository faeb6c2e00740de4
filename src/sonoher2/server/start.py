"""Starting the server: what must be there before it listens, and the address that opens it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from sonoher2.core.errors import InputError
from sonoher2.server.base.settings import WILDCARDS, ServerSettings

LOCK = ".server.lock"
OF_SERVER = {LOCK, "users.json", "sonoher2.db", "blobs"}
"""Of these one at least lies in a folder that a server has used."""
FOUND_IN_EMPTY = {"lost+found"}
"""Of a disk of its own."""
ADDRESS = "address.json"
"""In the home, readable by its owner: where a running server is and its token, for scripts on this machine."""


def serve(settings: ServerSettings, say: Callable[[str], None], open_browser: bool = True) -> None:
    """Listen until the process is told to end.

    Parameters
    ----------
    settings
        Of the server; port 0 takes any that is free.
    say
        Shows a line to whoever started it.
    open_browser
        Whether to open the page.

    Raises
    ------
    InputError
        Something is missing for this address, or the home, the database, a bundle or the port cannot be opened.
    """
    check_settings(settings)
    private_folder(settings.home)
    with only_server(settings.home), listening(settings) as sock:
        settings = replace(settings, port=sock.getsockname()[1])
        _serve(settings, sock, say, open_browser)


def _serve(settings: ServerSettings, sock: socket.socket, say: Callable[[str], None], open_browser: bool) -> None:
    # each of these takes longer to import than a refusal should
    import uvicorn

    from sonoher2.server.app import create_app
    from sonoher2.server.cases.service import sweep_cases
    from sonoher2.server.context.services import open_services

    services = open_services(settings)
    address = settings.origin + (f"/?token={settings.token}" if settings.loopback else "/")
    try:
        services.blobs.sweep()
        sweep_cases(services)
        say("Starting: networks and models are loaded.")
        services.pool.wait()
        for key in services.bundles.all():
            services.bundles.facts(key)
        server = uvicorn.Server(
            uvicorn.Config(
                create_app(settings, services),
                log_level="warning",
                access_log=False,
                server_header=False,
                ssl_certfile=settings.certificate,
                ssl_keyfile=settings.key,
                timeout_graceful_shutdown=5,
            )
        )
        with address_file(settings):
            threading.Thread(target=_announce, args=(server, address, say, open_browser), daemon=True).start()
            # uvicorn ends in good order, and then raises the signal that it was sent once more
            with contextlib.suppress(KeyboardInterrupt):
                server.run([sock])
    finally:
        services.close()


def _announce(server: object, address: str, say: Callable[[str], None], open_browser: bool) -> None:
    while not getattr(server, "started", False):
        time.sleep(0.05)
    say(f"SonoHER2 is at {address}\nResearch software, not for clinical use. Ctrl-C ends it.")
    if open_browser:
        webbrowser.open(address)


def check_settings(settings: ServerSettings) -> None:
    """Refuse an address that others can reach unless it is encrypted and its users have names.

    Raises
    ------
    InputError
        The certificate, its key or the users are missing.
    """
    for file in (settings.certificate, settings.key):
        if file is not None and not file.is_file():
            raise InputError("there is no such file", where=str(file), fix="Give a file in PEM form")
    if (settings.certificate is None) != (settings.key is None):
        raise InputError("a certificate and its key belong together", fix="Give both files, or none", hint="server")
    if settings.loopback:
        return
    # slow to import, as it loads the library of argon2
    from sonoher2.server.security.users import Users

    if settings.certificate is None or not Users(settings.users_file).all():
        raise InputError(
            f"other machines can reach the address {settings.host}, so it needs a certificate, its key and named users",
            fix="Give all three, or listen on 127.0.0.1",
            hint="server",
        )


def private_folder(folder: Path) -> None:
    """Make a folder that only its owner can enter, or close one that is empty or a server's.

    Raises
    ------
    InputError
        It cannot be made, or it is used for something else and others may enter it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Windows has other rights
        if os.name != "nt" and folder.stat().st_mode & 0o077:
            names = {path.name for path in folder.iterdir()} - FOUND_IN_EMPTY
            if names and not names & OF_SERVER:
                raise InputError(
                    "others can enter this folder, and it holds other things than a server's",
                    where=str(folder),
                    fix="Choose an empty folder as the home of the server",
                )
            folder.chmod(0o700)
    except OSError as error:
        raise InputError(
            f"the home of the server cannot be used ({error.strerror})", where=str(folder), fix="Choose another folder"
        ) from None


@contextlib.contextmanager
def only_server(home: Path) -> Iterator[None]:
    """Keep a home for one server; the lock ends with the process, however that ends.

    Raises
    ------
    InputError
        Another server works there.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(home / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            "a server works with this home already", where=str(home), fix="Use its page, or choose another home"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def listening(settings: ServerSettings) -> Iterator[socket.socket]:
    """Open the port, before anything slow is done.

    Raises
    ------
    InputError
        It is taken, or the address is not this machine's.
    """
    with contextlib.ExitStack() as opened:
        try:
            kind, _, _, _, address = socket.getaddrinfo(
                settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            sock = opened.enter_context(socket.socket(kind, socket.SOCK_STREAM))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if kind == socket.AF_INET6 and settings.host in WILDCARDS:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            sock.bind(address)
        except OSError as error:
            raise InputError(
                f"port {settings.port} of {settings.host} cannot be listened on ({error.strerror})",
                fix="Choose another port",
            ) from None
        yield sock


@contextlib.contextmanager
def address_file(settings: ServerSettings) -> Iterator[None]:
    """Tell scripts of this machine's user where the server is, while it runs."""
    path = settings.home / ADDRESS
    facts = {"url": settings.origin, "token": settings.token if settings.loopback else ""}
    path.unlink(missing_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(facts, file)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
