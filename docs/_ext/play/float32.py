"""F and its slope at every power of two that float32 has, where they are right and where they break.

Every number comes from torch, while the page is built: it stands in a table of the page, from which
the script reads it.
"""

import json
import math
from collections.abc import Callable
from typing import Literal, TypedDict

import torch
from torch import Tensor

from autograd_tutorial.functions import log_sine_reciprocal as F
from autograd_tutorial.functions import log_sine_reciprocal_derivative
from play.common import asker, js, refuse, stepper

SCRIPTS = ("kit.js", "float32.js")
POWERS = range(-126, 127)
"""The exponents of float32, but for the smallest numbers, which have fewer digits, and the largest."""
OPENS = "written", -76


Found = dict[str, float]
"""F and its slope in float32: `value` and `slope`."""


class Row(TypedDict):
    """What is known of one power of two."""

    p: int
    square: float
    """x², in float32."""
    right: float
    """The slope, in float64."""
    written: Found
    """With the logarithm of x²."""
    mended: Found
    """With twice that of |x|."""


def mended(x: Tensor) -> Tensor:
    """Compute F without the square of x."""
    return 2 * torch.log(x.abs()) * torch.sin(x) + 1 / x


Formula = Literal["written", "mended"]
FORMULAS: dict[Formula, Callable[[Tensor], Tensor]] = {
    "written": F,
    "mended": mended,
}


def found(formula: Formula, power: int, dtype: torch.dtype) -> Found:
    """Return value and slope, as torch has them."""
    x = torch.tensor(2.0**power, dtype=dtype, requires_grad=True)
    value = FORMULAS[formula](x)
    (slope,) = torch.autograd.grad(value, x)
    return {"value": value.item(), "slope": slope.item()}


def compute() -> list[Row]:
    """Return all numbers of the figure.

    Raises
    ------
    ValueError
        If the slope in float64 differs from the one by hand, or between the formulas.
    """
    rows: list[Row] = []
    for power in POWERS:
        x = torch.tensor(2.0**power)
        by_hand = log_sine_reciprocal_derivative(x.double()).item()
        slopes = [
            found(name, power, torch.float64)["slope"] for name in FORMULAS
        ]
        if not all(math.isclose(s, by_hand, rel_tol=1e-9) for s in slopes):
            raise ValueError(f"by hand {by_hand}, by autograd {slopes}")
        rows.append(
            {
                "p": power,
                "square": (x * x).item(),
                "right": slopes[0],
                "written": found("written", power, torch.float32),
                "mended": found("mended", power, torch.float32),
            }
        )
    return rows


FIGURE = """
<figure class="moving float32">
<div class="needs-script"><p class="set"><label>Written with <select data-is="formula" autocomplete="off"><option value="written" selected>log(x²)</option><option value="mended">2 log |x|</option></select></label></p></div>
{picture}
<figcaption>The line is |F′(x)| as float64 has it, at every power of two from 2⁻¹²⁶ to 2¹²⁶, and both scales are logarithmic. In the shaded parts float32 has no number for it; a dashed
line shows the largest that it could have.</figcaption>
</figure>
"""


def row(each: Row) -> str:
    """Return a row of the table, with all that the script reads."""
    ask = asker(*SCRIPTS)

    def shown(value: float) -> str:
        return str(ask(f"Kit.number({js(value)})"))

    cells = "".join(
        f'<td data-formula="{name}" data-value="{js(value)}" '
        f'data-slope="{js(slope)}">{shown(slope)}</td>'
        for name in FORMULAS
        for value, slope in [each[name].values()]
    )
    power, square, right = each["p"], each["square"], each["right"]
    return (
        f'<tr data-p="{power}" data-square="{js(square)}" data-right="{js(right)}">'
        f'<th scope="row">{ask(f"Kit.power(2, {power})")}</th>{cells}'
        f"<td>{shown(right)}</td></tr>"
    )


def html(content: str) -> str:
    """Return the figure, with every number in it.

    Raises
    ------
    ValueError
        If torch's slope differs from the one by hand, or the directive has a content.
    """
    refuse(content)
    rows = compute()
    formula, power = OPENS
    picture = stepper(
        "Float32",
        f"{json.dumps(rows)}, {json.dumps(formula)}, {power}",
        label="The size of F′(x) against x, both on logarithmic scales, and where float32 has no number for it",
        slider="Exponent of x",
        least=POWERS[0],
        most=POWERS[-1],
        now=power,
        summary="Every slope in a table",
        table="Table of slopes",
        heads=(
            "x",
            "F′ in float32, with log(x²)",
            "with 2 log |x|",
            "F′ in float64",
        ),
        rows="".join(map(row, rows)),
    )
    return FIGURE.format(picture=picture)
