"""What a heat map explains: a network, and the score that is made of its embedding."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from sonoher2.classifiers.calibration import SigmoidCalibrator
from sonoher2.classifiers.search import ModelSearch
from sonoher2.deep.activations import Preparation
from sonoher2.deep.classifier import DeepClassifier
from sonoher2.deep.crop import Crop
from sonoher2.deep.embedding import DeepEmbedding
from sonoher2.deep.encoder import FrozenEncoder
from sonoher2.deep.network import Network
from sonoher2.explain.margins import Floats, Score, class_margin, embedding_margin, embedding_slope


@dataclass(frozen=True)
class Explained:
    """A network and the score that is made of its embedding, by whatever model.

    The score's gradient with respect to the embedding, propagated back through the network, gives the same heat map
    as a score that is part of the network; see `gradcam`.

    Attributes
    ----------
    network
        In evaluation mode.
    preparation
        How crops are given to it.
    score
        From embeddings (rows, width) to scores (rows,).
    gradient
        From one embedding (width,) to the gradient of its score (width,).
    embed
        From a crop to its embedding (width,), as a prediction makes it: the mean over its views.
    views
        From a crop to the pictures that the network is shown of it.
    embed_view
        From one of them to its embedding (width,).
    """

    network: Network
    preparation: Preparation
    score: Score
    gradient: Callable[[Floats], Floats]
    embed: Callable[[Crop], Floats]
    views: Callable[[Crop], list[Crop]]
    embed_view: Callable[[Crop], Floats]

    @classmethod
    def of_network(cls, kept: FrozenEncoder, score: Score, gradient: Callable[[Floats], Floats]) -> Self:
        """Take a kept network and a score of its raw embedding; parameters as the attributes."""
        preparation = Preparation(kept.mask, 0, kept.seed)
        return cls(
            kept.fitted_network(),
            preparation,
            score,
            gradient,
            lambda crop: kept.raw_embedding([crop[None]])[0],
            kept.views,
            kept.embed_view,
        )

    @classmethod
    def of_classifier(
        cls, classifier: DeepClassifier, outcome: int = 1, calibrator: SigmoidCalibrator | None = None
    ) -> Self:
        """Take the score of a class by a network's own classifier, less the mean of the others; it is linear.

        Parameters
        ----------
        classifier
            Fitted.
        outcome
            Position of the class in `classes_`.
        calibrator
            Fitted on the classifier's scores, for calibrated log-odds.
        """
        head = {name: classifier.state_[f"head.{name}"].astype(np.float64) for name in ("weight", "bias")}
        weight, bias = (value[outcome] - np.delete(value, outcome, axis=0).mean(axis=0) for value in head.values())
        direction = weight / classifier.state_["spread"]
        constant = float(bias - direction @ classifier.state_["centre"])
        if calibrator is None:
            return cls.of_network(classifier, lambda raw: raw @ direction + constant, lambda _raw: direction)

        def calibrated(raw: Floats) -> Floats:
            return class_margin(calibrator.transform(classifier.described(raw)[1]), outcome)

        return cls.of_network(classifier, calibrated, lambda _raw: calibrator.slope_ * direction)

    @classmethod
    def of_search(cls, embedding: DeepEmbedding, search: ModelSearch, outcome: int = 1) -> Self:
        """Take the calibrated log-odds of a class by a classical model on the components of a frozen embedding.

        Parameters
        ----------
        embedding, search
            Fitted; `search` on the embedding's columns in their order.
        outcome
            Position of the class in `classes_`.
        """
        return cls.of_network(embedding, embedding_margin(search, outcome), embedding_slope(search, outcome))

    def each_view(self, crop: Crop) -> list[tuple[Self, Crop]]:
        """Explain each picture that the network is shown of a crop, the others left as they are."""
        views = self.views(crop)
        if len(views) == 1:
            return [(self, crop)]
        embeddings = np.stack([self.embed_view(view) for view in views])
        return [(self.beside(np.delete(embeddings, number, axis=0)), view) for number, view in enumerate(views)]

    def beside(self, others: Floats) -> Self:
        """Explain one of several pictures, where the embedding is the mean over them.

        Parameters
        ----------
        others
            Shape (other pictures, width); may be empty.
        """
        total, count = others.sum(axis=0), len(others) + 1
        return replace(
            self,
            score=lambda embeddings: self.score((embeddings + total) / count),
            gradient=lambda embedding: self.gradient((embedding + total) / count) / count,
        )

    def gradient_like(self, embedding: Tensor) -> Tensor:
        """Gradient of the score (1, width) at an embedding of the network (1, width)."""
        at = embedding.detach()[0].double().cpu().numpy()
        return torch.from_numpy(self.gradient(at)[None]).to(embedding)
