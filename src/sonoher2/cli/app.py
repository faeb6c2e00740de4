"""The command line: its commands in the order in which the data flow, and what becomes of an error."""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated

import typer

from sonoher2.bundle.skops_library import in_own_process
from sonoher2.cli.audit.null import null
from sonoher2.cli.audit.simulated_signal import simulated_signal
from sonoher2.cli.audit.table import table
from sonoher2.cli.commands.check import check
from sonoher2.cli.commands.demo import demo
from sonoher2.cli.commands.enhance import enhance
from sonoher2.cli.commands.extract import extract
from sonoher2.cli.commands.init import init
from sonoher2.cli.commands.new_key import new_key
from sonoher2.cli.commands.predict import predict
from sonoher2.cli.commands.report import report
from sonoher2.cli.commands.run import run as run_study
from sonoher2.cli.commands.segment import segment
from sonoher2.cli.commands.serve import serve
from sonoher2.cli.commands.sign import sign
from sonoher2.cli.commands.train_enhancer import train_enhancer
from sonoher2.cli.commands.train_segmenter import train_segmenter
from sonoher2.cli.commands.validate import validate
from sonoher2.cli.common.hints import with_hint
from sonoher2.cli.common.terminal import close_output, collect_seldom, end_workers, prepare, say
from sonoher2.core.errors import SonoHer2Error
from sonoher2.core.progress_lines import write_line
from sonoher2.core.version import __version__

# newer releases of typer carry their own click: the base of usage errors is found from the one that is public
ClickException: type[Exception] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")

CTRL_C = 130
"""What newer releases of typer return for a KeyboardInterrupt, which they catch."""
INTERRUPTED = "Interrupted. What is finished is kept: the same command resumes."

app = typer.Typer(
    name="sonoher2",
    help="HER2 status of a breast cancer from its B-mode ultrasound image and clinical data. "
    "Research software, not for clinical use.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        say(f"sonoher2 {__version__}")
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
    prepare()
    collect_seldom()
    in_own_process()
    write_line("begin", pid=os.getpid())
    try:
        code = run(sys.argv[1:])
    # a second signal, while the first one is answered
    except KeyboardInterrupt:
        code = 4
    write_line("end", code=code)
    sys.exit(code)


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
    except ClickException as error:
        usage = io.StringIO()
        typer.BadParameter.show(error, usage)  # type: ignore[arg-type]
        return _end(usage.getvalue().rstrip(), 2, debug=False)
    except (KeyboardInterrupt, typer.Abort):
        end_workers()
        return _end(INTERRUPTED, 4, debug)
    except SonoHer2Error as error:
        return _end(f"Error: {with_hint(error)}", error.exit_code, debug)
    except BrokenPipeError:
        close_output()
        return 1
    except (OSError, MemoryError, ModuleNotFoundError) as error:
        return _end(*_of_the_machine(error), debug)
    except Exception as error:
        return _end(_internal(error), 1, debug)
    if outcome == CTRL_C:
        end_workers()
        return _end(INTERRUPTED, 4, debug=False)
    return int(outcome or 0)


def _of_the_machine(error: OSError | MemoryError | ModuleNotFoundError) -> tuple[str, int]:
    """Give what to say, and the exit code, of a disk, a memory or an installation that does not suffice."""
    if isinstance(error, MemoryError):
        return "Error: the memory does not suffice. Use fewer --jobs, or smaller images.", 3
    if isinstance(error, ModuleNotFoundError):
        name = (error.name or "").partition(".")[0]
        if name in ("", "sonoher2"):
            return _internal(error), 1
        return f"Error: this needs the library {name}. Install SonoHER2 with all it depends on.", 3
    place = f"{error.filename}: " if error.filename else ""
    return f"Error: {place}cannot be read or written ({error.strerror or error}). Check the path, rights and space.", 3


def _internal(error: Exception) -> str:
    return f"Internal error: {type(error).__name__}: {error}. Please report it; --debug shows the traceback."


def _end(message: str, code: int, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    say(message, error=True)
    return code


for command in (init, check, run_study, report, extract, predict, validate, serve, demo):
    app.command()(command)
audit = typer.Typer(
    name="audit", help="Check whether a pipeline fools its user: this study's, or another tool's.", no_args_is_help=True
)
audit.command()(null)
audit.command()(simulated_signal)
audit.command(name="planted", hidden=True)(simulated_signal)
audit.command()(table)
app.add_typer(audit)
for command in (sign, new_key, enhance, train_enhancer, segment, train_segmenter):
    app.command()(command)
