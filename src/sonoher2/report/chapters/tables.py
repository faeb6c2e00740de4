"""Tables of the report: each as numbers for the CSV file and as text for the page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from sonoher2.core.columns import TRAIN_OOF
from sonoher2.core.natural import natural_keys
from sonoher2.report.chapters.patients import characteristics
from sonoher2.report.page.parts import Table
from sonoher2.report.page.view import View
from sonoher2.report.page.wording import DASH, interval, number, p_value

_AT_THRESHOLD = ("accuracy", "balanced_accuracy", "sensitivity", "specificity", "ppv", "npv", "f1", "mcc")
_NAMES = {
    "auc": "AUC",
    "auc_boot": "AUC (bootstrap)",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "slope": "Calibration slope",
    "intercept": "Calibration intercept",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "ppv": "PPV",
    "npv": "NPV",
    "f1": "F1",
    "mcc": "MCC",
    "ece": "ECE",
    "n": "n",
    "cv_auc": "AUC, inner cross-validation",
    "p": "p",
    "p_holm": "p (Holm)",
}


def title_of(column: str) -> str:
    """Heading of a column: ``features_in`` -> ``Features in``."""
    return _NAMES.get(column, column.replace("_", " ").capitalize())


def table_one(view: View) -> Table | None:
    """Patients' characteristics; None when the study uses no clinical column and one image per patient."""
    table = characteristics(view)
    if table.empty:
        return None
    balance = (
        " SMD: standardised mean difference between training and test, absolute (Austin 2009; several levels: Yang and"
        " Dalton 2012). It measures imbalance whatever the number of patients, which a p-value does not; above 0.1 is"
        " commonly called an imbalance."
        if "SMD" in table
        else ""
    )
    return Table(
        "table1",
        "Table 1. Patients",
        "Numbers: median [lower quartile, upper quartile]. Levels: patients (share of those with a known value)."
        + balance,
        table,
        table,
    )


def rule_table(view: View) -> Table | None:
    """Patients per branch of the HER2 rule."""
    data = view.result.cohort.rule_counts
    if data.empty:
        return None
    caption = "Each patient's status follows from the raw immunohistochemistry and in-situ hybridisation values."
    return Table("rule_counts", "HER2 status by branch of the rule", caption, data, _plain(data))


def conflict_table(view: View) -> Table | None:
    """Patients whose reported status contradicts the rule's."""
    data = view.result.cohort.conflicts
    if data.empty:
        return None
    caption = "The derived status was used. Compare these with the pathology report before trusting either."
    return Table(
        "conflicts", "Reported status that contradicts the rule", caption, data, _plain(data), long=len(data) > 15
    )


def performance_table(view: View) -> Table:
    """Discrimination and calibration of each signature in each set; the file holds every metric."""
    data = view.result.performance.signatures
    metrics = [name for name in _metrics(data) if name not in (*_AT_THRESHOLD, "threshold")]
    caption = (
        f"{_confidence(view)} intervals in brackets{_training(view)}. AUC: area under the receiver operating"
        " characteristic curve, 0.5"
        " is chance. AUPRC: area under the precision–recall curve, chance is the share of events. Brier score: mean"
        " squared error of the probability, lower is better. Calibration slope 1 and intercept 0 are perfect."
    )
    if "macro" in set(data["outcome"]):
        caption += " Macro: mean of the outcomes, each against the rest."
    return Table("signatures", "Performance of the signatures", caption, data, _metric_text(view, data, metrics))


def threshold_table(view: View) -> Table | None:
    """Metrics at the frozen threshold."""
    data = view.result.performance.signatures
    metrics = [name for name in _metrics(data) if name in _AT_THRESHOLD]
    rows = data[data["outcome"].isin(view.outcomes)]
    if not metrics or view.result.performance.thresholds.empty:
        return None
    shown = _metric_text(view, rows, metrics).drop(columns=["n", "Events"])
    values = [number(view.threshold(s, o), 3) for s, o in zip(rows["signature"], rows["outcome"], strict=True)]
    shown.insert(2 + view.several, "Threshold", values)
    rules = view.result.performance.thresholds["rule"].drop_duplicates().astype(str)
    caption = (
        f"Threshold: {'; '.join(rules)}; learned on training patients' out-of-fold scores, then frozen."
        f" {_confidence(view)} intervals in brackets. PPV and NPV hold for the share of events in this cohort."
    )
    return Table("thresholds", "At the frozen threshold", caption, view.result.performance.thresholds, shown)


