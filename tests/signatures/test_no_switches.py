"""Code outside `signatures/` asks a signature; it does not look at its class."""

from __future__ import annotations

import ast
from pathlib import Path

import sonoher2
from sonoher2.signatures import image_based, logistic, protocol, stacked_candidates

SOURCE = Path(sonoher2.__file__).parent
CLASSES = {
    name
    for module in (image_based, logistic, protocol, stacked_candidates)
    for name, found in vars(module).items()
    if isinstance(found, type) and issubclass(found, protocol.BaseSignature)
} | {"Signature"}
SWITCHES = {"isinstance", "issubclass", "type"}


def switches(tree: ast.AST) -> list[int]:
    """Lines on which a signature's class decides something: isinstance, or a `match` by class."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SWITCHES:
            looked_at = [part for argument in node.args[1:] for part in ast.walk(argument)]
        elif isinstance(node, ast.MatchClass):
            looked_at = list(ast.walk(node.cls))
        elif isinstance(node, ast.Compare):
            looked_at = [part for one in node.comparators for part in ast.walk(one)]
        else:
            continue
        names = {part.id for part in looked_at if isinstance(part, ast.Name)}
        names |= {part.attr for part in looked_at if isinstance(part, ast.Attribute)}
        found += [node.lineno] if names & CLASSES else []
    return found


def test_the_search_finds_what_it_looks_for() -> None:
    assert {"LogisticSignature", "FeatureSignature", "NetworkSignature", "BestNetwork", "StackedCandidates"} <= CLASSES
    for line in (
        "isinstance(one, LogisticSignature)",
        "isinstance(one, FeatureSignature | BestNetwork)",
        "isinstance(one, (int, image_based.NetworkSignature))",
        "type(one) is LogisticSignature",
        "match one:\n    case StackedCandidates():\n        pass",
    ):
        assert switches(ast.parse(line)), line
    assert not switches(ast.parse("isinstance(one, str); LogisticSignature({})"))


def test_no_class_of_a_signature_decides_anything_outside_signatures() -> None:
    files = [file for file in SOURCE.rglob("*.py") if "signatures" not in file.relative_to(SOURCE).parts]
    assert len(files) > 100
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    assert [f"{file.relative_to(SOURCE)}:{line}" for file, tree in trees.items() for line in switches(tree)] == []


def test_names_of_signatures_are_spelled_in_the_registry_alone() -> None:
    names = {"Radiomics", "Deep", "DLR", "DLR (early)", "Clinical+Radiomics", "Combined", "Combined (zoo)"}
    spelled = [
        f"{file.relative_to(SOURCE)}:{node.lineno}"
        for file in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names and file.name != "registry.py"
    ]
    assert spelled == []
