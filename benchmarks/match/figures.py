"""Telling figures: a whole run writes its table, a try only prints."""

import os

from benchmarks.report import Figure, report


def tell(name: str, figures: list[Figure], *, whole: bool) -> int:
    """Print the figures, and keep those of a whole run; the exit status is 0 when every target is met."""
    if whole:
        return report(name, figures)
    width = max(len(figure.name) for figure in figures)
    for figure in figures:
        mark = "  SHORT" if figure.short else ""
        target = (
            ""
            if figure.target is None
            else f"  target {'>=' if figure.at_least else '<='} {figure.target:,g}"
        )
        print(f"{figure.name:<{width}}  {figure.value:>12,.2f} {figure.unit:<12}{target}{mark}")
    print(f"load average {' '.join(f'{value:.2f}' for value in os.getloadavg())}")
    missed = [figure.name for figure in figures if figure.short]
    print(f"{name}, a try: " + (f"falls short: {', '.join(missed)}" if missed else "pass"))
    return 1 if missed else 0
