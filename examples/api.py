"""SonoHER2 from Python, on synthetic patients: python examples/api.py."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import sonoher2


def main(folder: Path) -> None:
    """Write everything into `folder`."""
    # 1. Radiomics of an array and a mask
    image = np.random.default_rng(0).integers(0, 256, (60, 80), dtype=np.uint8)
    mask = np.zeros(image.shape, dtype=bool)
    mask[20:40, 30:60] = True
    features = sonoher2.extract_radiomics(image, mask, mm_per_pixel=0.1, filters=["original"])
    print(f"{len(features)} features; area {features['original_shape2D_PixelSurface']:.2f} mm²")

    # 2. HER2 status by the guideline, from raw results
    pathology = pd.DataFrame({"IHC": ["0", "1+", "2+", "2+", "3+"], "FISH": [None, None, "amplified", None, None]})
    print(pathology.join(sonoher2.her2_statuses(pathology, ihc="IHC", ish="FISH")).to_string())

    # 3. A split in which no patient is on both sides, however their number is written
    rows = pd.DataFrame({"patient_id": [f"P{i // 2}" for i in range(80)], "label": [0] * 40 + [1] * 40})
    print(sonoher2.split_patients(rows, test_share=0.25)["set"].value_counts().to_string())

    # 4. Statistics of any model's scores
    label, a, b = [0, 0, 0, 1, 1, 1], [0.1, 0.2, 0.6, 0.3, 0.7, 0.8], [0.5, 0.2, 0.6, 0.3, 0.4, 0.8]
    print(sonoher2.auc_delong(label, a), f"p = {sonoher2.delong_test(label, a, b).p:.2f}")

    # 5. A study: its settings are a study file, or what was read from one
    file = sonoher2.write_demo_cohort(folder / "cohort", patients=60, size=(80, 80))
    study = sonoher2.load_study(file)
    radiomics = study.radiomics.model_copy(update={"filters": ["original"], "bin_count": 16})
    study = study.model_copy(update={"models": ["logistic"], "stability": None, "radiomics": radiomics})
    print(sonoher2.check_study(study, jobs=1).text()[:200])
    sonoher2.run_study(study, folder / "run", jobs=1)

    # 6. Its results are tables; a finished run is opened without computing anything
    result = sonoher2.open_run(folder / "run")
    columns = ["signature", "set", "n", "events", "auc", "auc_low", "auc_high"]
    print(result.performance.signatures[columns].round(3).to_string(index=False))
    print(result.performance.predictions.groupby(["signature", "set"])["score"].describe().round(2).to_string())

    # 7. The frozen model on one patient
    bundle = sonoher2.load_bundle(folder / "run" / "bundle")
    row = pd.read_csv(file.parent / "images.csv").iloc[0]
    view = sonoher2.ImageInput(file.parent / row["image"], (file.parent / row["mask"],), row["mm_per_pixel"])
    prediction = sonoher2.predict_patient(bundle, sonoher2.PatientInput((view,), clinical={"age": "52"}))
    for score in prediction.scores:
        print(score.signature, f"{score.probability:.3f}", "positive" if score.positive else "negative")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(Path(temporary))
