"""What precision and recall would be at every threshold."""

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from scoring.evaluation.metrics import Mask

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Threshold:
    """Precision, recall and F1 where pairs of at least so many bits are taken."""

    weight_bits: float
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """One point for each distinct match weight, from the highest to the lowest; arrays of one length."""

    weights_bits: Floats
    precision: Floats
    recall: Floats
    f1: Floats

    @property
    def average_precision(self) -> float:
        """The area under the steps, sum of (R_k - R_k-1) P_k. Pairs that are no candidates count as never
        found.
        """
        return float((np.diff(self.recall, prepend=0.0) * self.precision).sum())

    def best(self) -> Threshold | None:
        """The threshold of the best F1, the highest of several; None without pairs."""
        return self._at(int(self.f1.argmax())) if self.f1.size else None

    def at_weight(self, weight_bits: float) -> Threshold | None:
        """What holds at this very threshold; None where no pair reaches it."""
        reaching = int((self.weights_bits >= weight_bits).sum())
        return replace(self._at(reaching - 1), weight_bits=weight_bits) if reaching else None

    def at_precision(self, precision: float) -> Threshold | None:
        """The threshold of the most recall among those of at least this precision; None where none is."""
        enough = np.flatnonzero(self.precision >= precision)
        return self._at(int(enough[-1])) if enough.size else None

    def thinned(self, points: int) -> "PrecisionRecall":
        """At most so many of the points, spread evenly over the recall, the best of F1 and the last one among
        them: behind the first point of full recall the precision goes on falling.
        """
        if self.f1.size <= points:
            return self
        last = self.f1.size - 1
        grid = np.linspace(0.0, self.recall[-1], points - 2)
        kept = np.unique([*np.searchsorted(self.recall, grid).clip(0, last), self.f1.argmax(), last])
        return PrecisionRecall(
            self.weights_bits[kept], self.precision[kept], self.recall[kept], self.f1[kept]
        )

    def _at(self, point: int) -> Threshold:
        return Threshold(
            float(self.weights_bits[point]),
            float(self.precision[point]),
            float(self.recall[point]),
            float(self.f1[point]),
        )


def precision_recall(weights_bits: Floats, is_match: Mask, true_pairs: int) -> PrecisionRecall:
    """The curve of scored pairs whose truth is known.

    Args:
        weights_bits: The match weight of each pair.
        is_match: Whether it is a true one.
        true_pairs: All true pairs, those never scored included: recall is a share of them.
    """
    order = np.argsort(-weights_bits, kind="stable")
    weights = weights_bits[order]
    correct = np.cumsum(is_match[order], dtype=np.float64)
    found = np.arange(1, weights.size + 1, dtype=np.float64)
    # Pairs of one weight are taken together or not at all.
    last = np.flatnonzero(np.append(np.diff(weights) != 0, True)) if weights.size else np.zeros(0, np.intp)
    correct, found = correct[last], found[last]
    return PrecisionRecall(
        weights[last],
        correct / found,
        correct / true_pairs if true_pairs else np.full(last.size, math.nan),
        2 * correct / (found + true_pairs),
    )
