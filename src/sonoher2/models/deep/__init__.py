"""Deep networks: crops of lesions in, scores and embeddings of patients out. The only place, with `explain`, for torch."""
