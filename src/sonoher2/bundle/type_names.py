"""Types that a model file may hold beyond those that skops trusts by itself, and the names under which it holds ours.

The names of our own types, and of what they keep, are part of the bundle's format, like the names of its keys: a class
may move to another module and an attribute may get another name, and old bundles stay readable and new ones keep their
bytes. None of these types runs code from the file.
"""

from __future__ import annotations

HOMES = {
    "sonoher2.fusion.images.BestNetwork": "sonoher2.signatures.image_based.BestNetwork",
    "sonoher2.fusion.images.FeatureSignature": "sonoher2.signatures.image_based.FeatureSignature",
    "sonoher2.fusion.images.NetworkSignature": "sonoher2.signatures.image_based.NetworkSignature",
    "sonoher2.fusion.logistic.LogisticSignature": "sonoher2.signatures.logistic.LogisticSignature",
    "sonoher2.fusion.monotone.MonotoneLogistic": "sonoher2.signatures.monotone.MonotoneLogistic",
    "sonoher2.fusion.signatures.SignatureSet": "sonoher2.signatures.set.SignatureSet",
    "sonoher2.fusion.zoo.ZooSignature": "sonoher2.signatures.stacked_candidates.StackedCandidates",
    "sonoher2.models.calibration.SigmoidCalibrator": "sonoher2.classifiers.calibration.SigmoidCalibrator",
    "sonoher2.models.classical.GaussianBayes": "sonoher2.classifiers.candidates.GaussianBayes",
    "sonoher2.models.classical.NearestNeighbours": "sonoher2.classifiers.candidates.NearestNeighbours",
    "sonoher2.models.deep.classifier.DeepClassifier": "sonoher2.deep.classifier.DeepClassifier",
    "sonoher2.models.deep.embedding.DeepEmbedding": "sonoher2.deep.embedding.DeepEmbedding",
    "sonoher2.models.encoding.ClinicalEncoder": "sonoher2.classifiers.encoding.ClinicalEncoder",
    "sonoher2.models.encoding.CodedEncoder": "sonoher2.classifiers.encoding.CodedEncoder",
    "sonoher2.models.search.ModelSearch": "sonoher2.classifiers.search.ModelSearch",
    "sonoher2.selection.harmonise.SiteHarmoniser": "sonoher2.selection.harmonise.SiteHarmoniser",
    "sonoher2.selection.lasso.LassoPath": "sonoher2.selection.lasso.LassoPath",
    "sonoher2.selection.pipeline.SelectionPipeline": "sonoher2.selection.pipeline.SelectionPipeline",
    "sonoher2.selection.prepare.MedianZScore": "sonoher2.selection.prepare.MedianZScore",
    "sonoher2.selection.reduce.EarlyFusion": "sonoher2.selection.reduce.EarlyFusion",
    "sonoher2.selection.reduce.PrincipalComponents": "sonoher2.selection.reduce.PrincipalComponents",
}
"""Where each of our types lives now, by the name that a model file holds."""

NAMES = {home: name for name, home in HOMES.items()}
"""The name that a model file holds, by where the type lives."""

ATTRIBUTES = {"sonoher2.fusion.images.FeatureSignature": {"blocks": "feature_groups"}}
"""What the code calls an attribute now, by the name of its type and its own name in a model file."""

TRUSTED_TYPES: tuple[str, ...] = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "sklearn.tree._tree.Tree",
    *HOMES.values(),
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
"""All are classes of this package and of the libraries of its models."""
