"""Finding the duplicates of a whole CRM: one pipeline over the DataFrame API of Spark, on an engine in this
process or on any Spark 4.

with open_engine(memory_mib=1024, workspace=workspace) as engine:
    found = find_duplicates(engine, RawRows(...), workspace, FindOptions())
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dedup_service.cleanup.engine import Engine, open_engine
    from dedup_service.cleanup.errors import CleanupError, EngineError, InputError, WorkspaceError
    from dedup_service.cleanup.finding import Found
    from dedup_service.cleanup.options import FindOptions
    from dedup_service.cleanup.phases import Phase, Progress, Stopped
    from dedup_service.cleanup.pipeline import find_duplicates
    from dedup_service.cleanup.sources import Comparables, RawRows, RecordSource
    from dedup_service.cleanup.workspace import Workspace

__all__ = [
    "CleanupError",
    "Comparables",
    "Engine",
    "EngineError",
    "FindOptions",
    "Found",
    "InputError",
    "Phase",
    "Progress",
    "RawRows",
    "RecordSource",
    "Stopped",
    "Workspace",
    "WorkspaceError",
    "find_duplicates",
    "open_engine",
]

_MODULES = {
    "engine": ("Engine", "open_engine"),
    "errors": ("CleanupError", "EngineError", "InputError", "WorkspaceError"),
    "finding": ("Found",),
    "options": ("FindOptions",),
    "phases": ("Phase", "Progress", "Stopped"),
    "pipeline": ("find_duplicates",),
    "sources": ("Comparables", "RawRows", "RecordSource"),
    "workspace": ("Workspace",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    """Import a public name when it is asked for: the processes that only work need no engine."""
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


_main = sys.modules["__main__"]
if _main.__spec__ is None and not hasattr(_main, "__file__"):
    # A process with no main file, such as `python -c` or one that runs tests for another: the client would
    # take itself for its own documentation under test, and end the process.
    _main.__spec__ = ModuleSpec("__main__", None)
