"""SonoHER2: HER2 status of a breast cancer from its B-mode ultrasound image and clinical data.

Research software, not for clinical use.
"""

from sonoher2.core.version import __version__ as __version__
