from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from sonoher2.cli.common.options import grouped

taken: list[object] = []


@dataclass(frozen=True)
class Size:
    rows: Annotated[int, typer.Option(help="Rows.")] = 3
    columns: Annotated[int, typer.Option("--cols", help="Columns.")] = 4


@dataclass(frozen=True)
class Name:
    first: Annotated[str, typer.Option("--first")]
    last: Annotated[str | None, typer.Option("--last")] = None


@pytest.fixture
def app() -> typer.Typer:
    made = typer.Typer()
    taken.clear()

    @made.command()
    @grouped
    def draw(place: str, *, size: Size, loud: bool = False, name: Name) -> None:
        """Draw it."""
        taken.extend([place, size, loud, name])

    return made


def test_fields_are_options_and_come_back_as_they_were_grouped(app: typer.Typer) -> None:
    typed = ["here", "--rows", "7", "--cols", "9", "--first", "Ada", "--last", "Byron", "--loud"]
    assert CliRunner().invoke(app, typed).exit_code == 0
    assert taken == ["here", Size(7, 9), True, Name("Ada", "Byron")]


def test_defaults_and_what_is_needed(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["here", "--first", "Ada"]).exit_code == 0
    assert taken == ["here", Size(3, 4), False, Name("Ada", None)]
    assert CliRunner().invoke(app, ["here"]).exit_code == 2


def test_the_help_keeps_the_order_of_the_command(app: typer.Typer) -> None:
    text = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200", "NO_COLOR": "1"}).output
    places = [text.index(option) for option in ("--rows", "--cols", "--loud", "--first", "--last")]
    assert places == sorted(places)
    assert "Draw it." in text
