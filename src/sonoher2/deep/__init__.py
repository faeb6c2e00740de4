"""Deep networks: crops of lesions in, scores and embeddings of patients out. Only this and `explain` use torch."""
