"""SonoHER2: HER2 status of a breast cancer from its B-mode ultrasound image and clinical data.

Research software, not for clinical use.
"""

__version__ = "0.1.0"
