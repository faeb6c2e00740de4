"""One wide table per cohort: patients by (block, name), the X of every signature."""

from __future__ import annotations

import pandas as pd

CLINICAL, RADIOMICS, DEEP = "clinical", "radiomics", "deep"


def join_blocks(blocks: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Join blocks of columns side by side.

    Parameters
    ----------
    blocks
        By block name, each (patients, columns), with the same patients in its index. Empty blocks are left out.

    Returns
    -------
    (patients, columns) with two-level columns (block, name).
    """
    return pd.concat({name: block for name, block in blocks.items() if block.shape[1]}, axis=1)
