"""The command line: one subcommand per stage, in the order in which the data flow.

Modules that compute are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import click
import typer

from sonoher2 import __version__
from sonoher2.errors import SonoHer2Error

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sonoher2.errors import Finding

app = typer.Typer(
    name="sonoher2",
    help="HER2 status of a breast cancer from its B-mode ultrasound image and clinical data. "
    "Research software, not for clinical use.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (YAML).")]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder that the study's tables and files lie in, instead of its own.")
]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all processors unless told.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sonoher2 {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and stop.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
) -> None:
    pass


def main() -> None:
    """Run the command line; the exit code is 0 done, 1 internal error, 2 usage, 3 bad input, 4 interrupted."""
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; errors become one clear message on standard error.

    Parameters
    ----------
    arguments
        As typed, without the program's name. `--debug` may stand anywhere.
    """
    debug = "--debug" in arguments
    arguments = [argument for argument in arguments if argument != "--debug"]
    try:
        outcome = app(arguments, standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        return _say("Interrupted. What is finished is kept: the same command resumes.", 4, debug)
    except SonoHer2Error as error:
        return _say(f"Error: {error}", error.exit_code, debug)
    except Exception as error:
        text = f"Internal error: {type(error).__name__}: {error}. Please report it; --debug shows the traceback."
        return _say(text, 1, debug)
    return int(outcome or 0)


def _say(message: str, code: int, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    typer.echo(message, err=True)
    return code


def _show_findings(findings: Iterable[Finding]) -> None:
    for finding in findings:
        typer.echo(f"{finding.severity}: {finding}", err=True)
