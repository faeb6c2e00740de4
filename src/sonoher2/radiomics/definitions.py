"""Every feature in one table: its name, its IBSI name, unit, formula and source.

The rows of a family stand in the order in which its kernel writes them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Definition:
    """One feature.

    Attributes
    ----------
    family
        pyradiomics' class: shape2D, firstorder, glcm, gldm, glrlm, glszm or ngtdm.
    name
        pyradiomics' name.
    ibsi
        Tag in the Image Biomarker Standardisation Initiative's table of reference values (Zwanenburg et al.,
        Radiology 2020, doi 10.1148/radiol.2020191145) when the definition is the same; empty when it differs or when
        IBSI does not define the feature.
    unit
        Of the value; `grey` is the image's own unit, `level` a grey level, `length` mm, or else a
        pixel.
    formula
        In the symbols of `SYMBOLS`.
    source
        Where the feature comes from.
    """

    family: str
    name: str
    ibsi: str
    unit: str
    formula: str
    source: str


SYMBOLS = """
x: values of the region, n of them, mean m; P10 ... P90: percentiles; h_k: share of level k
a: area of a pixel; A: area within the contour; L: length of the contour; v1 >= v2: variances along the principal axes
p(i, j): share of neighbouring pairs with levels i and j; p_i: its marginal, mean u; d_k: share with |i - j| = k;
s_k: share with i + j = k; G: highest level
c(i, j): number of runs, zones or dependences of level i and size j, N of them; p = c / N
n_i: pixels of level i; q_i = n_i / n; t_i: sum of |level - mean of the neighbours| over the pixels of level i
"""

_SHAPE = "pyradiomics shape2D; Lorensen 1987 for the contour"
_HARALICK = "Haralick 1973, doi 10.1109/TSMC.1973.4309314"
_SOH = "Soh 1999, doi 10.1109/36.752194"
_CLAUSI = "Clausi 2002, doi 10.5589/m02-004"
_UNSER = "Unser 1986, doi 10.1109/TPAMI.1986.4767760"
_GALLOWAY = "Galloway 1975, doi 10.1016/S0146-664X(75)80008-6"
_CHU = "Chu 1990, doi 10.1016/0167-8655(90)90112-F"
_DASARATHY = "Dasarathy 1991, doi 10.1016/0167-8655(91)80014-2"
_THIBAULT = "Thibault 2013, doi 10.1142/S0218001413570024"
_SUN = "Sun 1983, doi 10.1016/0734-189X(83)90032-4"
_AMADASUN = "Amadasun 1989, doi 10.1109/21.44046"
_STATISTICS = "descriptive statistics"
_ALBREGTSEN = "Albregtsen 2000, doi 10.1109/ICPR.2000.903650"

# name, IBSI tag, unit, formula, source
_Row = tuple[str, str, str, str, str]

_SHAPE2D: list[_Row] = [
    ("Elongation", "", "1", "sqrt(v2 / v1)", _SHAPE),
    ("MajorAxisLength", "", "length", "4 sqrt(v1)", _SHAPE),
    ("MaximumDiameter", "", "length", "largest distance between two points of the contour", _SHAPE),
    ("MeshSurface", "", "length^2", "A", _SHAPE),
    ("MinorAxisLength", "", "length", "4 sqrt(v2)", _SHAPE),
    ("Perimeter", "", "length", "L", _SHAPE),
    ("PerimeterSurfaceRatio", "", "1/length", "L / A", _SHAPE),
    ("PixelSurface", "", "length^2", "n a", _SHAPE),
    ("Sphericity", "", "1", "2 sqrt(pi A) / L", _SHAPE),
]

_FIRSTORDER: list[_Row] = [
    ("10Percentile", "stat_p10", "grey", "P10, linear between ranks", _STATISTICS),
    ("90Percentile", "stat_p90", "grey", "P90, linear between ranks", _STATISTICS),
    ("Energy", "stat_energy", "grey^2", "sum x^2", _STATISTICS),
    ("Entropy", "ih_entropy", "bit", "-sum h_k log2 h_k", _STATISTICS),
    ("InterquartileRange", "stat_iqr", "grey", "P75 - P25", _STATISTICS),
    ("Kurtosis", "", "1", "mean (x - m)^4 / variance^2; IBSI's is smaller by 3", _STATISTICS),
    ("Maximum", "stat_max", "grey", "max x", _STATISTICS),
    ("MeanAbsoluteDeviation", "stat_mad", "grey", "mean |x - m|", _STATISTICS),
    ("Mean", "stat_mean", "grey", "m", _STATISTICS),
    ("Median", "stat_median", "grey", "P50", _STATISTICS),
    ("Minimum", "stat_min", "grey", "min x", _STATISTICS),
    ("Range", "stat_range", "grey", "max x - min x", _STATISTICS),
    ("RobustMeanAbsoluteDeviation", "stat_rmad", "grey", "mean |x - mean x| over P10 <= x <= P90", _STATISTICS),
    ("RootMeanSquared", "stat_rms", "grey", "sqrt(mean x^2)", _STATISTICS),
    ("Skewness", "stat_skew", "1", "mean (x - m)^3 / variance^1.5", _STATISTICS),
    ("TotalEnergy", "", "grey^2 length^2", "a sum x^2", _STATISTICS),
    ("Uniformity", "ih_uniformity", "1", "sum h_k^2", _STATISTICS),
    ("Variance", "stat_var", "grey^2", "mean (x - m)^2", _STATISTICS),
]

_GLCM: list[_Row] = [
    ("Autocorrelation", "cm_auto_corr", "level^2", "sum p i j", _SOH),
    ("ClusterProminence", "cm_clust_prom", "level^4", "sum p (i + j - 2 u)^4", _UNSER),
    ("ClusterShade", "cm_clust_shade", "level^3", "sum p (i + j - 2 u)^3", _UNSER),
    ("ClusterTendency", "cm_clust_tend", "level^2", "sum p (i + j - 2 u)^2", _UNSER),
    ("Contrast", "cm_contrast", "level^2", "sum p (i - j)^2", _HARALICK),
    ("Correlation", "cm_corr", "1", "sum p (i - u)(j - u) / sum p (i - u)^2; 1 when flat", _HARALICK),
    ("DifferenceAverage", "cm_diff_avg", "level", "sum d_k k", _UNSER),
    ("DifferenceEntropy", "cm_diff_entr", "bit", "-sum d_k log2 d_k", _HARALICK),
    ("DifferenceVariance", "cm_diff_var", "level^2", "sum d_k (k - DifferenceAverage)^2", _HARALICK),
    ("Id", "cm_inv_diff", "1", "sum d_k / (1 + k)", _CLAUSI),
    ("Idm", "cm_inv_diff_mom", "1", "sum d_k / (1 + k^2)", _HARALICK),
    ("Idmn", "cm_inv_diff_mom_norm", "1", "sum d_k / (1 + k^2 / G^2)", _CLAUSI),
    ("Idn", "cm_inv_diff_norm", "1", "sum d_k / (1 + k / G)", _CLAUSI),
    ("Imc1", "cm_info_corr1", "1", "(JointEntropy + sum p log2(p_i p_j)) / entropy of p_i", _HARALICK),
    ("Imc2", "cm_info_corr2", "1", "sqrt(1 - exp(-2 (2 entropy of p_i - JointEntropy)))", _HARALICK),
    ("InverseVariance", "cm_inv_var", "1/level^2", "sum over k > 0 of d_k / k^2", "Aerts 2014, doi 10.1038/ncomms5006"),
    ("JointAverage", "cm_joint_avg", "level", "u", _UNSER),
    ("JointEnergy", "cm_energy", "1", "sum p^2", _HARALICK),
    ("JointEntropy", "cm_joint_entr", "bit", "-sum p log2 p", _HARALICK),
    ("MCC", "", "1", "second singular value of p / sqrt(p_i p_j)", _HARALICK),
    ("MaximumProbability", "cm_joint_max", "1", "max p", _HARALICK),
    ("SumAverage", "cm_sum_avg", "level", "sum s_k k", _HARALICK),
    ("SumEntropy", "cm_sum_entr", "bit", "-sum s_k log2 s_k", _HARALICK),
    ("SumSquares", "cm_joint_var", "level^2", "sum p (i - u)^2", _HARALICK),
]


def _size_level_rows(size: str, tags: str, names: dict[str, str], sources: tuple[str, ...]) -> list[_Row]:
    """Rows of a size by level matrix, in the order of `counts.size_level_features`.

    Parameters
    ----------
    size
        IBSI's prefix of the matrix.
    tags
        IBSI's sixteen tags without the prefix, in that order.
    names
        Words that differ between the families.
    sources
        Of the size features, of the level emphases, of the joint emphases, and of the entropy.
    """
    small, large, level = names["small"], names["large"], names["level"]
    formulas = [
        (f"{small}Emphasis", "1", "sum p / j^2", 0),
        (f"{large}Emphasis", "1", "sum p j^2", 0),
        ("GrayLevelNonUniformity", "1", "sum over i of (sum over j of c)^2 / N", 0),
        ("GrayLevelNonUniformityNormalized", "1", "sum over i of (sum over j of p)^2", 0),
        (f"{names['uniform']}NonUniformity", "1", "sum over j of (sum over i of c)^2 / N", 0),
        (f"{names['uniform']}NonUniformityNormalized", "1", "sum over j of (sum over i of p)^2", 0),
        (f"{names['part']}Percentage", "1", "N / n", 0),
        ("GrayLevelVariance", "level^2", "variance of i under p", 0),
        (f"{names['part']}Variance", "1", "variance of j under p", 0),
        (f"{names['part']}Entropy", "bit", "-sum p log2 p", 3),
        (f"LowGrayLevel{level}Emphasis", "1/level^2", "sum p / i^2", 1),
        (f"HighGrayLevel{level}Emphasis", "level^2", "sum p i^2", 1),
        (f"{small}LowGrayLevelEmphasis", "1/level^2", "sum p / (i^2 j^2)", 2),
        (f"{small}HighGrayLevelEmphasis", "level^2", "sum p i^2 / j^2", 2),
        (f"{large}LowGrayLevelEmphasis", "1/level^2", "sum p j^2 / i^2", 2),
        (f"{large}HighGrayLevelEmphasis", "level^2", "sum p i^2 j^2", 2),
    ]
    return [
        (name, f"{size}_{tag}", unit, formula, sources[source])
        for (name, unit, formula, source), tag in zip(formulas, tags.split(), strict=True)
    ]


_GLRLM = _size_level_rows(
    "rlm",
    "sre lre glnu glnu_norm rlnu rlnu_norm r_perc gl_var rl_var rl_entr lgre hgre srlge srhge lrlge lrhge",
    {"small": "ShortRun", "large": "LongRun", "level": "Run", "uniform": "RunLength", "part": "Run"},
    (_GALLOWAY, _CHU, _DASARATHY, _ALBREGTSEN),
)
_GLSZM = _size_level_rows(
    "szm",
    "sze lze glnu glnu_norm zsnu zsnu_norm z_perc gl_var zs_var zs_entr lgze hgze szlge szhge lzlge lzhge",
    {"small": "SmallArea", "large": "LargeArea", "level": "Zone", "uniform": "SizeZone", "part": "Zone"},
    (_THIBAULT,) * 4,
)
_GLDM = [
    row
    for row in _size_level_rows(
        "ngl",
        "lde hde glnu glnu_norm dcnu dcnu_norm dc_perc gl_var dc_var dc_entr lgce hgce ldlge ldhge hdlge hdhge",
        {
            "small": "SmallDependence", "large": "LargeDependence", "level": "", "uniform": "Dependence",
            "part": "Dependence",
        },
        (_SUN,) * 4,
    )
    # every pixel is one dependence: the one is first-order uniformity and the other always 1
    if row[0] not in ("GrayLevelNonUniformityNormalized", "DependencePercentage")
]  # fmt: skip

_NGTDM: list[_Row] = [
    ("Coarseness", "ngt_coarseness", "1/level", "1 / sum q_i t_i; 1e6 when the sum is 0", _AMADASUN),
    (
        "Contrast", "ngt_contrast", "level^3",
        "sum q_i q_j (i - j)^2 / (levels (levels - 1)) * sum t_i / n", _AMADASUN,
    ),
    ("Busyness", "ngt_busyness", "1", "sum q_i t_i / sum |i q_i - j q_j|", _AMADASUN),
    ("Complexity", "ngt_complexity", "level^2", "sum |i - j| (q_i t_i + q_j t_j) / (q_i + q_j) / n", _AMADASUN),
    ("Strength", "ngt_strength", "level", "sum (q_i + q_j)(i - j)^2 / sum t_i", _AMADASUN),
]  # fmt: skip

_FAMILIES: dict[str, list[_Row]] = {
    "shape2D": _SHAPE2D,
    "firstorder": _FIRSTORDER,
    "glcm": _GLCM,
    "gldm": _GLDM,
    "glrlm": _GLRLM,
    "glszm": _GLSZM,
    "ngtdm": _NGTDM,
}

DEFINITIONS = [Definition(family, *row) for family, rows in _FAMILIES.items() for row in rows]
"""All features: the shape first, then those of an image type, families in pyradiomics' order."""

SHAPE_DEFINITIONS = [definition for definition in DEFINITIONS if definition.family == "shape2D"]
INTENSITY_DEFINITIONS = [definition for definition in DEFINITIONS if definition.family != "shape2D"]
