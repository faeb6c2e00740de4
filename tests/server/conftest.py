"""A server to talk to: the application itself with a session, or a process of its own on a free port."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("fastapi")
pytest.importorskip("sqlalchemy")

from fastapi.testclient import TestClient
from sqlalchemy import create_engine, text

from server_by_hand import RunningServer, browser, png_of, start_server
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.context.services import Services, open_services
from sonoher2.server.work.pool import Pool
from sonoher2.server.work.tasks import warm_up

if TYPE_CHECKING:
    from conftest import FinishedStudy

REQUIRED = os.environ.get("SONOHER2_REQUIRE_SERVERS") == "1"
POSTGRES = os.environ.get("SONOHER2_TEST_POSTGRES", "")


@pytest.fixture(scope="session")
def pool() -> Iterator[Pool]:
    """One worker for all tests; it starts when the first test needs it."""
    pool = Pool(1, 120.0, warm_up)
    yield pool
    pool.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """URL of an empty database: none (a file in the home), then one on a real PostgreSQL."""
    if request.param == "sqlite":
        yield ""
        return
    if not POSTGRES:
        assert not REQUIRED, "SONOHER2_TEST_POSTGRES is not set"
        pytest.skip("SONOHER2_TEST_POSTGRES names no PostgreSQL")
    yield from empty_postgres()


def empty_postgres() -> Iterator[str]:
    """An empty schema of the PostgreSQL of the tests, removed afterwards."""
    schema = f"test_{os.getpid()}_{time.monotonic_ns()}"
    url = ServerSettings(Path(), database=POSTGRES).database_url
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {schema}"))
    yield f"{url}{'&' if '?' in url else '?'}options=-csearch_path%3D{schema}"
    with engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {schema} CASCADE"))
    engine.dispose()


@pytest.fixture
def settings(tmp_path: Path) -> ServerSettings:
    """Of a server on this machine, with nothing in it."""
    return ServerSettings(tmp_path / "home")


@pytest.fixture
def services(settings: ServerSettings, pool: Pool) -> Iterator[Services]:
    """Its parts."""
    settings.home.mkdir(parents=True, exist_ok=True)
    services = open_services(settings, pool)
    yield services
    services.database.close()


@pytest.fixture
def client(settings: ServerSettings, services: Services) -> Iterator[TestClient]:
    """A browser that has come in by the start address."""
    with browser(settings, services) as client:
        assert client.get("/", params={"token": settings.token}, follow_redirects=False).status_code == 303
        yield client


@pytest.fixture(scope="session")
def server(finished: FinishedStudy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A real server with the model of the small study, for browsers and scripts."""
    running = start_server(tmp_path_factory.mktemp("server") / "home", str(finished.run / "bundle"), "--jobs", "1")
    yield running
    running.process.terminate()
    running.process.wait(30)


@pytest.fixture(scope="session")
def lesion_png() -> bytes:
    """A dark ellipse on bright speckle, 120 rows x 160 columns."""
    random = np.random.default_rng(3)
    down, across = np.mgrid[:120, :160]
    inside = ((down - 60) / 25) ** 2 + ((across - 80) / 40) ** 2 < 1
    grey = np.where(inside, 40, 150) * random.gamma(4, 0.25, (120, 160))
    return png_of(np.clip(grey, 0, 255).astype(np.uint8))
