"""Which images a network was trained on is kept as the file that its weights need beside them."""

from __future__ import annotations

import json
from pathlib import Path

from sonoher2.engine import ArtifactStore, ExecutionContext
from sonoher2.study.image_networks.training_images import TRAINING_IMAGES


def test_the_text_is_kept_as_it_is_under_its_own_content(tmp_path: Path) -> None:
    context = ExecutionContext(ArtifactStore(tmp_path))
    texts = [json.dumps({"images": [name]}, ensure_ascii=False) for name in ("a.png", "病例1.png")]
    first, second = context.files(TRAINING_IMAGES, texts)
    assert (first.suffix, second.suffix) == (".json", ".json")
    assert json.loads(first.read_text(encoding="utf-8")) == {"images": ["a.png"]}
    assert json.loads(second.read_text(encoding="utf-8")) == {"images": ["病例1.png"]}
    assert context.files(TRAINING_IMAGES, texts[::-1]) == [second, first]
