"""The function with a loop and a branch, its slope, and the jumps that no slope shows.

The script runs the function in 64 bits. While the page is built, its values and slopes are compared
with those that torch finds for the package's function, on both sides of each jump too.
"""

import math
from html import escape

import torch

from autograd_tutorial.functions import double_until_large
from play.common import asker, is_close, js, refuse

SCRIPTS = ("kit.js", "jump.js")
OPENS_AT, STEP = 200.0, 16.0
JUMPS = (500.0, 250.0, 125.0, 62.5, -62.5, -125.0, -250.0, -500.0)
POINTS = [
    *(1.2009, 200.0, 300.0, -300.0, 700.0, 1e5, -1e5, 1e-5, -1e-5),
    *(
        near
        for n in range(1, 21)
        for sign in (1, -1)
        for jump in [sign * 1000 / 2.0**n]
        for near in (jump, jump * (1 - 2**-53), jump * (1 + 2**-52))
    ),
]
"""Where the figure is compared: on the jumps, and as close to them as numbers get."""


def torchs(a: float) -> tuple[float, float]:
    """Return value and slope, as torch has them."""
    x = torch.tensor(a, dtype=torch.float64, requires_grad=True)
    y = double_until_large(x)
    return y.item(), torch.autograd.grad(y, x)[0].item()


def differences(points: list[float], *, minified: bool = False) -> list[str]:
    """Return where the figure says something else than torch."""
    ask, found = asker(*SCRIPTS, minified=minified), []
    for a in points:
        ours = ask(f"Jump.run({js(a)})")
        shown = float(ours["value"]), float(ours["slope"])
        wanted = torchs(a)
        if not all(map(is_close, shown, wanted)):
            found.append(f"f({a!r}): torch says {wanted}, the figure {shown}")
    return found


FIGURE = """
<figure class="moving jump" data-a="{a:g}">
<div class="needs-script">
<p class="set"><label><b>a</b> <input type="text" inputmode="text" size="9" data-is="a" autocomplete="off" spellcheck="false" value="{a:g}" /></label>
<label>View <select data-is="range" autocomplete="off"><option value="700" selected>up to 700</option><option value="70">up to 70</option><option value="7">up to 7</option><option value="both">both sides of 0</option></select></label></p>
<p class="mistake" data-is="wrong" role="alert"></p>
<p class="set"><button type="button" data-is="back">← next jump</button> <button type="button" data-is="on">next jump →</button> <button type="button" data-is="flip">a to −a</button></p>
</div>
<svg data-is="plot" class="scene" viewBox="0 0 280 256" role="group" aria-label="f(a) against a, a saw of straight pieces"><g data-is="scene" aria-hidden="true">{scene}</g>
<g data-is="dot" class="handle" tabindex="0" role="slider" aria-label="a" aria-valuemin="0" aria-valuemax="700" aria-valuenow="{a:g}" aria-valuetext="{result}" transform="translate({dot})"><circle class="reach" r="22" /><circle class="dot" r="7" /></g></svg>
<div class="needs-script"><p class="set"><label>Step <b>h</b> of the quotients <input type="range" data-is="h" min="-16" max="6" step="1" value="{power:g}" autocomplete="off" /></label> <span class="value">h = <span data-is="h-shown">{h:g}</span></span></p></div>
<div class="said"><p class="outcome" data-is="result">{result}</p>
<p data-is="verdict">{verdict}</p></div>
<p class="unseen" data-is="told" role="status"></p>
<details open><summary>Some jumps in a table</summary><div class="wide" role="region" tabindex="0" aria-label="Table of jumps"><table>
<thead><tr><th scope="col">a</th><th scope="col">f(a)</th><th scope="col">slope at a</th><th scope="col">f, a hair nearer to 0</th><th scope="col">slope there</th></tr></thead>
<tbody>{rows}</tbody></table></div></details>
<figcaption>Filled dots belong to f, hollow ones do not. The tangent that autograd gives is the thick line through the point;
the dashed lines lead to the two points that are h away.</figcaption>
</figure>
"""


def row(a: float) -> str:
    """Return a row of the table: a jump, and the number beside it that is nearer to 0."""
    cells = (*torchs(a), *torchs(a * (1 - 2**-53)))
    written = "".join(f"<td>{shown(cell)}</td>" for cell in cells)
    return f'<tr><th scope="row">{shown(a)}</th>{written}</tr>'


def shown(value: float) -> str:
    """Write a number in full."""
    return f"{value:.10g}".replace("-", "−")


def html(content: str) -> str:
    """Return the figure, once it has been compared with torch.

    Raises
    ------
    ValueError
        If the figure says something else than torch, or the directive has a content.
    """
    refuse(content)
    if found := differences(POINTS):
        raise ValueError("; ".join(found))
    ask, a, h = asker(*SCRIPTS), js(OPENS_AT), js(STEP)
    dot = ask(f"Jump.dot({a}, [0, 700], 280, 256)")
    return FIGURE.format(
        a=OPENS_AT,
        h=STEP,
        power=math.log2(STEP),
        scene=ask(f"Jump.scene({a}, {h}, [0, 700], 280, 256)"),
        dot=",".join(f"{each:.1f}" for each in dot),
        result=escape(ask(f"Jump.result({a})")),
        verdict=escape(ask(f"Jump.verdict({a}, {h})")),
        rows="".join(map(row, JUMPS)),
    )
