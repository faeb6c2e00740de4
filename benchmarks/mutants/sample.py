"""Draw a seeded sample of small faults from the source.

The operators of cosmic-ray make the faults (a sign, a comparison, a number, a condition, an empty loop); two of our own
swap arguments and drop a keyword argument.
"""

from __future__ import annotations

import ast
import difflib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import parso.python.tree  # before cosmic_ray, which otherwise finds itself in a circle of imports
from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from cosmic_ray.operators.provider import OperatorProvider

LEFT_OUT = ("report/figures/", "report/content/style.py", "__init__.py", "__main__.py")
KERNELS = {"kernel", "summing_kernel"}
LEAST = 10
"""Mutants of a package, however small it is."""
EQUIVALENT = {"strict", "encoding", "stacklevel", "dtype", "description"}
"""Keyword arguments that a test can seldom tell, or that the type checker judges: left alone."""
SUMS = {"arith_expr", "term", "power", "expr", "and_expr", "xor_expr"}
"""Where * is a product, and not the mark of a parameter."""
EITHER_WAY = {"max", "min", "maximum", "minimum"}
"""Functions whose arguments may change places."""
OPERATORS = (
    "Add_Sub Sub_Add Mul_Div Div_Mul FloorDiv_Mul Mod_Mul Pow_Mul BitAnd_BitOr BitOr_BitAnd BitXor_BitAnd "
    "Eq_NotEq NotEq_Eq Lt_LtE LtE_Lt Gt_GtE GtE_Gt Lt_Gt Gt_Lt LtE_GtE GtE_LtE Is_IsNot IsNot_Is "
    "Delete_USub Delete_Not Delete_Invert AddNot ReplaceTrueWithFalse ReplaceFalseWithTrue ReplaceAndWithOr "
    "ReplaceOrWithAnd ReplaceBreakWithContinue ReplaceContinueWithBreak NumberReplacer ZeroIterationForLoop"
)


