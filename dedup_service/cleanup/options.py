"""What finding duplicates may be told."""

from dataclasses import dataclass
from pathlib import Path

import scoring


@dataclass(frozen=True, slots=True)
class FindOptions:
    """How to find duplicates.

    Attributes:
        model: What scores pairs; None is the shipped one.
        train: Fit it to these records first, without labels.
        most_members: A blocking key of more records than this, 2 or more, is refined by a second such key.
        max_cluster: The most members of a cluster, 2 or more.
        least_join_probability: From which match probability on a pair speaks for joining; None is the MATCH
            threshold of the model. Pairs below it never do, however many there are.
        seed: Of what is drawn at random in training.
        previous: `Found.weighed` of an earlier run by the same model, the same way of preparing and the same
            `most_members`, where the source says which records were changed since: what it weighed is not
            weighed again. The outcome is that of a run without.
    """

    model: scoring.ScoringModel | None = None
    train: bool = True
    most_members: int = 15
    max_cluster: int = 50
    least_join_probability: float | None = 0.5
    seed: int = 1
    previous: Path | None = None

    def __post_init__(self) -> None:
        if min(self.most_members, self.max_cluster) < 2:
            raise ValueError("a block and a cluster have two members or more")
        if self.previous is not None and self.train:
            raise ValueError("weights of an earlier run hold under its own model alone")

    @property
    def base_model(self) -> scoring.ScoringModel:
        """The model that training starts from, or that scores as it is."""
        return self.model or scoring.shipped_model()
