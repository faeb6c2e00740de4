"""The command line: one subcommand per stage, in the order in which the data flow.

Modules that compute are imported inside the commands, so that `--help` answers at once.
"""

from __future__ import annotations

import io
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoher2 import __version__
from sonoher2.cli.audit import app as audit_app
from sonoher2.cli.enhance import enhance, train_enhancer
from sonoher2.cli.init import init
from sonoher2.cli.segment import segment, train_segmenter
from sonoher2.cli.sign import new_key, sign
from sonoher2.cli.unread import unread_listed
from sonoher2.core.errors import SonoHer2Error
from sonoher2.core.terminal import close_output, end_workers, prepare, say, show_findings

if TYPE_CHECKING:
    from sonoher2.study.results import StudyResult

# newer releases of typer carry their own click: the base of usage errors is found from the one that is public
ClickException: type[Exception] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")

CTRL_C = 130
"""What newer releases of typer return for a KeyboardInterrupt, which they catch."""
UNREAD = "unread-values.csv"
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

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study file (YAML).")]
DataFolder = Annotated[
    Path | None, typer.Option("--data", help="Folder that the study's tables and files lie in, instead of its own.")
]
OutFolder = Annotated[Path, typer.Option("--out", help="Folder for the results.")]
Label = Annotated[
    str | None, typer.Option("--label", help="The lesion's number or colour (#rrggbb) in masks that hold several.")
]
Jobs = Annotated[int | None, typer.Option("--jobs", min=1, help="Processes; all processors unless told.")]
Trust = Annotated[
    Path | None, typer.Option("--trust", help="Public key of whoever must have signed the bundle; see docs/bundle.md.")
]


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
    try:
        code = run(sys.argv[1:])
    # a second signal, while the first one is answered
    except KeyboardInterrupt:
        code = 4
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
        return _end(f"Error: {error}", error.exit_code, debug)
    except BrokenPipeError:
        close_output()
        return 1
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        what = f"Error: {place}cannot be read or written ({error.strerror or error}). Check the path, rights and space."
        return _end(what, 3, debug)
    except MemoryError:
        return _end("Error: the memory does not suffice. Use fewer --jobs, or smaller images.", 3, debug)
    except Exception as error:
        text = f"Internal error: {type(error).__name__}: {error}. Please report it; --debug shows the traceback."
        return _end(text, 1, debug)
    if outcome == CTRL_C:
        end_workers()
        return _end(INTERRUPTED, 4, debug=False)
    return int(outcome or 0)


def _end(message: str, code: int, debug: bool) -> int:
    if debug:
        import traceback

        traceback.print_exc()
    say(message, error=True)
    return code


app.command()(init)


@app.command()
def check(study: StudyFile, data: DataFolder = None, jobs: Jobs = None) -> None:
    """Report everything that is wrong with a study, and what it can show at its size, before anything is computed."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.study.measure.checked import check_study

    with unread_listed(study.with_name(f"{study.stem}-{UNREAD}")):
        report = check_study(config, jobs)
    say(report.text())
    report.raise_errors()


@app.command(name="run")
def run_command(study: StudyFile, out: OutFolder, data: DataFolder = None, jobs: Jobs = None) -> None:
    """Run a whole study: measure, select, fit, evaluate, report, freeze. A second run resumes."""
    from sonoher2.config.load import load_study

    config = load_study(study, data)
    from sonoher2.core.files import run_lock
    from sonoher2.report.page.html import write_report
    from sonoher2.study.pipeline import run_study

    with run_lock(out):
        with unread_listed(out / UNREAD):
            result = run_study(config, out, jobs)
        show_findings(result.findings)
        _show_signatures(result, write_report(result, out))


def _show_signatures(result: StudyResult, report: Path) -> None:
    columns = ["signature", "set", "outcome", "n", "events", "auc", "auc_low", "auc_high"]
    say(result.signatures[columns].to_string(index=False, float_format="{:.3f}".format))
    say(f"Report: {report}")


@app.command()
def extract(
    images: Annotated[
        Path, typer.Argument(help="Table with patient_id, image, mask and, if known, mm_per_pixel and frame.")
    ],
    out: Annotated[Path, typer.Option("--out", help="The table to write (.csv or .xlsx).")],
    data: DataFolder = None,
    bin_count: Annotated[int | None, typer.Option(min=2, max=256, help="Grey levels; 32 unless told.")] = None,
    bin_width: Annotated[float | None, typer.Option(help="Fixed bin width instead of a bin count.")] = None,
    resample_mm: Annotated[float | None, typer.Option(help="Resample to square pixels of this size, mm.")] = None,
    ring_mm: Annotated[float | None, typer.Option(help="Also measure a ring around the lesion, width in mm.")] = None,
    ring_share: Annotated[
        float | None, typer.Option(help="Also measure a ring, width as a share of the lesion's diameter.")
    ] = None,
    largest: Annotated[bool, typer.Option("--largest", help="Of several masks, take the largest.")] = False,
    unit: Annotated[
        str | None, typer.Option(help="mm or pixels; mm where every image's pixel size is known, unless told.")
    ] = None,
    label: Label = None,
    jobs: Jobs = None,
) -> None:
    """Measure the lesions of a table of images: one row per image, features under pyradiomics' names."""
    from sonoher2.config.images import ImageReading
    from sonoher2.study.compute import default_jobs
    from sonoher2.study.measure.extract import extract_table, radiomics_settings

    settings = radiomics_settings(bin_count, bin_width, resample_mm, ring_mm, ring_share, unit)
    reading = ImageReading(several_masks="largest" if largest else "union", mask_label=label)
    done = extract_table(images, out, settings, data=data, reading=reading, workers=jobs or default_jobs())
    show_findings([*done.findings, *done.problems])
    left_out = f", {len(done.problems)} problems with others, which are left out" if done.problems else ""
    say(f"Wrote {out}: {done.images} images, lengths in {done.unit}{left_out}.")
    if done.problems:
        raise typer.Exit(3)


