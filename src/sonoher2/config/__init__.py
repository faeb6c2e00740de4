"""The study file as strict models: one file per stage, each read alone by the steps that use it."""
