"""What a golden record was, from one write that touched it to the next."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from dedup_service.domain.changes import Change
from dedup_service.domain.golden import GoldenImage


@dataclass(frozen=True, slots=True)
class GoldenVersion:
    """What a golden record was from the time of a change to `end_time`; None for what still holds.

    Without an image a later erasure emptied it.
    """

    image: GoldenImage | None
    change: Change
    end_time: datetime | None

    @property
    def start_time(self) -> datetime:
        return self.change.time


def versions_of(
    golden_name: str, changes: Iterable[Change], end_time: datetime | None = None
) -> Iterator[GoldenVersion]:
    """The versions that these changes made, the newest first as the changes are.

    A write that touches the golden record more than once makes one version, as its last change shows it.
    An erased change is taken for one that touched it. `end_time` is when the newest version ended.
    """
    for _, of_one_write in groupby(changes, key=lambda change: change.revision):
        for change in of_one_write:
            image = next((each for each in change.draft.after if each.name == golden_name), None)
            if image is not None or change.erased:
                yield GoldenVersion(image, change, end_time)
                end_time = change.time
                break
