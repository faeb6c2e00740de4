"""Signatures: what joins clinical data, radiomics and (later) deep features into one probability."""
