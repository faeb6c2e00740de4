"""The lesion outlined by a network: training, prediction, and measures of agreement."""
