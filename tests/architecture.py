"""The floors of the house, held by reading the imports: ``python tests/architecture.py src/trueline``.

Each check takes the modules of a source tree and yields one line per violation, so a test can plant one.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

FLOORS = {
    "display": 0, "errors": 0, "files": 0, "findings": 0,
    "maths": 1,
    "rows": 2,
    "models": 3,
    "verify": 4, "attack": 4, "defend": 4,
    "audit": 5,
    "ship": 6,
    "faces": 7,
}  # fmt: skip
DOOR = "trueline"
MAY_PRINT = {"trueline.models.progress"}  # the estimators' `verbose`, the one exception below faces/
OUTSIDE_MATHS = {"datetime", "io", "logging", "os", "pathlib", "tempfile", "time", "pandas", "polars", "pyarrow"}


@dataclass(frozen=True)
class Import:
    """One module named by an import statement, and where."""

    target: str
    line: int
    typing_only: bool


@dataclass(frozen=True)
class Module:
    """One parsed source file under its dotted name."""

    name: str
    tree: ast.Module
    imports: tuple[Import, ...]

    @property
    def room(self) -> str:
        return room(self.name)


def room(name: str) -> str:
    """The folder or file right under the package that a module belongs to; the package's own name for the door."""
    return name.split(".")[1] if "." in name else name


def read_tree(package: Path) -> list[Module]:
    """Every module under the folder of a package, whatever the folder is called."""
    files = {_dotted(package, path): path for path in sorted(package.rglob("*.py"))}
    modules = []
    for name, path in files.items():
        tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
        here = name if path.name == "__init__.py" else name.rpartition(".")[0]
        modules.append(Module(name, tree, tuple(_imports(tree, here, set(files)))))
    return modules


def _dotted(package: Path, path: Path) -> str:
    parts = [DOOR, *path.relative_to(package).with_suffix("").parts]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(tree: ast.Module, here: str, known: set[str]) -> Iterator[Import]:
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING")
        for branch in node.body
        for inner in ast.walk(branch)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            targets = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            targets = _from_targets(node, here, known)
        else:
            continue
        for target in targets:
            yield Import(target, node.lineno, id(node) in typing_only)


def _from_targets(node: ast.ImportFrom, here: str, known: set[str]) -> list[str]:
    """``from . import source`` names the module source where there is one, and the folder itself where not."""
    base = node.module or ""
    if node.level:
        parts = here.split(".")
        base = ".".join([*parts[: len(parts) - node.level + 1], *([node.module] if node.module else [])])
    inner = [f"{base}.{alias.name}" for alias in node.names]
    plain = [alias.name for alias, name in zip(node.names, inner, strict=True) if name not in known]
    if base == DOOR and plain == ["__version__"]:  # any floor may know the version
        plain = []
    return [name for name in inner if name in known] + ([base] if plain else [])


def floors(modules: list[Module]) -> Iterator[str]:
    """A module imports only from floors below its own, and from its own folder. Typing-only imports count."""
    for module in modules:
        if module.room == DOOR:
            continue
        if module.room not in FLOORS:
            yield f"{module.name}: {module.room} stands on no floor; name it in {Path(__file__).name}"
            continue
        for found in module.imports:
            if found.target.split(".")[0] != DOOR or room(found.target) == module.room:
                continue
            floor, wanted = FLOORS[module.room], FLOORS.get(room(found.target), 99)
            if wanted > floor or (wanted == floor and floor != 0):  # floor 0 is one folder
                yield f"{module.name}:{found.line}: imports {found.target}, which is not on a floor below"


def circles(modules: list[Module]) -> Iterator[str]:
    """No module reaches itself through imports; those inside functions count, typing-only ones do not."""
    names = {module.name for module in modules}
    edges = {
        module.name: {i.target for i in module.imports if not i.typing_only and i.target in names - {module.name}}
        for module in modules
    }
    edges[DOOR] = set()  # the door loads on first use
    finished: set[str] = set()
    for start in sorted(edges):
        yield from _circles_from(start, edges, finished, [])


def _circles_from(name: str, edges: dict[str, set[str]], finished: set[str], path: list[str]) -> Iterator[str]:
    if name in path:
        yield "circle: " + " -> ".join([*path[path.index(name) :], name])
        return
    if name in finished:
        return
    for target in sorted(edges[name]):
        yield from _circles_from(target, edges, finished, [*path, name])
    finished.add(name)


def explicit_all(modules: list[Module]) -> Iterator[str]:
    """Every module lists its public names; those called ``_name`` and empty ``__init__`` files need not."""
    for module in modules:
        private = module.name.rpartition(".")[2].startswith("_")
        code = [n for n in module.tree.body if not (isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant))]
        if code and not private and public_names(module.tree) is None:
            yield f"{module.name}: no __all__ that lists its names as plain strings"


def public_names(tree: ast.Module) -> list[str] | None:
    """The strings of ``__all__ = [...]``; None where there is none."""
    for node in tree.body:
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        if any(isinstance(target, ast.Name) and target.id == "__all__" for target in targets):
            try:
                names = ast.literal_eval(node.value)  # type: ignore[attr-defined]
            except ValueError:
                return None
            return [str(name) for name in names]
    return None


def printing(modules: list[Module]) -> Iterator[str]:
    """Nothing below faces/ prints or writes to the standard streams."""
    for module in modules:
        if module.room == "faces" or module.name in MAY_PRINT:
            continue
        for node in ast.walk(module.tree):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called in ("print", "sys.stdout.write", "sys.stderr.write"):
                yield f"{module.name}:{node.lineno}: {called}() below faces/"  # type: ignore[attr-defined]


def writing(modules: list[Module]) -> Iterator[str]:
    """files.write_whole is the one way any floor writes a file."""
    for module in modules:
        if module.room == "files":
            continue
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and _writes(node):
                yield f"{module.name}:{node.lineno}: {ast.unparse(node.func)} writes a file; use files.write_whole"


def _writes(call: ast.Call) -> bool:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else ast.unparse(call.func)
    if name in ("write_text", "write_bytes"):
        return True
    words = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "mode")]
    modes = [str(word.value) for word in words if isinstance(word, ast.Constant)]
    return name == "open" and any(set(mode) <= set("rwaxbt+") and set(mode) & set("wax+") for mode in modes)


def pure_maths(modules: list[Module]) -> Iterator[str]:
    """maths/ takes numbers and gives numbers: no files, no clocks, no frames."""
    for module in modules:
        for found in module.imports:
            if module.room == "maths" and found.target.split(".")[0] in OUTSIDE_MATHS:
                yield f"{module.name}:{found.line}: imports {found.target}; maths/ has no files, clocks or frames"


CHECKS = (floors, circles, explicit_all, printing, writing, pure_maths)


def main(package: str) -> int:
    modules = read_tree(Path(package))
    violations = [line for check in CHECKS for line in check(modules)]
    print("\n".join(violations) or f"{len(modules)} modules, every floor holds")
    return 1 if violations else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
