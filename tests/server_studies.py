"""A small messy folder of a hospital, and what becomes of its study: for tests of the server's studies."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

HEADER = "住院号,姓名,年龄,绝经,备注,HER2免疫组化,HER2_FISH"
QUICK = """
models: [logistic, naive-bayes]
validation: {outer_folds: 3, inner_folds: 3}
evaluation: {bootstrap: 100}
"""


def messy_rows(patients: int = 72, odd: int = 0) -> list[str]:
    """Half are 3+, and these are older by six years; the first `odd` others have a score that nobody can read."""
    rows = []
    for i in range(patients):
        positive = i % 2
        age = 40 + (i * 7) % 30 + 6 * positive
        name = "张王李赵陈"[i % 5] + "芳丽敏静娟"[i // 5 % 5]
        menopause = "是" if (i * 5 + positive * 2) % 3 else "否"
        score = "3+" if positive else ("弱阳" if i < 2 * odd else ("0", "1+")[i % 4 // 2])
        rows.append(f"{100200 + i},{name},{age},{menopause},电话13800{100000 + i},{score},")
    return rows


def messy_folder(folder: Path, patients: int = 72, odd: int = 0) -> Path:
    """A CSV file in GBK with Chinese headers below a title, as a hospital's registry writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = ["某医院乳腺超声登记表,,,,,,", HEADER, *messy_rows(patients, odd)]
    (folder / "登记.csv").write_bytes("\n".join(lines).encode("gb18030"))
    return folder


def until(holds: Callable[[], bool], seconds: float = 240) -> None:
    """Wait for something that other processes bring about."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
