"""How the server is set up: one frozen object, made by the command or a test."""

from __future__ import annotations

import ipaddress
import os
import secrets
import socket
from dataclasses import dataclass, field
from pathlib import Path

PORT = 8765
WILDCARDS = ("0.0.0.0", "::")
MB = 2**20


@dataclass(frozen=True)
class Limits:
    """What one request may bring.

    Attributes
    ----------
    upload_bytes
        Of a form with files.
    body_bytes
        Of any other request.
    task_seconds
        Time for one piece of work, such as a prediction.
    """

    upload_bytes: int = 512 * MB
    body_bytes: int = 16 * MB
    task_seconds: float = 120.0


@dataclass(frozen=True)
class ServerSettings:
    """Settings of one server.

    Attributes
    ----------
    home
        Folder that holds all that the server keeps; only its owner can read it.
    host, port
        Address that is listened on.
    names
        Further names under which browsers may call the server.
    database
        URL of a PostgreSQL database; empty for an SQLite file in `home`.
    bundles
        Folders of frozen models.
    trust
        Public key of whoever must have signed them.
    users
        File of named users; one in `home` unless told.
    certificate, key
        Files in PEM form, for TLS.
    workers
        Processes that read, outline and predict.
    limits
        What one request may bring.
    token
        Opens a session on a loopback address; new at every start.
    """

    home: Path
    host: str = "127.0.0.1"
    port: int = PORT
    names: tuple[str, ...] = ()
    database: str = ""
    bundles: tuple[Path, ...] = ()
    trust: Path | None = None
    users: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    workers: int = 2
    limits: Limits = Limits()
    token: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def users_file(self) -> Path:
        """Where named users are kept."""
        return self.users or self.home / "users.json"

    @property
    def database_url(self) -> str:
        """URL as SQLAlchemy wants it."""
        if not self.database:
            return f"sqlite:///{self.home / 'sonoher2.db'}"
        for start in ("postgresql://", "postgres://"):
            if self.database.startswith(start):
                return f"postgresql+psycopg://{self.database.removeprefix(start)}"
        return self.database

    @property
    def origin(self) -> str:
        """Address as a browser writes it, without a path."""
        host = (self.names or (socket.getfqdn(),))[0] if self.host in WILDCARDS else self.host
        shown = f"[{host}]" if ":" in host else host
        return f"{'https' if self.certificate else 'http'}://{shown}:{self.port}"

    @property
    def hosts(self) -> frozenset[str]:
        """Values of the header Host that are answered, in lower case."""
        names = {self.host, *self.names}
        if self.loopback:
            names |= {"127.0.0.1", "localhost", "::1"}
        elif self.host in WILDCARDS:
            names |= {socket.gethostname(), socket.getfqdn()}
        shown = {f"[{name}]" if ":" in name else name.lower() for name in names - set(WILDCARDS)}
        default = 443 if self.certificate else 80
        return frozenset({f"{name}:{self.port}" for name in shown} | (shown if self.port == default else set()))


def is_loopback(host: str) -> bool:
    """Whether an address is this machine's own, out of reach for others."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def default_home() -> Path:
    """Folder of the user for what programs keep, `sonoher2` within it."""
    data = os.environ.get("XDG_DATA_HOME", "")
    return Path(data if Path(data).is_absolute() else Path.home() / ".local" / "share") / "sonoher2"
