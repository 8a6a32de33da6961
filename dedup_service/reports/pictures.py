"""How all pictures look: drawn by matplotlib without a display, as SVG that needs nothing from outside.

The colours are those of Okabe and Ito, which people with any colour blindness tell apart; no picture says by
colour alone what it says.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_INCHES = 8.6
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
INK = "#222222"
GREY = "#666666"
PALE = "#D9D9D9"

_STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelcolor": INK,
    "axes.edgecolor": GREY,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#E6E6E6",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    # Letters as outlines: what was looked at is what everybody sees, whatever fonts there are.
    "svg.fonttype": "path",
}


class PicturesMissing(Exception):
    """The libraries that draw pictures are not installed; the text says how to install them."""


def require_libraries() -> None:
    """Refuse early, before long work whose result could not be drawn.

    Raises:
        PicturesMissing: matplotlib or jinja2 is not installed.
    """
    missing = [name for name in ("matplotlib", "jinja2") if find_spec(name) is None]
    if missing:
        raise PicturesMissing(
            f"pictures need {' and '.join(missing)}, which come with the extra [report]: "
            "in a checkout, pip install -e '.[report]'"
        )


@contextmanager
def styled(name: str) -> Iterator[None]:
    """The look of all pictures; `name` keeps the ids inside one apart from those of others on a page."""
    import matplotlib as mpl  # noqa: PLC0415 -- a second to load, and only pictures need it

    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        yield


def blank(height_inches: float, rows: int = 1, columns: int = 1) -> "tuple[Figure, list[Axes]]":
    """An empty picture of the common width, with its parts from left to right and top to bottom."""
    from matplotlib.figure import Figure  # noqa: PLC0415 -- as above

    figure = Figure(figsize=(WIDTH_INCHES, height_inches), layout="constrained")
    parts = figure.subplots(rows, columns, squeeze=False)
    return figure, list(parts.flat)


def svg_of(figure: "Figure", description: str) -> str:
    """The picture as an SVG element that says in words what it shows, the same bytes each time."""
    out = io.StringIO()
    figure.savefig(out, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    text = out.getvalue()
    start = text.index(">", text.index("<svg")) + 1
    opening = text[text.index("<svg") : start].replace("<svg ", '<svg role="img" ', 1)
    return f"{opening}\n<title>{escape(description)}</title>{text[start:]}"


def mark_thresholds(axes: "Axes", match_bits: float, review_bits: float, *, words: bool = True) -> None:
    """Upright lines where the verdicts begin, with their names above."""
    for bits, name, line in ((review_bits, "REVIEW", ":"), (match_bits, "MATCH", "--")):
        axes.axvline(bits, color=INK, linestyle=line, linewidth=1.2)
        if words:
            axes.annotate(
                f"{name} from\n{in_bits(bits)}",
                (bits, 1.0),
                xycoords=("data", "axes fraction"),
                xytext=(4 if name == "MATCH" else -4, -3),
                textcoords="offset points",
                ha="left" if name == "MATCH" else "right",
                va="top",
                fontsize=8.5,
                color=INK,
                bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.75, "pad": 1.5},
            )


def in_bits(weight_bits: float) -> str:
    """A weight with its sign, as the axes write it; none is below 0 by less than can be seen."""
    return f"{round(weight_bits, 1) + 0.0:+.1f}".replace("-", "\N{MINUS SIGN}")


def as_percent(axes: "Axes", which: str) -> None:
    """Label an axis of shares in per cent: whole ones, so that no label is rounded."""
    from matplotlib.ticker import MaxNLocator, PercentFormatter  # noqa: PLC0415 -- as above

    axis = axes.xaxis if which == "x" else axes.yaxis
    # Steps of 1, 2, 5 or 10 %: left alone, matplotlib takes 2.5 as well.
    axis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(PercentFormatter(1.0, decimals=0))
