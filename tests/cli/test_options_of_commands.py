"""Every command with its options and defaults, as version 0.1 had them: others script against them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from sonoher2.cli.app import app

# ! needed, * several, = default
EXPECTED = """
audit null: STUDY! --out! --runs=20 --data --jobs
  --cluster --cluster-settings --cheap=False
audit planted: STUDY! --out! --strength=2.0 --mixture= --runs=10 --data --jobs
  --cluster --cluster-settings --cheap=False
audit simulated-signal: STUDY! --out! --strength=2.0 --mixture= --runs=10 --data --jobs
  --cluster --cluster-settings --cheap=False
audit table: FEATURES!* --predictions* --labels* --selected --threshold --out --json=False
check: STUDY! --data --jobs --json=False
demo: --out=demo --patients=120 --seed=0 --deep=False --jobs
enhance: IMAGES!* --out! --scale=1 --side-by-side=False --frame --weights --jobs
extract: IMAGES! --out! --data --bin-count --bin-width --resample-mm --ring-mm --ring-share --largest=False --unit
  --label --jobs --cluster --cluster-settings
init: FOLDER! --out=study.yaml --patient-id
new-key: NAME!
predict: BUNDLE! --image* --mask* --clinical* --frame* --mm-per-pixel* --site --label --trust --patient=
  --json=False --page
report: RUN! --print=False --jobs
run: STUDY! --out! --data --jobs --cluster --cluster-settings
segment: IMAGES!* --out! --click --box --overlay/--no-overlay=True --nifti=False --frame --weights --jobs
serve: --host=127.0.0.1 --port=8765 --name* --certificate --key --users --home --database= BUNDLES* --trust
  --open/--no-open=True --jobs --add-user
sign: BUNDLE! --key!
train-enhancer: IMAGES!* --out! --data --epochs=30 --warm-up=24 --steps=125 --batch=8 --patch=128 --rate=0.001
  --adversarial=0.002 --bf16=False --seed=0
train-segmenter: IMAGES! --out! --data --label --network=EfficientNet-Lite2 --encoder-weights=auto --size=224
  --prompted=False --start --epochs=14 --warm-up=3 --warm-up-size=192 --adversarial=0.02 --rate=0.001
  --validation=0.1 --seed=0
validate: BUNDLE! STUDY! --out! --data --recalibrate --trust --jobs --cluster --cluster-settings
"""


def commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if getattr(command, "commands", None):
            yield from commands(command, f"{before}{name} ")
        else:
            yield f"{before}{name}", command


def written(parameter: Any) -> str:
    option = parameter.param_type_name == "option"
    name = "/".join([*parameter.opts, *parameter.secondary_opts]) if option else parameter.name.upper()
    several = "*" if parameter.multiple or parameter.nargs != 1 else ""
    if parameter.required:
        return f"{name}!{several}"
    return f"{name}{several}" if parameter.default is None else f"{name}={parameter.default}{several}"


def test_commands_options_and_defaults() -> None:
    found = {name: " ".join(map(written, command.params)) for name, command in commands(get_command(app))}
    expected = dict(line.split(": ") for line in EXPECTED.replace("\n  ", " ").strip().splitlines())
    assert found == expected


@pytest.mark.parametrize(("name", "shown"), [("simulated-signal", True), ("planted", False)])
def test_the_old_name_of_an_audit_is_an_alias(name: str, shown: bool) -> None:
    audits = get_command(app).commands["audit"].commands  # type: ignore[attr-defined]
    assert audits[name].hidden is not shown
    assert audits[name].help == audits["simulated-signal"].help
