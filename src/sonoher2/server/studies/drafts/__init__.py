"""`init` with a face: from a folder to a study file, changed step by step, checked before anything is computed."""
