"""Records that hold so little that they would not even match themselves.

As Splink defines them: a record is compared with itself, and one whose match weight stays below a threshold
can never be linked there, however good the model. Much of it is a matter of the data, not of the matching.
"""

from dataclasses import dataclass

import numpy as np

from scoring.evaluation.curves import Floats

_STEP_BITS = 0.5
_MOST_POINTS = 400


@dataclass(frozen=True, slots=True)
class Unlinkables:
    """The share of records, 0 to 1, whose weight against themselves is below each threshold in bits."""

    thresholds_bits: Floats
    shares: Floats
    records: int

    def below(self, threshold_bits: float) -> float:
        """The share at the nearest threshold that is not above this one."""
        at = int(np.searchsorted(self.thresholds_bits, threshold_bits, side="right")) - 1
        return float(self.shares[max(at, 0)])


def unlinkables(self_weights_bits: Floats) -> Unlinkables:
    """The curve over half bits, from the least to beyond the most weight of a record against itself."""
    low, high = (self_weights_bits.min(), self_weights_bits.max()) if self_weights_bits.size else (0.0, 0.0)
    steps = np.arange(np.floor(low / _STEP_BITS), np.ceil(high / _STEP_BITS) + 2)
    steps = steps[:: max(1, -(-steps.size // _MOST_POINTS))]
    thresholds = steps * _STEP_BITS
    ordered = np.sort(self_weights_bits)
    below = np.searchsorted(ordered, thresholds, side="left")
    return Unlinkables(thresholds, below / max(ordered.size, 1), ordered.size)