class SwapArguments(Operator):
    """Let the first two positional arguments of a call, or the first two values of a tuple, change places."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Find the places that can be changed."""
        if node.type in {"arglist", "testlist", "testlist_star_expr", "testlist_comp"} and len(node.children) > 2:
            first, comma, second = node.children[:3]
            names = [n.get_code().strip() for n in (first, second)]
            plain = comma.type == "operator" and not any(n.type == "argument" for n in (first, second))
            caller = node.parent.get_previous_sibling() if node.parent else None
            either_way = caller is not None and caller.get_code().strip().strip(".") in EITHER_WAY
            if plain and names[0] != names[1] and not either_way and not self._is_a_set(node):
                yield node.start_pos, second.end_pos

    def _is_a_set(self, node: Any) -> bool:
        """Whether the order means nothing: bases of a class, and values that something is looked for among."""
        if node.parent.type == "classdef" or node.parent.parent is None:
            return node.parent.type == "classdef"
        asked = node.parent.get_previous_sibling() if node.parent.parent.type == "comparison" else None
        return asked is not None and asked.get_code().split()[-1] == "in"

    def mutate(self, node: Any, index: int) -> Any:
        """Change one of them."""
        first, second = node.children[0], node.children[2]
        codes = [n.get_code(include_prefix=False) for n in (first, second)]
        for place, code, old in ((0, codes[1], first), (2, codes[0], second)):
            node.children[place] = parso.python.tree.Name(code, old.start_pos, old.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Give no examples."""
        return ()


class DropKeyword(Operator):
    """A keyword argument is forgotten."""

    def mutation_positions(self, node: Any) -> Iterator[Any]:
        """Find the places that can be changed."""
        for child in self._keywords(node):
            yield child.start_pos, child.end_pos

    def _keywords(self, node: Any) -> list[Any]:
        if node.type != "arglist":
            return []
        named = [c for c in node.children if c.type == "argument" and c.children[1].get_code().strip() == "="]
        return [c for c in named if c.children[0].get_code().strip() not in EQUIVALENT]

    def mutate(self, node: Any, index: int) -> Any:
        """Change one of them."""
        place = node.children.index(self._keywords(node)[index])
        if place + 1 < len(node.children):
            del node.children[place : place + 2]
        else:
            del node.children[place - 1 :]
        return node

    @classmethod
    def examples(cls) -> tuple[()]:
        """Give no examples."""
        return ()


@dataclass(frozen=True)
class Mutant:
    """One fault: where it stands, what it changes."""

    package: str
    file: str
    line: int
    operator: str
    occurrence: int
    diff: str

    @property
    def key(self) -> str:
        """Name of the mutant."""
        return f"{self.file}{self.diff}"


def changed_code(source: str, mutant: Mutant) -> str:
    """Write the fault into its file's text."""
    return str(mutate_code(source, operators()[mutant.operator], mutant.occurrence))


@cache
def operators() -> dict[str, Operator]:
    """Operators by name."""
    provider = OperatorProvider()
    ours = {name: provider[name]() for name in provider if any(name.endswith(end) for end in OPERATORS.split())}
    return ours | {"SwapArguments": SwapArguments(), "DropKeyword": DropKeyword()}


def left_alone(source: str) -> list[tuple[tuple[int, int], tuple[int | None, int | None]]]:
    """Places of annotations, decorators, imports, caught errors, compiled kernels and keywords without effect."""
    nodes: list[ast.expr | ast.stmt | ast.keyword] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef):
            named = {d.id for d in node.decorator_list if isinstance(d, ast.Name)}
            nodes += [
                *node.decorator_list,
                *([node.returns] if node.returns else []),
                *([node] if named & KERNELS else []),
            ]
        elif isinstance(node, ast.ClassDef):
            nodes += node.decorator_list
        elif isinstance(node, ast.ExceptHandler) and node.type:
            nodes.append(node.type)  # the order of kinds of errors means nothing
        elif isinstance(node, ast.arg | ast.AnnAssign) and node.annotation:
            nodes.append(node.annotation)
        elif (
            isinstance(node, ast.Import | ast.ImportFrom)
            or (isinstance(node, ast.keyword) and node.arg in EQUIVALENT)
            or (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING")
        ):
            nodes.append(node)
    return [((n.lineno, n.col_offset), (n.end_lineno, n.end_col_offset)) for n in nodes]


def places(source: str) -> dict[Any, list[tuple[str, int]]]:
    """Places that can be changed, each with its operators and their occurrence."""
    kept_out, found, seen = left_alone(source), dict[Any, list[tuple[str, int]]](), Counter[str]()
    nodes = list(ast_nodes(get_ast(source)))
    for name, operator in operators().items():
        for node in nodes:
            for start, end in operator.mutation_positions(node):
                star = "BinaryOperator" in name and node.parent.type not in SUMS
                if not star and not any(first <= start < last for first, last in kept_out):
                    found.setdefault((start, end), []).append((name, seen[name]))
                seen[name] += 1
    return found


def draw_one(src: Path, path: Path, package: str, chance: random.Random) -> Mutant | None:
    """One fault of a file: every place is as likely as every other."""
    source = path.read_text(encoding="utf-8")
    found = places(source)
    if not found:
        return None
    start, _ = chance.choice(sorted(found))
    name, occurrence = chance.choice(next(found[place] for place in sorted(found) if place[0] == start))
    changed = mutate_code(source, operators()[name], occurrence)
    try:
        if changed is None or ast.dump(ast.parse(changed)) == ast.dump(ast.parse(source)):
            return None
    except SyntaxError:
        return None
    diff = "".join(difflib.unified_diff(source.splitlines(True), changed.splitlines(True), n=0))
    return Mutant(package, path.relative_to(src).as_posix(), start[0], name, occurrence, diff.partition("@@")[2])


def packages(src: Path, only: str | None) -> dict[str, dict[Path, int]]:
    """Files and their lines by package; files outside packages are one of their own."""
    found: dict[str, dict[Path, int]] = {}
    for path in sorted((src / "sonoher2").rglob("*.py")):
        inside = path.relative_to(src / "sonoher2")
        package = inside.parts[0] if len(inside.parts) > 1 else "(top)"
        if not inside.as_posix().startswith(LEFT_OUT) and path.name not in LEFT_OUT and only in {None, package}:
            found.setdefault(package, {})[path] = len(path.read_text(encoding="utf-8").splitlines())
    return found


def draw(src: Path, number: int, seed: int, only: str | None) -> list[Mutant]:
    """Draw the sample: the same for the same seed and source."""
    found = packages(src, only)
    lines = {package: sum(files.values()) for package, files in found.items()}
    sample: list[Mutant] = []
    for package, files in found.items():
        wanted = max(min(LEAST, number), round(number * lines[package] / sum(lines.values())))
        chance, mine = random.Random(f"{seed} {package}"), dict[str, Mutant]()
        for _ in range(20 * wanted):
            path = chance.choices(list(files), list(files.values()))[0]
            mutant = draw_one(src, path, package, chance)
            if mutant is not None and len(mine) < wanted:
                mine[mutant.key] = mutant
            if len(mine) == wanted:
                break
        sample += mine.values()
    return sample