def comparison_table(view: View) -> Table | None:
    """DeLong's tests between signatures."""
    data = view.result.performance.comparisons
    if data.empty:
        return None
    columns = {
        "Set": data["set"].map(view.short_sets),
        **({"Outcome": data["outcome"]} if view.several else {}),
        "Signatures": data["a"] + " − " + data["b"],
        "Difference in AUC": _intervals(data, "difference", "low", "high"),
        "z": data["z"].map(number),
        "p": data["p"].map(p_value),
        "p (Holm)": data["p_holm"].map(p_value),
    }
    caption = (
        f"DeLong's test for correlated curves; {_confidence(view)} intervals in brackets; p (Holm) is corrected for all"
        " comparisons within a set and outcome. An interval that holds 0 shows no difference, nor does it show"
        " equality."
    )
    return Table("comparisons", "Comparison of AUCs", caption, data, pd.DataFrame(columns))


def subgroup_table(view: View) -> Table | None:
    """AUC by subgroup."""
    data = view.result.performance.subgroups
    if data.empty:
        return None
    shown = pd.DataFrame(
        {
            "Subgroup": data["subgroup"].astype(str) + ": " + data["level"].astype(str),
            "Signature": data["signature"],
            "Set": data["set"].map(view.short_sets),
            **({"Outcome": data["outcome"]} if view.several else {}),
            "n": data["n"].map("{:,.0f}".format),
            "Events": data["events"].map("{:,.0f}".format),
            "AUC": _intervals(data, "auc", "auc_low", "auc_high"),
            **_interactions(view),
        }
    )
    caption = f"{_confidence(view)} intervals in brackets. A dash: too few patients with or without the event."
    if len(view.result.performance.interactions):
        caption += (
            " p (interaction): that the score means the same in all levels (likelihood ratio test, corrected after Holm"
            " for the subgroups of a signature and set); p (AUC): that it separates equally well in all levels, not"
            " corrected. Both have little power in small subgroups."
        )
    return Table("subgroups", "AUC by subgroup", caption, data, shown, long=len(data) > 15)


def _interactions(view: View) -> dict[str, list[str]]:
    """P values of the tests between the levels of each subgroup, on the row of its first level."""
    tests, rows = view.result.performance.interactions, view.result.performance.subgroups
    if tests.empty:
        return {}
    keys = ["subgroup", "signature", "set", "outcome"]
    found = rows[keys].merge(tests, how="left", on=keys, validate="many_to_one")
    first = ~found.duplicated(keys)
    columns = {"p (interaction)": "p_holm", "p (AUC)": "p_auc"}
    return {
        title: [p_value(p) if shown else "" for p, shown in zip(found[name], first, strict=True)]
        for title, name in columns.items()
    }


def zoo_table(view: View) -> Table | None:
    """All candidate models of each signature."""
    data = view.result.model.candidates
    if data.empty:
        return None
    shown = pd.DataFrame(
        {
            "Signature": data["signature"],
            "Model": data["model"],
            "Settings": data["parameters"].map(_settings),
            "AUC, inner cross-validation": [
                f"{number(mean, 3)} ± {number(sd, 3)}"
                for mean, sd in zip(data["cv_auc"], data["cv_auc_sd"], strict=True)
            ],
            "Chosen": data["chosen"].map({True: "chosen", False: ""}),
        }
    )
    caption = (
        "Mean ± standard deviation over the inner folds of the training patients. The best of many candidates looks"
        " better than it is: judge by the out-of-fold and test figures above."
    )
    return Table("zoo", "Candidate models", caption, data, shown, long=len(data) > 15)


