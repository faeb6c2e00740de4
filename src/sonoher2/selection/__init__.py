"""From all features to those that a model sees; scikit-learn transformers, fitted inside the fold."""
