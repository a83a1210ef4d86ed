"""Figures in matplotlib that look as those of the program: colours of Okabe and Ito, a shape for each regime."""

import re

from ._check import need

_TINTS = {
    "NN": ("#0072B2", "#56B4E9", "#003D66", "#8899CC"),
    "NT": ("#D55E00", "#E69F00", "#7A3300", "#C9A27A"),
    "RF(I)": ("#009E73", "#66C9AD", "#00543D", "#8FB8A8"),
    "RF(Gamma*)": ("#CC79A7", "#E3B5CD", "#7D3A60", "#B79AA9"),
    "RF": ("#009E73", "#66C9AD", "#00543D", "#8FB8A8"),
    "linear": ("#555555",) * 4,
    "Bayes": ("#000000",) * 4,
}
_MARKERS = {"NN": "o", "NT": "s", "RF(I)": "^", "RF(Gamma*)": "D", "RF": "^", "linear": "v", "Bayes": "o"}
# Drawn in this order: what comes later lies on top. Limits are lines; exact risks open markers, simulations filled ones.
_LAYERS = ("limit", "curve", "lazy_rich", "exact", "fit", "train", "flow", "dynamics")
_LINES = {"limit": "-", "curve": "--", "flow": "--", "dynamics": ":"}


def colour(regime, tint=0):
    tints = _TINTS.get(regime, _TINTS["Bayes"])
    return tints[tint % len(tints)]


def marker(regime):
    return _MARKERS.get(regime, "o")


def new_axes(ax=None):
    if ax is not None:
        return ax
    pyplot = need("matplotlib.pyplot", "plot", "a figure")
    return pyplot.subplots(figsize=(6.4, 4.4), layout="constrained")[1]


def draw_frames(frames, ax=None):
    """The axes of the frames: one, or an array."""
    if ax is not None and len(frames) != 1:
        raise ValueError(f"ax is given, but the plan has {len(frames)} frames")
    if not frames:
        raise ValueError("the plan has no results to draw")
    if len(frames) == 1:
        return _draw(frames[0], new_axes(ax))
    pyplot = need("matplotlib.pyplot", "plot", "a figure")
    axes = pyplot.subplots(1, len(frames), figsize=(5.2 * len(frames), 4.4), layout="constrained")[1]
    for frame, one in zip(frames, axes):
        _draw(frame, one)
    return axes


def _draw(frame, ax):
    order = {method: i for i, method in enumerate(_LAYERS)}
    regimes = {s["regime"] for s in frame["series"] if s["regime"] != "Bayes"}
    for series in sorted(frame["series"], key=lambda s: order.get(s["method"], len(order))):
        if series["points"]:
            _draw_series(frame, series, ax, only_regime=len(regimes) == 1)
    if frame["x"]["log"]:
        ax.set_xscale("log")
    if frame["y"]["log"]:
        ax.set_yscale("log")
    else:
        ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))
    if frame["mark"] is not None:
        ax.axvline(frame["mark"], color="#777777", linestyle=":", linewidth=1.2, zorder=0)
    ax.set_xlabel(mathtext(frame["x"]["label"]))
    ax.set_ylabel(mathtext(frame["y"]["label"]))
    ax.set_title(mathtext(frame["title"]), fontsize="medium")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(fontsize="small", frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def _draw_series(frame, series, ax, only_regime):
    x = [point["x"] for point in series["points"]]
    y = [point["ratio"] for point in series["points"]]
    errors = [point["se"] or 0 for point in series["points"]]
    tint = max(series["tint"], 0)
    shade = list(_TINTS.values())[tint % 5][0] if only_regime and not frame["along_training"] else colour(series["regime"], tint)
    label = mathtext(series["name"].replace("Gamma*", "Γ*"))
    line = _LINES.get(series["method"])
    if line or frame["along_training"]:
        ax.plot(x, y, line or "-", color=shade, label=label, linewidth=1.4)
        return
    is_open = series["method"] == "exact"
    joined = "-" if frame["joined"] else "none"
    ax.errorbar(x, y, errors, linestyle=joined, marker=marker(series["regime"]), color=shade, label=label, markersize=5,
                linewidth=1, markerfacecolor="none" if is_open else shade, capsize=2)


def mathtext(text):
    """gnuplot's enhanced text as matplotlib's."""
    subscript = r"(?:\{/:Italic ([^{}]*)\}|(?<![\w$])(\w))_(?:\{([^{}]*)\}|(\w))"
    text = re.sub(subscript, lambda m: f"${m[1] or m[2]}_{{{m[3] or m[4]}}}$", text)
    text = re.sub(r"\{/:Italic ([^{}]*)\}", r"$\1$", text)
    return text


def html_table(header, lines):
    from html import escape

    cells = lambda tag, row: "".join(f"<{tag}>{escape(str(cell))}</{tag}>" for cell in row)
    body = "".join(f"<tr>{cells('td', line)}</tr>" for line in lines)
    return f"<table><thead><tr>{cells('th', header)}</tr></thead><tbody>{body}</tbody></table>"
