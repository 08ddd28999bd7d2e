"""What the figures that move share: their scripts outside of a browser, and numbers as they write them."""

import json
import math
from collections.abc import Callable, Iterable
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import quickjs
import rjsmin

SOURCES = Path(__file__).parents[2] / "_static" / "play"
TOLERANCE = 1e-12


@cache
def script(name: str, *, minified: bool = False) -> str:
    """Return the text of a script, as it is written or as it is served."""
    text = (SOURCES / name).read_text("utf-8")
    return str(rjsmin.jsmin(text)) if minified else text


def context(*scripts: str, minified: bool = False) -> quickjs.Context:
    """Load scripts into an interpreter without a browser."""
    loaded = quickjs.Context()
    texts = [script(name, minified=minified) for name in scripts]
    loaded.eval("\n".join(texts))
    return loaded


@cache
def asker(*scripts: str, minified: bool = False) -> Callable[[str], Any]:
    """Return what evaluates an expression of scripts; NaN and infinities come as None."""
    loaded = context(*scripts, minified=minified)
    return lambda call: json.loads(loaded.eval(f"JSON.stringify({call})"))


def js(number: float) -> str:
    """Write a number as JavaScript reads it."""
    return {"inf": "Infinity", "-inf": "-Infinity", "nan": "NaN"}.get(
        repr(number), repr(number)
    )


def is_close(a: float, b: float) -> bool:
    """Tell whether two numbers agree, NaN and infinities included."""
    if math.isnan(a) or math.isnan(b):
        return math.isnan(a) and math.isnan(b)
    return a == b or abs(a - b) <= TOLERANCE * max(1, abs(a), abs(b))


def number(value: float) -> str:
    """Write a number as the scripts do for a reader, to four digits."""
    return f"{value:.4g}".replace("-", "−")


def quoted(text: object) -> str:
    """Write a text into an attribute; a browser keeps the ends of its lines only if told to."""
    return escape(str(text), quote=True).replace("\n", "&#10;")


STEPPER = """<svg data-is="plot" class="scene" viewBox="0 0 {size} {size}" role="group" aria-label="{label}"><g data-is="scene" aria-hidden="true">{scene}</g>
<g data-is="dot" class="handle" tabindex="0" role="slider" aria-label="{slider}" aria-valuemin="{least}" aria-valuemax="{most}" aria-valuenow="{now}" aria-valuetext="{result}" transform="translate({dot})"><circle class="reach" r="22" /><circle class="dot" r="7" /></g></svg>
<div class="said"><p class="outcome" data-is="result">{result}</p>
<p data-is="verdict">{verdict}</p></div>
<p class="unseen" data-is="told" role="status"></p>
<details><summary>{summary}</summary><div class="wide" role="region" tabindex="0" aria-label="{table}">
<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div></details>"""
SIZE = 280
"""How wide and high a still picture is; where there is a script, it has the size of its place."""


def stepper(
    script: str, call: str, *, heads: Iterable[str], **parts: object
) -> str:
    """Return a picture along which a dot goes by whole steps, and its table.

    The script draws and says what the call, such as `data, 4`, asks of it.
    """
    ask = asker("kit.js", f"{script.lower()}.js")
    across, down = ask(f"{script}.dot({call}, {SIZE}, {SIZE})")
    return STEPPER.format(
        size=SIZE,
        scene=ask(f"{script}.scene({call}, {SIZE}, {SIZE})"),
        dot=f"{across:.1f},{down:.1f}",
        result=escape(ask(f"{script}.result({call})")),
        verdict=escape(ask(f"{script}.verdict({call})")),
        heads="".join(f'<th scope="col">{head}</th>' for head in heads),
        **parts,
    )


def refuse(content: str) -> None:
    """Say so where a figure is given a content that it does not take."""
    if content:
        raise ValueError("this figure takes no content")