@app.command()
def predict(
    bundle: Annotated[Path, typer.Argument(help="The folder `bundle` of a run.")],
    image: Annotated[list[Path] | None, typer.Option("--image", help="An image; repeat it for several views.")] = None,
    mask: Annotated[
        list[Path] | None,
        typer.Option(
            "--mask", help="The mask of each image, in the order of the images; none: outlined automatically."
        ),
    ] = None,
    clinical: Annotated[
        list[str] | None, typer.Option("--clinical", help="KEY=VALUE; repeat it for several.", metavar="KEY=VALUE")
    ] = None,
    frame: Annotated[
        list[int] | None,
        typer.Option("--frame", min=1, help="Frame of each image, in their order, counted from 1; for cine and TIFF."),
    ] = None,
    mm_per_pixel: Annotated[
        list[float] | None, typer.Option(help="Side of a pixel, mm; repeat it where the images differ.")
    ] = None,
    site: Annotated[
        str | None, typer.Option(help="Where the images were made, for a model that harmonises sites.")
    ] = None,
    label: Label = None,
    trust: Trust = None,
    patient_id: Annotated[
        str, typer.Option("--patient", help="Your name for the patient, for the case page; nothing else uses it.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    page: Annotated[
        Path | None, typer.Option("--page", help="Also write a case page (HTML); it shows the patient's images.")
    ] = None,
) -> None:
    """Predict one patient with a frozen model. Research software, not for clinical use."""
    from sonoher2.bundle.load import load_bundle
    from sonoher2.predict.patient import PatientInput, predict_patient

    sizes = mm_per_pixel or []
    patient = PatientInput.from_options(image or [], mask or [], clinical or [], sizes, site, frame or [], label)
    frozen = load_bundle(bundle, trust)
    prediction = predict_patient(frozen, patient)
    say(prediction.json() if as_json else prediction.text())
    if page is not None:
        from sonoher2.predict.case_images import case_pictures
        from sonoher2.report.page.case_page import write_case_page

        named = replace(patient, patient_id=patient_id)
        write_case_page(page, prediction, case_pictures(frozen, patient, prediction), named)


@app.command()
def validate(
    bundle: Annotated[Path, typer.Argument(help="The folder `bundle` of a run.")],
    study: StudyFile,
    out: OutFolder,
    data: DataFolder = None,
    recalibrate: Annotated[
        float | None,
        typer.Option(
            min=0.05, max=0.95, help="Also recalibrate on this share of the patients and judge it on the others."
        ),
    ] = None,
    trust: Trust = None,
    jobs: Jobs = None,
) -> None:
    """Test a frozen model on a second cohort; the frozen result comes first, whatever else is asked for."""
    from sonoher2.bundle.load import load_bundle
    from sonoher2.config.load import load_study
    from sonoher2.core.files import run_lock
    from sonoher2.report.page.html import write_report
    from sonoher2.study.external import validate_bundle

    with run_lock(out):
        with unread_listed(out / UNREAD):
            result = validate_bundle(load_bundle(bundle, trust), load_study(study, data), out, jobs, recalibrate)
        show_findings(result.findings)
        _show_signatures(result, write_report(result, out))


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder to write the cohort into.")] = Path("demo"),
    patients: Annotated[int, typer.Option(min=1, help="Simulated patients.")] = 120,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the simulation.")] = 0,
    deep: Annotated[
        bool, typer.Option("--deep", help="Use deep features too; their weights come with the extra `offline`.")
    ] = False,
) -> None:
    """Write a synthetic cohort with its study file, to try everything on."""
    from sonoher2.synthetic.demo import write_demo_cohort

    study = write_demo_cohort(out, patients=patients, seed=seed, deep=deep)
    say(f"Wrote {study} (synthetic patients). Next: sonoher2 run {study} --out {out / 'run'}")


app.add_typer(audit_app)
app.command()(sign)
app.command()(new_key)
app.command()(enhance)
app.command()(train_enhancer)
app.command()(segment)
app.command()(train_segmenter)
