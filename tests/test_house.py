"""The house keeps its limits: sizes of rooms and functions, one direction of imports, one place for each name."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

SRC = Path(__file__).parents[1] / "src"
MOST_FILES, MOST_LINES = 15, 2500
LONGEST, MOST_PARAMETERS = 60, 8
SIGNATURES = {
    "BestNetwork",
    "FeatureSignature",
    "ImageSignature",
    "LogisticSignature",
    "NetworkSignature",
}
MANY_BY_NATURE = {"DeepClassifier", "SelectionPipeline"}
"""Estimators name every setting in their constructor, as scikit-learn asks, and a bundle holds them by these names."""
FILE_BOUNDARIES = {
    "bundle/save.py", "bundle/skops_file.py", "bundle/stable.py", "cohort/reading/excel.py", "core/yaml_file.py",
    "segmentation/weights_file.py", "study/results/saved.py",
}  # fmt: skip
"""Modules that read or write what a file of another format holds: only there a dictionary may hold anything."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def trees() -> dict[Path, ast.Module]:
    return {path: ast.parse(path.read_text(encoding="utf-8")) for path in sorted(SRC.rglob("*.py"))}


def functions() -> Iterator[tuple[str, Function]]:
    for path, tree in trees().items():
        owners = {
            id(child): node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef) for child in node.body
        }
        for node in ast.walk(tree):
            if isinstance(node, Function):
                yield f"{path.relative_to(SRC)}:{node.lineno} {owners.get(id(node), node.name)}", node


def code_lines(function: Function) -> int:
    """Lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


def test_no_room_is_crowded() -> None:
    rooms: dict[Path, list[Path]] = defaultdict(list)
    for path in trees():
        rooms[path.parent].append(path)
    crowded = {}
    for room, files in rooms.items():
        lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in files)
        counted = [path for path in files if path.name != "__init__.py"]
        # the kernels of radiomics are many by nature: one file per family of features
        if room.name != "radiomics" and (len(counted) > MOST_FILES or lines > MOST_LINES):
            crowded[str(room.relative_to(SRC))] = (len(counted), lines)
    assert not crowded


def test_functions_are_short() -> None:
    assert not {name: code_lines(node) for name, node in functions() if code_lines(node) > LONGEST}


def test_functions_have_few_parameters() -> None:
    many = {}
    for name, node in functions():
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        count = len([argument for argument in arguments if argument.arg not in ("self", "cls")])
        if count > MOST_PARAMETERS and name.split()[-1] not in MANY_BY_NATURE:
            many[name] = count
    assert not many


def test_untyped_dictionaries_stand_at_the_boundary_of_files() -> None:
    untyped = ("dict[str, Any]", "dict[Any, Any]", "Mapping[str, Any]", "Mapping[Any, Any]")
    found = set()
    for path, tree in trees().items():
        if any(written in ast.unparse(tree) for written in untyped):
            found.add(path.relative_to(SRC / "sonoher2").as_posix())
    assert found == FILE_BOUNDARIES


def test_signature_classes_are_told_apart_by_themselves_alone() -> None:
    found = []
    for path, tree in trees().items():
        if "signatures" in path.parts:
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "isinstance":
                kinds = {name.id for name in ast.walk(node.args[1]) if isinstance(name, ast.Name)}
                if kinds & SIGNATURES:
                    found.append(f"{path.relative_to(SRC)}:{node.lineno}")
    assert not found


def test_no_message_outside_the_command_line_names_an_option() -> None:
    found = []
    for path, tree in trees().items():
        if "cli" in path.parts:
            continue
        docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                words = node.value.replace("(", " ").replace("`", " ").replace("'", " ").split()
                if any(word.startswith("--") and word[2:3].isalpha() for word in words):
                    found.append(f"{path.relative_to(SRC)}:{node.lineno}")
    assert not found


def packages() -> dict[str, set[str]]:
    """By room, the rooms that it imports; a room is a folder of modules."""
    modules = {}
    for path in trees():
        parts = path.relative_to(SRC).with_suffix("").parts
        modules[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = ".".join(parts[:-1])
    edges: dict[str, set[str]] = defaultdict(set)
    for path, tree in trees().items():
        own = ".".join(path.relative_to(SRC).parts[:-1])
        for node in ast.walk(tree):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("sonoher2"):
                continue
            for alias in node.names:
                target = f"{node.module}.{alias.name}"
                room = modules.get(target) or modules.get(node.module or "")
                if room and room != own:
                    edges[own].add(room)
    return edges


def reaches(edges: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for room in edges.get(waiting.pop(), ()):
            if room not in seen:
                seen.add(room)
                waiting.append(room)
    return seen


def test_no_circle_between_rooms() -> None:
    edges = packages()
    assert not {room for room in edges if room in reaches(edges, room)}


NO_TABLES = {
    "Annotated", "COEFFICIENTS", "HIGHEST", "LIMITS", "Literal", "entry", "one", "other", "record", "settings",
    "spines",
}  # fmt: skip
"""What is subscripted by a text and is no table: types, constants, JSON that was read, the sides of a plot."""
PLACES = {"at", "loc"}
KEYED = {
    "drop", "drop_duplicates", "dropna", "explode", "groupby", "merge", "pop", "rename", "reindex", "set_index",
    "sort_values", "to_frame",
}  # fmt: skip
"""Methods that are given names of columns."""
NAMING = {
    "by", "columns", "id_vars", "index", "left_on", "name", "names", "on", "right_on", "subset", "value_name",
    "value_vars", "values", "var_name",
}  # fmt: skip
MADE = {"DataFrame", "Index", "Series", "assign", "from_records", "melt", "pivot", "query"} | KEYED


def strings(node: ast.AST) -> Iterator[str]:
    """Texts that stand for themselves in an expression: alone, in a list, or as the keys of a dictionary."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.List | ast.Tuple | ast.Set):
        for one in node.elts:
            yield from strings(one)
    elif isinstance(node, ast.Dict):
        for key in node.keys:
            yield from strings(key) if key is not None else ()
    elif isinstance(node, ast.Starred):
        yield from strings(node.value)
    elif isinstance(node, ast.BinOp):
        yield from (*strings(node.left), *strings(node.right))
    elif isinstance(node, ast.ListComp):
        yield from strings(node.elt)
    elif isinstance(node, ast.IfExp):
        yield from (*strings(node.body), *strings(node.orelse))