def selection_table(view: View) -> Table | None:
    """How many features each step of the selection kept."""
    data = view.result.model.selection
    if data.empty:
        return None
    if "fallback" in data:
        data = data.assign(fallback=data["fallback"].map({True: "nothing passed, best kept", False: ""}))
    caption = (
        "Final fit on all training patients; in cross-validation each fold repeats every step on its own patients."
    )
    return Table("selection", "Feature selection, step by step", caption, data, _plain(data))


def coefficient_table(view: View) -> Table | None:
    """List the selected features and their coefficients."""
    data = view.result.model.coefficients
    if data.empty:
        return None
    shown = _plain(data).assign(Coefficient=data["coefficient"].map(lambda value: number(value, 3)).to_numpy())
    caption = "Per standard deviation of the feature among training patients."
    return Table("coefficients", "Selected features", caption, data, shown, long=len(data) > 15)


def prediction_table(view: View) -> Table:
    """One row per patient, one column per signature and outcome."""
    data = view.result.performance.predictions
    wide = data.pivot(index=["patient_id", "set", "label"], columns=["signature", "outcome"], values="score")
    wide = wide.loc[sorted(wide.index, key=natural_keys)]
    keys = wide.index.to_frame(index=False)
    shown = pd.DataFrame(
        {"Patient": keys["patient_id"], "Set": keys["set"].map(view.short_sets), "Label": keys["label"]}
    )
    for signature, outcome in ((s, o) for s in view.signatures for o in view.outcomes):
        name = f"{signature}: {outcome}" if view.several else str(signature)
        limit = view.threshold(signature, outcome)
        shown[name] = [_call(score, limit) for score in wide[signature, outcome]]
    caption = (
        "Score: probability of "
        + (" or ".join(view.outcomes) if not view.several else "the class in the heading")
        + "; ● at or above the frozen threshold. One prediction per patient"
        + ("; training patients were scored by models that had not seen them." if TRAIN_OOF in view.sets else ".")
    )
    return Table("predictions", "Prediction of each patient", caption, data, shown, long=True)


def _call(score: float, limit: float) -> str:
    return DASH if pd.isna(score) else f"{score:.3f}{' ●' if score >= limit else ''}"


def _settings(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} = {setting}" for key, setting in value.items()) or "defaults"
    return str(value) or "defaults"


def _plain(data: pd.DataFrame) -> pd.DataFrame:
    """Take a table as it is, headings in words, whole numbers with thousands separators."""
    return data.astype(object).map(_plain_text).rename(columns=title_of)


def _plain_text(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def _metrics(data: pd.DataFrame) -> list[str]:
    """Names of the metrics in a signature table: what is neither a key nor a bound of an interval."""
    keys = {"signature", "set", "outcome", "n", "events"}
    return [name for name in data.columns if name not in keys and not name.endswith(("_low", "_high"))]


def _metric_text(view: View, data: pd.DataFrame, metrics: Sequence[str]) -> pd.DataFrame:
    shown = pd.DataFrame({"Signature": data["signature"], "Set": data["set"].map(view.short_sets)})
    if view.several:
        shown["Outcome"] = data["outcome"]
    shown["n"] = data["n"].map("{:,.0f}".format)
    # the mean over classes has no count of events
    shown["Events"] = [DASH if pd.isna(count) else f"{count:,}" for count in data["events"]]
    for name in metrics:
        shown[title_of(name)] = _intervals(data, name, f"{name}_low", f"{name}_high")
    return shown.reset_index(drop=True)


def _intervals(data: pd.DataFrame, value: str, low: str, high: str) -> list[str]:
    if low not in data:
        return [number(v) for v in data[value]]
    return [interval(*row) for row in data[[value, low, high]].itertuples(index=False, name=None)]


def _training(view: View) -> str:
    return "; training patients are scored out of fold" if len(view.sets) > 1 else ""


def _confidence(view: View) -> str:
    return f"{view.result.about.config.evaluation.confidence:.0%}"
