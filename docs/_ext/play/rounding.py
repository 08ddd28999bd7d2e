"""The error of a difference quotient of F at 2 against its step, in two dtypes.

Every number comes from torch, while the page is built: it stands in a table of the page, from which
the script reads it.
"""

import json
from typing import TypedDict

import torch
from torch import Tensor

from autograd_tutorial.functions import log_sine_reciprocal as F
from autograd_tutorial.functions import log_sine_reciprocal_derivative
from play.common import asker, is_close, refuse, stepper

SCRIPTS = ("kit.js", "rounding.js")
DTYPES = {"float32": torch.float32, "float64": torch.float64}
KINDS = ("forward", "central")
POWERS = range(1, 55)
OPENS = "central float32", 4


class Point(TypedDict):
    """A quotient, its error, and the two values whose difference was taken."""

    k: int
    quotient: float
    error: float
    up: str
    down: str


class Data(TypedDict):
    """All that is drawn: F and its derivatives at 2, and the quotients."""

    value: float
    slope: float
    second: float
    third: float
    epsilon: dict[str, float]
    series: dict[str, list[Point]]


def written(value: Tensor) -> str:
    """Write a number with as many digits as tell it from its neighbours."""
    return str(value.detach().numpy()[()])


def derivatives() -> list[float]:
    """Return F at 2 and its first three derivatives, by autograd."""
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    found = [F(x)]
    for _ in range(3):
        found += torch.autograd.grad(found[-1], x, create_graph=True)
    return [each.item() for each in found]


def quotient(kind: str, dtype: torch.dtype, k: int) -> tuple[Tensor, ...]:
    """Return the quotient with the step 2⁻ᵏ, and the two values, all in this dtype."""
    x, h = torch.tensor([2.0, 2.0**-k], dtype=dtype)
    up, down = F(x + h), F(x - h if kind == "central" else x)
    return (up - down) / (2 * h if kind == "central" else h), up, down


def compute() -> Data:
    """Return all numbers of the figure."""
    value, slope, second, third = derivatives()
    series: dict[str, list[Point]] = {}
    for name, dtype in DTYPES.items():
        for kind in KINDS:
            points = series[f"{kind} {name}"] = []
            for k in POWERS:
                found, up, down = quotient(kind, dtype, k)
                points.append(
                    {
                        "k": k,
                        "quotient": found.item(),
                        "error": abs(found.item() - slope),
                        "up": written(up),
                        "down": written(down),
                    }
                )
    epsilon = {name: torch.finfo(each).eps for name, each in DTYPES.items()}
    return Data(
        value=value,
        slope=slope,
        second=second,
        third=third,
        epsilon=epsilon,
        series=series,
    )


FIGURE = """
<figure class="moving rounding" data-value="{value!r}" data-second="{second!r}" data-third="{third!r}" data-float32="{float32!r}" data-float64="{float64!r}">
<div class="needs-script"><p class="set"><label>Quotient <select data-is="kind" autocomplete="off"><option value="forward">forward</option><option value="central" selected>central</option></select></label>
<label>in <select data-is="dtype" autocomplete="off"><option selected>float32</option><option>float64</option></select></label>
<button type="button" data-is="best">The best h</button></p></div>
{picture}
<figcaption>Each dot is a step h = 2⁻¹, 2⁻², …, and its height the distance between the quotient and F′(2) = {slope:.10g}. The dashed lines are what the bend of
the curve costs, rising to the right, and what rounding may cost, rising to the left. Faint: the other three quotients.</figcaption>
</figure>
"""


def cell(name: str, point: Point) -> str:
    """Return a cell of the table, with all that the script reads."""
    shown = f"{point['quotient']:.7g}".replace("-", "−")
    data = " ".join(
        f'data-{key}="{value if isinstance(value, str) else repr(value)}"'
        for key, value in point.items()
    )
    return f'<td data-series="{name}" {data}>{shown}</td>'


def html(content: str) -> str:
    """Return the figure, with every number in it.

    Raises
    ------
    ValueError
        If autograd and the derivative by hand differ, or the directive has a content.
    """
    refuse(content)
    data = compute()
    two = torch.tensor(2.0, dtype=torch.float64)
    by_hand = log_sine_reciprocal_derivative(two).item()
    if not is_close(by_hand, data["slope"]):
        raise ValueError(f"by hand {by_hand}, by autograd {data['slope']}")
    chosen, k = OPENS
    ask = asker(*SCRIPTS)
    rows = "".join(
        f'<tr><th scope="row">{ask(f"Rounding.power({power})")}</th>'
        + "".join(map(cell, data["series"], points))
        + "</tr>"
        for power, *points in zip(POWERS, *data["series"].values(), strict=True)
    )
    picture = stepper(
        "Rounding",
        f"{json.dumps(data)}, {json.dumps(chosen)}, {k}",
        label="The error against the step h, both on logarithmic scales: a V",
        slider="Step h",
        least=-POWERS[-1],
        most=-POWERS[0],
        now=-k,
        summary="Every quotient in a table",
        table="Table of quotients",
        heads=("h", *data["series"]),
        rows=rows,
    )
    return FIGURE.format(
        value=data["value"],
        slope=data["slope"],
        second=data["second"],
        third=data["third"],
        **data["epsilon"],
        picture=picture,
    )
