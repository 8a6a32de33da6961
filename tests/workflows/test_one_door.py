"""One decision function guards every door (domain 7.7): nothing else in the code can complete a merge."""

import ast
from collections.abc import Iterator
from pathlib import Path

import dedup_service

PACKAGE = Path(dedup_service.__file__).parent
# What moves members between golden records or stores a merge, and who may call it.
MOVERS = {"move_members", "save_merge", "insert_members"}
DOORS = {
    ("workflows/deciding.py", "execute_within", "save_merge"),
    ("workflows/deciding.py", "_carry_out", "move_members"),
    # An undo brings members back, and needs a merge that came through the door.
    ("workflows/undoing.py", "_undo", "save_merge"),
    ("workflows/undoing.py", "_move_back", "move_members"),
}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """The functions of modules and classes, not those within functions."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node)


def called(node: ast.AST) -> list[tuple[int, str]]:
    """The names of all that is called below a node, with their lines, in order."""
    names = []
    for each in ast.walk(node):
        if isinstance(each, ast.Call):
            if isinstance(each.func, ast.Attribute):
                names.append((each.lineno, each.func.attr))
            elif isinstance(each.func, ast.Name):
                names.append((each.lineno, each.func.id))
    return sorted(names)


def calls_of(names: set[str]) -> set[tuple[str, str, str]]:
    """Who calls one of these: file, function and name, the store itself apart."""
    found = set()
    for path in sorted(PACKAGE.rglob("*.py")):
        where = path.relative_to(PACKAGE).as_posix()
        if where.startswith(("store/", "v1/")):
            continue
        for function in functions(ast.parse(path.read_text("utf-8"))):
            found |= {(where, function.name, name) for _, name in called(function) if name in names}
    return found


def test_nothing_else_moves_members_or_stores_merges() -> None:
    """Only execution and undo do; whoever adds another way must come through here."""
    assert calls_of(MOVERS) == DOORS


def test_the_carrying_out_has_one_caller() -> None:
    """`_carry_out` is called by `execute_within` alone, which is called by jobs and for one RPC."""
    assert calls_of({"_carry_out"}) == {("workflows/deciding.py", "execute_within", "_carry_out")}
    assert calls_of({"execute_within"}) == {
        ("workflows/deciding.py", "execute", "execute_within"),
        # Which merges less than it may, never more: `tests/workflows/cleaning`.
        ("workflows/cleaning/merging_items.py", "_item", "execute_within"),
    }
    executing = {
        (where, name)
        for where, name, _ in calls_of({"execute"})
        if "self._desk.deciding.execute(" in (PACKAGE / where).read_text("utf-8")
    }
    assert executing == {("rpc/merge_proposal_service.py", "execute_merge_proposal")}


def test_execution_decides_before_it_carries_out_in_one_transaction() -> None:
    """Within the work that the store commits: lock, take the ledger head, decide, refuse, only then act."""
    tree = ast.parse((PACKAGE / "workflows" / "deciding.py").read_text("utf-8"))
    execute, within = (
        next(function for function in functions(tree) if function.name == name)
        for name in ("execute", "execute_within")
    )
    wanted = [
        "lock_open_proposal",
        "revision",
        "decide",
        "refuse_unless_approved",
        "_carry_out",
        "save_merge",
    ]
    assert [name for _, name in called(within) if name in wanted] == wanted
    [work] = [node for node in execute.body if isinstance(node, ast.AsyncFunctionDef)]
    assert [name for _, name in called(work)] == ["execute_within"]
    below = {id(node) for node in ast.walk(work)}
    [commit] = [n for n in ast.walk(execute) if isinstance(n, ast.Return) and id(n) not in below]
    assert ast.unparse(commit) == "return await self._store.write(request, work, Merge)"
