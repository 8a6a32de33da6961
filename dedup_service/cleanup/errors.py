"""What can be wrong with the data, the engine or the workspace of a cleanup, each with what to do about
it.
"""


class CleanupError(Exception):
    """A cleanup cannot go on: `where` names the place, `problem` what is wrong, `advice` what to do."""

    def __init__(self, where: str, problem: str, advice: str) -> None:
        super().__init__(f"{where}: {problem}; {advice}")
        self.where = where
        self.problem = problem
        self.advice = advice


class EngineError(CleanupError):
    """The engine is not there, or gave up."""


class InputError(CleanupError):
    """The records cannot be read as they are."""


class WorkspaceError(CleanupError):
    """The folder that a cleanup works in cannot be used."""
