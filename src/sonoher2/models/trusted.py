"""Types that a model file may hold beyond those that skops trusts by itself (numpy, scipy, scikit-learn)."""

from __future__ import annotations

TRUSTED_TYPES: tuple[str, ...] = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "sklearn.tree._tree.Tree",
    "sonoher2.fusion.images.BestNetwork",
    "sonoher2.fusion.images.FeatureSignature",
    "sonoher2.fusion.images.NetworkSignature",
    "sonoher2.fusion.logistic.LogisticSignature",
    "sonoher2.fusion.monotone.MonotoneLogistic",
    "sonoher2.fusion.signatures.SignatureSet",
    "sonoher2.fusion.zoo.ZooSignature",
    "sonoher2.models.calibration.SigmoidCalibrator",
    "sonoher2.models.classical.GaussianBayes",
    "sonoher2.models.classical.NearestNeighbours",
    "sonoher2.models.deep.classifier.DeepClassifier",
    "sonoher2.models.deep.embedding.DeepEmbedding",
    "sonoher2.models.encoding.ClinicalEncoder",
    "sonoher2.models.encoding.CodedEncoder",
    "sonoher2.models.search.ModelSearch",
    "sonoher2.selection.harmonise.SiteHarmoniser",
    "sonoher2.selection.lasso.LassoPath",
    "sonoher2.selection.pipeline.SelectionPipeline",
    "sonoher2.selection.prepare.MedianZScore",
    "sonoher2.selection.reduce.EarlyFusion",
    "sonoher2.selection.reduce.PrincipalComponents",
    "xgboost.core.Booster",
    "xgboost.sklearn.XGBClassifier",
)
"""All are classes of this package and of the libraries of its models; none runs code from the file."""
