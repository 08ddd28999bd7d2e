"""Gradient descent with a learning rate and a momentum to move, and a start to drag.

The script walks in 64 bits. While the page is built, its walks are compared with those of
`torch.optim.SGD`, step by step.
"""

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

import torch
from torch import Tensor

from play.common import asker, is_close, js, number, refuse

SCRIPTS = ("kit.js", "descent.js")


def bowl(x: Tensor, y: Tensor) -> Tensor:
    """Bend ten times as much along y as along x."""
    return 0.5 * x**2 + 5 * y**2


def corner(x: Tensor, y: Tensor) -> Tensor:
    """Be as steep near the lowest point as far away from it."""
    return x.abs() + 2 * y.abs()


LOSSES = {"bowl": bowl, "corner": corner}


class Walk(NamedTuple):
    """Where a walk begins, and how it goes on."""

    loss: str = "bowl"
    x: float = -3.5
    y: float = 1.2
    rate: float = 0.17
    momentum: float = 0.0

    @property
    def state(self) -> str:
        """Write it as the script reads it."""
        return (
            f'{{loss: "{self.loss}", x: {js(self.x)}, y: {js(self.y)}, '
            f"rate: {js(self.rate)}, momentum: {js(self.momentum)}}}"
        )


OPENS = Walk()
TABLE = [
    *(Walk(rate=rate) for rate in (0.01, 0.05, 0.1, 0.17, 0.2, 0.21)),
    *(Walk(rate=rate, momentum=0.5) for rate in (0.1, 0.2, 0.31)),
]
COMPARED = [*TABLE, Walk("corner"), Walk("corner", 0.0, -2.0, 0.05)]


def torchs(walk: Walk, steps: int = 50) -> list[tuple[float, float, float]]:
    """Return the places and losses of a walk, as the optimiser of torch takes it."""
    point = [
        torch.tensor(each, dtype=torch.float64, requires_grad=True)
        for each in (walk.x, walk.y)
    ]
    optimiser = torch.optim.SGD(point, lr=walk.rate, momentum=walk.momentum)
    path = []
    for step in range(steps + 1):
        loss = LOSSES[walk.loss](*point)
        path.append((point[0].item(), point[1].item(), loss.item()))
        if step < steps:
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return path


def differences(
    walks: Iterable[Walk], *, minified: bool = False, steps: int = 50
) -> list[str]:
    """Return where the figure walks otherwise than torch."""
    ask = asker(*SCRIPTS, minified=minified)
    found = []
    for walk in walks:
        ours = ask(f"Descent.walk({walk.state}, {steps})")
        wanted = torchs(walk, steps)
        for step, (shown, right) in enumerate(zip(ours, wanted, strict=True)):
            if not all(map(is_close, map(float, shown), right)):
                found.append(f"{walk}, {step}: torch {right}, ours {shown}")
                break
    return found


FIGURE = """
<figure class="moving descent" data-x="{x:g}" data-y="{y:g}" data-rate="{rate:g}" data-momentum="{momentum:g}">
<div class="needs-script">
<p class="set"><label>Learning rate η <input type="text" inputmode="text" size="6" data-is="rate" autocomplete="off" spellcheck="false" value="{rate:g}" /></label>
<input type="range" data-is="rate-slider" min="0.005" max="0.32" step="0.005" value="{rate:g}" autocomplete="off" aria-label="Slider for the learning rate" />
<label>Momentum μ <input type="range" data-is="momentum-slider" min="0" max="0.95" step="0.05" value="{momentum:g}" autocomplete="off" /></label> <span class="value" data-is="momentum">{momentum:g}</span></p>
<p class="set">Start at <label>x <input type="text" inputmode="text" size="5" data-is="x" autocomplete="off" spellcheck="false" value="{start_x}" /></label>
<label>y <input type="text" inputmode="text" size="5" data-is="y" autocomplete="off" spellcheck="false" value="{start_y}" /></label>
<label>Loss <select data-is="loss" autocomplete="off"><option value="bowl" selected>x²/2 + 5y²</option><option value="corner">|x| + 2|y|</option></select></label></p>
<p class="mistake" data-is="wrong" role="alert"></p>
</div>
<div class="pair">
<svg data-is="map" class="scene" viewBox="0 0 280 280" role="group" aria-label="The walk, on the level lines of the loss"><g data-is="map-scene" aria-hidden="true">{map}</g>
<g data-is="start" class="handle" tabindex="0" role="slider" aria-label="Start" aria-valuemin="-4" aria-valuemax="4" aria-valuenow="{x:g}" aria-valuetext="x {start_x}, y {start_y}" transform="translate({at})"><circle class="reach" r="22" /><circle class="dot" r="7" /></g></svg>
<svg data-is="curve" class="scene" viewBox="0 0 280 176" role="img" aria-label="The loss after each step"><g data-is="curve-scene">{curve}</g></svg>
</div>
<div class="said"><p class="outcome" data-is="word">{word}. {outcome}</p>
<p data-is="verdict">{verdict}</p></div>
<p class="unseen" data-is="told" role="status"></p>
<details open><summary>Some rates in a table</summary><div class="wide" role="region" tabindex="0" aria-label="Table of learning rates"><table>
<thead><tr><th scope="col">η</th><th scope="col">μ</th><th scope="col">Loss after 50 steps</th><th scope="col">What it does</th></tr></thead>
<tbody>{rows}</tbody></table></div></details>
<figcaption>Above, or on the left, the loss from above: each closed line joins points of equal loss, and the large dot is the start. The other curve is the
loss after each step; its scale is logarithmic, so a straight line shrinks by the same factor every time.</figcaption>
</figure>
"""


def html(content: str) -> str:
    """Return the figure, once it has been compared with torch.

    Raises
    ------
    ValueError
        If the figure walks otherwise than torch, or the directive has a content.
    """
    refuse(content)
    if found := differences(COMPARED):
        raise ValueError("; ".join(found))
    ask, state = asker(*SCRIPTS), OPENS.state
    word, verdict = ask(f"Descent.verdict({state})")
    place = ask("Descent.place(280, 280)")
    across = place["cx"] + OPENS.x * place["unit"]
    down = place["cy"] - OPENS.y * place["unit"]
    rows = "".join(
        f'<tr><th scope="row">{walk.rate:g}</th><td>{walk.momentum:g}</td>'
        f"<td>{ask(f'Kit.number({js(torchs(walk)[-1][2])})')}</td>"
        f"<td>{ask(f'Descent.verdict({walk.state})')[0].lower()}</td></tr>"
        for walk in TABLE
    )
    return FIGURE.format(
        **OPENS._asdict(),
        start_x=number(OPENS.x),
        start_y=number(OPENS.y),
        map=ask(f"Descent.map({state}, 280, 280)"),
        curve=ask(f"Descent.curve({state}, 280, 176)"),
        at=f"{across:.1f},{down:.1f}",
        word=escape(word),
        verdict=escape(verdict),
        outcome=escape(ask(f"Descent.outcome(Descent.walk({state}))")),
        rows=rows,
    )
