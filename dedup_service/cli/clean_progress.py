"""How far a cleanup is: live on a terminal, as plain lines elsewhere."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from dedup_service.cleanup import Progress as Told

WRITE = "WRITE"
_WORDS = {
    "READ": "reading",
    "PREPARE": "preparing",
    "BLOCK": "looking for candidates",
    "TRAIN": "learning from them",
    "SCORE": "comparing",
    "CLUSTER": "grouping",
    WRITE: "writing",
}
_UNITS = {"SCORE": "pairs"}
_LINE_SECONDS = 10.0
_FIRST = TaskID(0)


@dataclass(slots=True)
class Display:
    """Tells of phases one after the other, and keeps how long each took."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)
    _phase: str = ""
    _begin: float = 0.0
    _line_time: float = 0.0
    _done: int = 0
    _bar: Progress | None = None
    _task: TaskID = _FIRST

    def tell(self, told: "Told") -> None:
        """What the pipeline says of a phase."""
        self.show(str(told.phase), told.done, told.total)

    def show(self, phase: str, done: int, total: int | None) -> None:
        """How far a phase is; a phase that was not the last begins."""
        now = time.monotonic()
        if phase != self._phase:
            self.finish()
            self._phase, self._begin, self._line_time = phase, now, now
            if self._bar is not None:
                self._task = self._bar.add_task(_WORDS[phase], total=total, counts="")
        self._done = done
        if self._bar is not None:
            counts = _counts(phase, done, total)
            self._bar.update(self._task, completed=done, total=total, counts=counts)
        elif now - self._line_time >= _LINE_SECONDS:
            self._line_time = now
            self._line(f"{_WORDS[phase]}: {_counts(phase, done, total) or 'still at it'}")

    def finish(self) -> None:
        """The phase under way is over."""
        if not self._phase:
            return
        took = time.monotonic() - self._begin
        self.seconds[self._phase] = round(self.seconds.get(self._phase, 0.0) + took, 3)
        if self._bar is not None:
            total = self._bar.tasks[self._task].total or self._done or 1
            self._bar.update(self._task, completed=total, total=total)
            self._bar.stop_task(self._task)
        else:
            counts = _counts(self._phase, self._done, None)
            said = f"{_WORDS[self._phase]}: {counts + ', ' if counts else ''}{took:.1f} seconds"
            self._line(said)
        self._phase = ""

    def _line(self, text: str) -> None:
        self.console.print(text, soft_wrap=True)

    @contextmanager
    def live(self) -> Iterator[None]:
        """Bars on a terminal, until the end of the block."""
        if not self.console.is_terminal:
            yield
            return
        bar = Progress(
            TextColumn("{task.description:<22}"),
            BarColumn(bar_width=None),
            TextColumn("{task.fields[counts]:>26}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(compact=True),
            console=self.console,
            expand=True,
        )
        with bar:
            self._bar = bar
            try:
                yield
            finally:
                self._bar = None


def _counts(phase: str, done: int, total: int | None) -> str:
    unit = _UNITS.get(phase, "records")
    if total:
        return f"{min(done, total):,} of {total:,} {unit}"
    return f"{done:,} {unit}" if done else ""
