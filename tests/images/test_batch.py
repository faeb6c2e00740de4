from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from sonoher2.cohort.images.listed import batch_images
from sonoher2.core.errors import InputError
from sonoher2.images.batch import BatchImage, Values, problems, run_batch


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three images of one name but for case and kind, one of another, a mask, and something else."""
    for name in ("a/one.png", "b/one.png", "b/ONE.jpg", "b/two.png", "b/two_mask.png", "b/notes.txt"):
        path = tmp_path / "images" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    return tmp_path / "images"


def measuring(log: Path, out: Path) -> Callable[[BatchImage], Values]:
    """Work that writes an output and a line of the log; a file that says `bad` is bad."""

    # within a function, so that other processes get its code and need not import this module
    def measure(image: BatchImage) -> Values:
        text = image.path.read_text()
        with log.open("a") as stream:
            stream.write(f"{image.name}\n")
        if text == "bad":
            raise InputError("cannot be read", where=str(image.path), fix="Copy it again")
        (out / f"{image.name}.txt").write_text(text)
        return {"output": f"{image.name}.txt", "length": len(text), "share": 1 / 3, "unknown": None}

    return measure


def written_of(image: BatchImage) -> dict[str, str]:
    return {"output": f"{image.name}.txt"}


def nothing(image: BatchImage) -> dict[str, str]:
    return {}


class Runs:
    """The same batch again and again."""

    def __init__(self, folder: Path, out: Path) -> None:
        self.folder, self.out, self.log = folder, out, out / "log"
        out.mkdir()

    def __call__(self, settings: str = "first", workers: int = 1) -> pd.DataFrame:
        self.log.write_text("")
        return run_batch(
            measuring(self.log, self.out),
            batch_images([self.folder]),
            self.out / "table.csv",
            settings=[settings],
            outputs=written_of,
            workers=workers,
            label="Measuring",
        )

    def worked_on(self) -> list[str]:
        return sorted(self.log.read_text().split())


@pytest.fixture
def runs(folder: Path, tmp_path: Path) -> Runs:
    return Runs(folder, tmp_path / "out")


def test_the_table_has_a_row_for_each_image(runs: Runs) -> None:
    table = runs()
    assert table["output"].tolist() == ["a_one.txt", "b_ONE.txt", "b_one-2.txt", "two.txt"]
    assert table["length"].tolist() == ["9", "9", "9", "9"]
    assert table["share"].iloc[0] == "0.333333"
    read = pd.read_csv(runs.out / "table.csv", dtype=str, keep_default_na=False)
    assert read.equals(table)


def test_a_second_run_does_what_is_missing_or_has_changed(runs: Runs) -> None:
    first = runs()
    again = runs()
    assert runs.worked_on() == []
    assert again.equals(first)
    (runs.out / "two.txt").unlink()
    (runs.folder / "a" / "one.png").write_text("changed")
    changed = runs()
    assert runs.worked_on() == ["a_one", "two"]
    assert changed["length"].tolist() == ["7", "9", "9", "9"]


def test_other_settings_do_all_again(runs: Runs) -> None:
    runs()
    runs("second")
    assert len(runs.worked_on()) == 4


def test_a_bad_file_does_not_stop_the_others(runs: Runs) -> None:
    (runs.folder / "b" / "ONE.jpg").write_text("bad")
    table = runs()
    (problem,) = problems(table)
    assert "ONE.jpg: cannot be read" in problem
    assert table["output"].tolist() == ["a_one.txt", "", "b_one-2.txt", "two.txt"]
    runs()
    assert runs.worked_on() == ["b_ONE"]


def test_all_bad_files_are_listed(runs: Runs) -> None:
    for path in runs.folder.rglob("*.*g"):
        path.write_text("bad")
    assert len(problems(runs())) == 4


def test_what_was_finished_before_an_interruption_is_kept(runs: Runs) -> None:
    def stop(image: BatchImage) -> Values:
        if image.name == "two":
            raise KeyboardInterrupt
        return measuring(runs.log, runs.out)(image)

    with pytest.raises(KeyboardInterrupt):
        run_batch(
            stop,
            batch_images([runs.folder]),
            runs.out / "table.csv",
            settings=["first"],
            outputs=written_of,
            workers=1,
            label="Measuring",
        )
    runs()
    assert runs.worked_on() == ["two"]


def test_several_processes_give_the_same_table(runs: Runs) -> None:
    alone = runs()
    assert runs("first", workers=2).equals(alone)
    together = runs("second", workers=2)
    assert together.drop(columns="key").equals(alone.drop(columns="key"))


def test_frames_of_one_file_are_rows_of_their_own_and_resume(folder: Path, tmp_path: Path) -> None:
    out, log = tmp_path / "out", tmp_path / "log"
    out.mkdir()
    picture = folder / "a" / "one.png"
    images = [BatchImage(picture, f"one_frame{frame}", frame) for frame in (2, 3)]
    for _ in range(2):
        written = run_batch(
            measuring(log, out), images, out / "t.csv", settings=["x"], outputs=nothing, workers=1, label="Measuring"
        )
    assert written["frame"].tolist() == ["2", "3"]
    assert written["image"].tolist() == [str(picture)] * 2
    assert log.read_text().split() == ["one_frame2", "one_frame3"]


def test_a_file_that_cannot_be_opened_is_told_and_done_again(folder: Path, tmp_path: Path) -> None:
    def fail(image: BatchImage) -> Values:
        raise PermissionError(13, "Permission denied")

    image = BatchImage(folder / "a" / "one.png", "one")
    written = run_batch(
        fail, [image], tmp_path / "t.csv", settings=["x"], outputs=nothing, workers=1, label="Measuring"
    )
    assert written.iloc[0].to_dict() == {
        "image": str(image.path), "frame": "", "problem": f"{image.path}: Permission denied.", "key": "",
    }  # fmt: skip
    gone = BatchImage(folder / "gone.png", "gone")
    written = run_batch(
        measuring(tmp_path / "log", tmp_path), [gone, image], tmp_path / "t.csv", settings=["x"], outputs=nothing,
        workers=1, label="Measuring",
    )  # fmt: skip
    assert written["problem"].tolist() == [f"{gone.path}: No such file or directory.", ""]
    assert list(written.columns) == ["image", "frame", "output", "length", "share", "unknown", "problem", "key"]


def test_files_that_no_run_wrote_are_not_replaced(runs: Runs) -> None:
    (runs.out / "two.txt").write_text("drawn by hand")
    with pytest.raises(InputError, match=r"out: files that no earlier run wrote would be replaced: two\.txt\. Choose"):
        runs()
    assert (runs.out / "two.txt").read_text() == "drawn by hand"
    assert runs.worked_on() == []
    (runs.out / "two.txt").unlink()
    runs()
    # those of an earlier run are, also where a later one was of one image alone
    run_batch(
        measuring(runs.log, runs.out), [BatchImage(runs.folder / "a" / "one.png", "a_one")], runs.out / "table.csv",
        settings=["click"], outputs=written_of, workers=1, label="Measuring",
    )  # fmt: skip
    assert len(runs("second")) == 4
    assert len(runs.worked_on()) == 4


def test_a_table_that_is_no_earlier_run_s_is_not_replaced(runs: Runs) -> None:
    (runs.out / "table.csv").write_text("image,mask\na.png,b.png\n")
    with pytest.raises(InputError, match=r"table\.csv: this table is not of an earlier run, and would be replaced"):
        runs()
    assert (runs.out / "table.csv").read_text() == "image,mask\na.png,b.png\n"


def test_what_a_killed_run_wrote_is_its_own_though_the_table_lacks_it(runs: Runs) -> None:
    script = Path(__file__).with_name("killed_batch.py")
    ended = subprocess.run([sys.executable, str(script), str(runs.folder), str(runs.out)], check=False)
    assert ended.returncode == -signal.SIGKILL
    assert (runs.out / "a_one.txt").is_file()
    assert not (runs.out / "table.csv").exists()
    assert len(runs()) == 4


def test_outputs_of_an_earlier_run_are_no_images(folder: Path) -> None:
    # outputs that look like images lie among these, as where the folder of the results is that of the images
    def outputs(image: BatchImage) -> dict[str, str]:
        return {"output": f"{image.name}_clear.png"}

    def work(image: BatchImage) -> Values:
        (folder / f"{image.name}_clear.png").write_text("clear")
        return outputs(image)

    def batch(given: Path) -> pd.DataFrame:
        return run_batch(
            work, batch_images([given]), folder / "t.csv", settings=[], outputs=outputs, workers=1, label="Clearing"
        )

    assert [len(batch(folder)) for _ in range(3)] == [4, 4, 4]
    with pytest.raises(InputError, match="all images are outputs of an earlier run"):
        batch(folder / "two_clear.png")
