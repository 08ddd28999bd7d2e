"""What the figures that move share: their scripts outside of a browser, and numbers as they write them."""

import json
import math
from collections.abc import Callable
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
