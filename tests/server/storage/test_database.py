"""The database on SQLite and on PostgreSQL: layout, whole transactions, and a log that nobody changes."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from sonoher2.core.errors import InputError
from sonoher2.server.base.settings import ServerSettings
from sonoher2.server.cases.service import size_at
from sonoher2.server.storage import tables_cases, tables_sessions
from sonoher2.server.storage.audit import AuditLog, AuditRow, Hashes
from sonoher2.server.storage.base import Base, Database, now
from sonoher2.server.storage.tables_cases import CaseRow, MaskRow
from sonoher2.server.storage.tables_sessions import SessionRow

assert tables_cases
assert tables_sessions


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    database = Database(ServerSettings(tmp_path, database=database_url).database_url)
    database.migrate()
    yield database
    database.close()


def test_the_layout_is_the_one_of_the_classes(database: Database) -> None:
    found = inspect(database.engine)
    for name, table in Base.metadata.tables.items():
        columns = {column["name"]: column for column in found.get_columns(name)}
        assert {column.name: column.nullable for column in table.columns} == {
            key: column["nullable"] for key, column in columns.items()
        }, name
        assert set(found.get_pk_constraint(name)["constrained_columns"]) == {one.name for one in table.primary_key}


def test_a_second_start_finds_the_layout_and_keeps_what_is_there(database: Database) -> None:
    AuditLog(database).add("anna", "open", "x")
    database.migrate()
    assert [row.user for row in AuditLog(database).rows()] == ["anna"]


def test_what_an_older_version_kept_stays(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A case and its outline of the layout before regions and segmenters were known."""
    database = Database(ServerSettings(tmp_path, database=database_url).database_url)
    upgrade = command.upgrade
    with monkeypatch.context() as older:
        older.setattr(command, "upgrade", lambda config, _: upgrade(config, "0003"))
        database.migrate()
    with database.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO cases (id, owner, version, created, changed, name, image_name, image_blob, kind, frames,"
                ' "rows", "columns", mm_row, mm_column, mm_source, b_mode, frame, clinical, reviewed) VALUES'
                " ('a', 'anna', 1, :now, :now, '', 'a.dcm', 'b', 'DICOM', 1, 9, 9, 0.1, 0.2, 'file', '[0, 0, 9, 9]',"
                " 1, '{}', :no)"
            ),
            {"now": now().isoformat(" "), "no": False},
        )
        connection.execute(text("INSERT INTO case_masks VALUES ('a', 1, 'segmented', 0.9, 4, 'c')"))
    database.migrate()
    with database.reading() as session:
        case, mask = session.get(CaseRow, "a"), session.get(MaskRow, ("a", 1))
        assert case is not None
        assert mask is not None
        assert (case.regions, mask.segmenter, mask.centre_row, mask.area) == (None, None, None, 4)
        assert size_at(case, mask) == (0.1, 0.2)
    database.close()


def test_a_layout_of_a_newer_version_is_refused(database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(InputError, match="newer version"):
        database.migrate()


def test_an_error_undoes_the_whole_session(database: Database) -> None:
    def fail() -> None:
        with database.session() as session:
            session.add(SessionRow(sha256="a" * 64, kind="cookie", user="u", created=now(), expires=now()))
            AuditLog(database).add_to(session, "u", "sign in")
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    with database.reading() as session:
        assert session.get(SessionRow, "a" * 64) is None
    assert list(AuditLog(database).rows()) == []


def test_the_log_says_who_did_what_with_what(database: Database) -> None:
    log = AuditLog(database)
    log.add("anna", "open", "case1", Hashes(input="1" * 64))
    log.add("王", "predict", "case1", Hashes("1" * 64, "2" * 64, "3" * 64), "refused")
    one, two = log.rows()
    assert (one.number, one.user, one.action, one.subject, one.outcome) == (1, "anna", "open", "case1", "done")
    assert (two.user, two.input_sha256, two.mask_sha256, two.bundle_sha256) == ("王", "1" * 64, "2" * 64, "3" * 64)
    assert (two.previous, two.outcome) == (one.sha256, "refused")
    assert one.at <= two.at
    assert log.first_broken() is None


@pytest.mark.parametrize("change", ["UPDATE audit SET outcome = 'done'", "DELETE FROM audit"])
def test_the_database_refuses_to_change_the_log(database: Database, change: str) -> None:
    log = AuditLog(database)
    log.add("anna", "open", outcome="refused")
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.execute(text(change))
    assert [row.outcome for row in log.rows()] == ["refused"]


def unprotected(database: Database, statement: str) -> None:
    """Change the log as one who rules the database can."""
    with database.engine.begin() as connection:
        if database.sqlite:
            for action in ("update", "delete"):
                connection.execute(text(f"DROP TRIGGER audit_no_{action}"))
        else:
            connection.execute(text("DROP TRIGGER audit_no_change ON audit"))
        connection.execute(text(statement))


@pytest.mark.parametrize(
    ("statement", "broken"),
    [
        ("UPDATE audit SET \"user\" = 'x' WHERE number = 2", 2),
        ("UPDATE audit SET outcome = 'x' WHERE number = 4", 4),
        ("DELETE FROM audit WHERE number = 3", 3),
        ("DELETE FROM audit WHERE number = 1", 1),
        ("UPDATE audit SET number = 9 WHERE number = 4", 4),
    ],
)
def test_a_change_behind_the_database_s_back_shows(database: Database, statement: str, broken: int) -> None:
    log = AuditLog(database)
    for number in range(4):
        log.add("anna", "open", str(number))
    assert log.first_broken() is None
    unprotected(database, statement)
    assert log.first_broken() == broken


def test_many_may_write_at_once(database: Database) -> None:
    log, failed = AuditLog(database), []

    def write(name: str) -> None:
        try:
            for _ in range(10):
                log.add(name, "open")
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(str(number),)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert [row.number for row in log.rows()] == list(range(1, 81))
    assert log.first_broken() is None


@pytest.mark.parametrize("url", ["mysql://a/b", "nonsense", "sqlite+other:///x"])
def test_another_kind_of_database_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="database"):
        Database(url)


def test_a_database_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/absent/x.db")
    with pytest.raises(InputError, match=r"^the database cannot be opened \(unable to open database file\)\."):
        database.migrate()


def test_a_url_as_postgresql_writes_it_is_understood(tmp_path: Path) -> None:
    for start in ("postgresql://", "postgres://", "postgresql+psycopg://"):
        assert ServerSettings(tmp_path, database=f"{start}u@h/n").database_url == "postgresql+psycopg://u@h/n"


def test_audit_rows_hold_no_more_than_is_said() -> None:
    assert {column.name for column in AuditRow.__table__.columns} == {
        "number", "at", "user", "action", "subject", "input_sha256", "mask_sha256", "bundle_sha256", "outcome",
        "previous", "sha256",
    }  # fmt: skip