def of_subscript(node: ast.Subscript) -> Iterator[str]:
    owner = node.value.attr if isinstance(node.value, ast.Attribute) else getattr(node.value, "id", "")
    if owner not in NO_TABLES:
        place = node.slice
        if owner in PLACES and isinstance(place, ast.Tuple):
            place = place.elts[-1]
        yield from strings(place)


def of_call(node: ast.Call) -> Iterator[str]:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
    if name not in MADE:
        return
    for keyword in node.keywords:
        if keyword.arg in NAMING:
            yield from strings(keyword.value)
        if name == "rename" and isinstance(keyword.value, ast.Dict):
            for new in keyword.value.values:
                yield from strings(new)
        if name == "assign" and keyword.arg:
            yield keyword.arg
    if name in KEYED | {"DataFrame", "from_records"}:
        for argument in node.args:
            yield from strings(argument)


def of_assignment(node: ast.Assign) -> Iterator[str]:
    """Lists that are called columns."""
    if any(isinstance(target, ast.Name) and target.id.lower().endswith("columns") for target in node.targets):
        yield from strings(node.value)


def of_annotations(tree: ast.Module) -> set[int]:
    notes = [getattr(node, field, None) for node in ast.walk(tree) for field in ("annotation", "returns")]
    return {id(part) for note in notes if note is not None for part in ast.walk(note)}


def has_tables(path: Path, tree: ast.Module) -> bool:
    """Whether a module works with tables: those of `report` are given theirs and need not import pandas."""
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    return "report" in path.parts or any(alias.name == "pandas" for node in imported for alias in node.names)


def spelled_columns(path: Path, tree: ast.Module) -> set[str]:
    """Names of columns that a module spells."""
    if path.stem.endswith("columns") and not has_tables(path, tree):
        values = [node.value for node in tree.body if isinstance(node, ast.Assign)]
        return {text for value in values for text in strings(value)}
    if not has_tables(path, tree):
        return set()
    notes, found = of_annotations(tree), set[str]()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript) and id(node) not in notes:
            found |= set(of_subscript(node))
        elif isinstance(node, ast.Call):
            found |= set(of_call(node))
        elif isinstance(node, ast.Assign):
            found |= set(of_assignment(node))
    return found - {""}


def test_a_column_is_spelled_in_one_module() -> None:
    spelled: dict[str, list[str]] = defaultdict(list)
    for path, tree in trees().items():
        for column in spelled_columns(path, tree):
            spelled[column].append(path.relative_to(SRC).as_posix())
    assert len(spelled) > 200
    assert not {column: files for column, files in spelled.items() if len(files) > 1}


def test_columns_are_found_wherever_a_table_is_given_their_names() -> None:
    code = """
import pandas as pd
KEY_COLUMNS = ["a", c.B]
def f(table: Literal["no"], record):
    table = pd.DataFrame({"b": [record["no"]]}).assign(c=1).rename(columns={"d": "o"}, index=str)
    table.loc[rows, "e"], table[["f", "g"]], table["h" if x == "no" else "i"]
    table.groupby(["j"])["k"].sort_values(by="l").merge(other, on="m").drop(columns="n")
    return f("no"), axes.spines["no"]
"""
    assert spelled_columns(Path("room/module.py"), ast.parse(code)) == set("abcdefghijklmno")
    assert spelled_columns(Path("room/module.py"), ast.parse(code.replace("import pandas as pd", ""))) == set()
    assert spelled_columns(Path("room/columns.py"), ast.parse('A, B = "a", "b"')) == {"a", "b"}
