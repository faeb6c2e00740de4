"""Simulated patients: a HER2 signal of known strength, breast ultrasound images and a clinical table that carry it."""
