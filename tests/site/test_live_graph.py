"""The live graph: what its scripts say of formulas, beside torch, as written and as served."""

import contextlib
import io
import json
import math
import random
import re
from itertools import product
from pathlib import Path

import pytest
import torch
from bs4 import BeautifulSoup
from play.common import is_close
from play.live_graph import (
    Example,
    Scripts,
    differences,
    pairs,
    read,
    run,
)

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "play" / "graph.md"
NAN, INFINITY = math.nan, math.inf
(BLOCK,) = re.findall(
    r"```\{live-graph\}\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL
)
EXAMPLES = read(BLOCK)

SMOOTH = [
    "sin",
    "cos",
    "tan",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "exp",
    "exp2",
    "expm1",
    "sigmoid",
    "softplus",
    "square",
]
BOUNDED = [
    "asin",
    "acos",
    "acosh",
    "atanh",
    "log",
    "log2",
    "log10",
    "log1p",
    "sqrt",
    "rsqrt",
    "reciprocal",
]
BROKEN = ["abs", "sign", "relu", "floor", "ceil", "round", "trunc"]
PAIRS = ["atan2", "hypot", "maximum", "minimum", "pow"]
POINTS = [
    *(0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.5, 0.3, 25.0),
    *(INFINITY, -INFINITY, NAN),
]


@pytest.fixture(scope="module", params=["written", "minified"])
def scripts(request: pytest.FixtureRequest) -> Scripts:
    """Load the scripts, as they are written and as they are served."""
    return Scripts(minified=request.param == "minified")


def differ(scripts: Scripts, formula: str, x: float, y: float) -> list[str]:
    """Return where the scripts and torch differ."""
    return [
        f"{formula!r} at {x}, {y}: {found}"
        for found in differences(scripts, Example("", formula, "", x, y))
    ]


def test_examples(scripts: Scripts) -> None:
    """Each example of the page says what torch says, on every node and arrow."""
    assert len(EXAMPLES) >= 8
    for example in EXAMPLES:
        assert not differences(scripts, example)
        for x, y in product((0.0, 1.0, -1.5), repeat=2):
            assert not differ(scripts, example.formula, x, y)


def test_each_function_at_each_kind_of_point(scripts: Scripts) -> None:
    """Zeros, kinks, borders, infinities and NaN, for every function of one argument."""
    found = []
    for name, x in product([*SMOOTH, *BOUNDED, *BROKEN], POINTS):
        found += differ(scripts, f"{name}(x)", x, 1)
    assert not found, "\n".join(found[:20])


@pytest.mark.parametrize("y", POINTS)
def test_each_pair_of_points(scripts: Scripts, y: float) -> None:
    """Ties, zeros and infinities, for what takes two arguments."""
    formulas = [
        *(f"{name}(x, y)" for name in PAIRS),
        *("x + y", "x - y", "x * y", "x / y", "x**y"),
        "where(x > y, x, y * 2)",
        "where((x <= y) & ~(y == 1) | (x != 0), x * y, x)",
        "(x >= y) * x + y",
        # What is masked stays 0, even if NaN comes back to it.
        "sqrt(0 * where(x > y, x, y))",
        "sqrt(0 * maximum(x, y)) + sqrt(0 * minimum(x, y))",
        "sqrt(0 * relu(x)) + sqrt(0 * clamp(y, 0, 1)) + sqrt(0 * x**0)",
    ]
    found = []
    for formula, x in product(formulas, POINTS):
        found += differ(scripts, formula, x, y)
    assert not found, "\n".join(found[:20])


def test_powers_and_plain_numbers(scripts: Scripts) -> None:
    """A plain number on either side is another operation of torch."""
    formulas = [
        *(
            f"x**{n}"
            for n in [
                "0",
                "1",
                "2",
                "3",
                "-1",
                "-2",
                "0.5",
                "-0.5",
                "1.5",
                "inf",
                "nan",
            ]
        ),
        *(
            f"{n}**x"
            for n in ["0", "1", "2", "0.5", "(-2)", "(-1)", "inf", "nan"]
        ),
        *("1/x", "3 - x", "x/3", "2*x", "x*2", "2 + x", "x - 2", "-x", "+x"),
        *("clamp(x, -1, 1)", "clamp(x, 0)", "maximum(x, 1)", "pow(2, x)"),
        *("where(x > 0, 1, -1) * x", "where(0 < x < 1, x, 0.5)", "-x**2"),
        *("2**-x", "x**2**0.5", "sin(1) * x + pi - e", "hypot(x, 2)"),
        "sigmoid(2) * x + relu(-1) + maximum(1, 2) + round(2.5) + softplus(1)",
    ]
    found = []
    for formula, x in product(formulas, POINTS):
        found += differ(scripts, formula, x, 1)
    assert not found, "\n".join(found[:20])


def grown(choose: random.Random, depth: int, *, exact: bool = False) -> str:
    """Return a random formula; in an exact one both sides round alike, so it may be cut."""
    if depth == 0 or choose.random() < 0.1:
        return choose.choice(["x", "y", "x", "y", "2", "0.5", "3"])
    a, b = (grown(choose, depth - 1, exact=exact) for _ in "ab")
    c, d = (grown(choose, depth - 1, exact=True) for _ in "cd")
    if exact:
        return f"({a} {choose.choice('+-*')} {b})"
    forms = [
        *([f"({a} {choose.choice('+-*/')} {b})"] * 4),
        *([f"{choose.choice([*SMOOTH, *BOUNDED])}({a})"] * 3),
        f"{choose.choice(BROKEN)}({c})",
        f"{choose.choice(['maximum', 'minimum'])}({c}, {d})",
        f"where({c} {choose.choice(['<', '<=', '>', '>='])} {d}, {a}, {b})",
        f"({a})**{choose.choice(['2', '3', '-1', '0.5', 'x'])}",
    ]
    return choose.choice(forms)


def generated() -> list[tuple[str, float, float]]:
    """Return formulas that can be differentiated, each with some points."""
    choose = random.Random(17)
    scripts = Scripts()
    found: list[tuple[str, float, float]] = []
    places = [0.0, 1.0, -1.0, 0.5, 2.0, -2.5, 1.75, INFINITY, NAN]
    while len(found) < 420:
        formula = grown(choose, choose.choice([2, 3, 3, 4]))
        if choose.random() < 0.4:
            part = grown(choose, 2)
            formula = f"s = {part}\ns * {formula} + s"
        for _ in range(1):
            x, y = choose.choice(places), choose.choice(places)
            answer = scripts.ask(formula, x, y)
            if "mistake" in answer:
                continue
            values = [float(node["value"]) for node in answer["nodes"]]
            # Where numbers are large, rounding is, too.
            if all(abs(v) < 50 or not math.isfinite(v) for v in values):
                found.append((formula, x, y))
    return found


def test_generated_formulas(scripts: Scripts) -> None:
    """Value, gradient, and every number in between, of many formulas: as torch has them."""
    found, compared, formulas = [], 0, set()
    for formula, x, y in generated():
        answer = scripts.ask(formula, x, y)
        graph = run(answer["program"])
        formulas.add(formula)
        for name, torchs, ours in pairs(graph, answer):
            compared += 1
            if not is_close(torchs, ours):
                found.append(f"{formula!r} {x} {y} {name}: {torchs} {ours}")
    assert not found, "\n".join(found[:20])
    assert len(formulas) >= 300
    assert compared > 10_000


SPELLED = {
    "x^2 − y·2": "x**2 - y*2",
    "torch.sin(x) + math.pi": "sin(x) + pi",
    "def F(x):\n    s = torch.exp(x)  # a comment\n    return s * s": "s = exp(x)\ns * s",
    "s = x; s * s": "s = x\ns * s",
    "(x +\n y) * 2": "(x + y) * 2",
    "x * 1_000 + 1e-3 + .5 + 2.": "x * 1000 + 0.001 + 0.5 + 2.0",
    "torch.nn.functional.softplus(x)": "softplus(x)",
    "α = x * 2\nα * y": "a = x * 2\na * y",
}


@pytest.mark.parametrize("formula", SPELLED)
def test_other_spellings(scripts: Scripts, formula: str) -> None:
    """Signs as they are typeset, prefixes, comments and a whole function are read alike."""
    assert not differ(scripts, formula, 1.5, -2)
    first, second = (
        scripts.ask(text, 1.5, -2)["nodes"]
        for text in (formula, SPELLED[formula])
    )
    for a, b in zip(first, second, strict=True):
        assert (a["value"], a["adjoint"]) == (b["value"], b["adjoint"])


def test_names_are_those_of_trace(scripts: Scripts) -> None:
    """A variable that holds several values numbers them, and a taken number is passed over."""
    for formula in (
        "s = x * x\ns = s + 1\nt = s\ns = s * t\nreturn s",
        "v1 = x * sin(x)\nv1 * x + y",
        "e = x\ne * e",
        "a = 3\na * x + a",
        "u = y * 2\nx**2",
        "a = x + y\nb = where(a > 0, 1, 2)\nb * x - b",
    ):
        assert not differ(scripts, formula, 2, 1.5)


WRONG = {
    "": "Write a formula",
    "x +": "at its end: Something is missing",
    "x + * y": "“*” (character 5)",
    "(x + y": "This bracket is never closed",
    "x + y)": "closes what was never opened",
    "2x": "Write 2 * x",
    "x y": "a sign is missing",
    "x (y)": "a sign is missing",
    "x(2)": "x is a number, not a function",
    "3": "No path with a derivative",
    "x = 2": "x is an input",
    "z + x": "Nothing is called z yet",
    "foo(x)": "There is no function foo",
    "ln(x)": "Here ln is called log",
    "max(x, y)": "Here max is called maximum",
    "sin x": "sin is a function: write sin(x)",
    "sin()": "Here should be a number|argument, and here are 0",
    "sin(x, y)": "sin takes 1 argument, and here are 2",
    "where(x, 1, y)": "where needs a test first",
    "where(x > 0, y)": "where takes 3 arguments",
    "where(1 > 0, x, y)": "This test compares plain numbers",
    "x if x > 0 else y": "“if” chooses before anything is recorded",
    "if x > 0:\n    y": "“if” chooses",
    "for i in x": "There are no loops",
    "x // 2": "Write floor(a / b)",
    "x % 2": "The remainder",
    "x @ y": "no matrix product",
    "x and y": "Join tests with &",
    "not x": "Join tests with &",
    "x > 0 & y > 0": "Put each comparison in brackets",
    "lambda x: x": "needs no lambda",
    "1/0 + x": "division by zero",
    "x + 0**-1": "division by zero",
    "(-8)**(1/3) * x": "complex number",
    "log(0) + x": "log of this plain number does not exist",
    "sqrt(-1) * x": "sqrt of this plain number does not exist",
    "exp(1000) * x": "too large",
    "x.sin()": "not x.sin()",
    "np.sin(x)": "NumPy records nothing",
    "|x|": "write abs(x)",
    "x²": "Write **2",
    "[x, y]": "There are no lists",
    "{x}": "round brackets",
    "x > 0": "The result is a test",
    "where(x > 0, 1, 2)": "No path with a derivative",
    "x, y": "A comma stands between",
    "(x, y)": "A pair is no number",
    "s += x": "Write the whole step",
    "sin = x": "sin has a meaning already",
    "x - (y > 0)": "needs a number",
    "sin(x > 0)": "sin needs a number",
    "~x": "turns a test around",
    "clamp(x, y)": "bounds of clamp",
    "clamp(x, min=0)": "in their order, without names",
    "return x; x + y": "Nothing runs after a return",
    "x ? y": "has no meaning here",
    "2j * x": "Complex numbers",
    "'x'": "There is no text",
    "x = y = 2": "x is an input",
    "constructor(x)": "There is no function constructor",
    "toString + x": "Nothing is called toString yet",
    "x!": "no factorial",
    "007 * x": "begins with 0",
}


@pytest.mark.parametrize("formula", WRONG)
def test_wrong_formulas(scripts: Scripts, formula: str) -> None:
    """Each gets a sentence that names line and place, and what to write instead."""
    answer = scripts.ask(f"s = x\n{formula}" if formula else "", 1, 1)
    mistake = answer.get("mistake", "")
    assert re.match(
        r"Line [12], at (its end|“[\s\S]+” \(character \d+\)): [A-Z“~|]?.+\.$",
        mistake,
    ), mistake
    assert any(part in mistake for part in WRONG[formula].split("|")), mistake
    assert mistake.startswith("Line 2" if formula else "Line 1"), mistake


def test_too_large_a_formula_is_refused(scripts: Scripts) -> None:
    """The picture has an end."""
    answer = scripts.ask(" + ".join(["sin(x)"] * 60), 1, 1)
    assert "the picture has room for" in answer["mistake"]


VERDICTS = {
    ("x**2", 1.0): "The graph is right here",
    ("sigmoid(300 * x)", 0.0): "The graph is right here",
    ("tanh(1000 * x)", 0.001): "The graph is right here",
    ("sin(40 * x)", 0.3): "The graph is right here",
    (
        "abs(x)",
        0.0,
    ): "From the left −1, from the right 1: F has no derivative here, and the graph says 0.",
    (
        "sqrt(x**2)",
        0.0,
    ): "From the left −1, from the right 1: F has no derivative here, and the graph says NaN.",
    ("where(x > 0, sqrt(x), 0 * x)", -1.0): "The graph is wrong here",
    ("floor(x) * x", 1.0): "F jumps",
    ("sqrt(abs(x))", 0.0): "From the left −∞, from the right ∞",
    ("where(x > 0, x, -1 + x * 0)", 0.0): "from the right ∞",
    (
        "sqrt(x)",
        0.0,
    ): "To the left F has no value; from the right the slope is ∞, and the graph says ∞.",
    ("log(x)", -1.0): "F is NaN here",
    ("1 / x", 0.0): "F is ∞ here",
    ("relu(x)", 0.0): "From the left 0, from the right 1",
    ("maximum(x, 1 - x)", 0.5): "and the graph says 0.",
    ("x**3", 0.0): "The graph is right here",
}


@pytest.mark.parametrize(("formula", "x"), VERDICTS)
def test_whether_the_graph_is_right(
    scripts: Scripts, formula: str, x: float
) -> None:
    """Corners, jumps, vertical tangents and borders are told apart from what is only steep."""
    said = scripts.ask(formula, x, 1)["said"][0]
    assert VERDICTS[formula, x] in said, said


def test_the_same_in_torch_runs_as_it_stands(scripts: Scripts) -> None:
    """The program of each example prints the statement, the value and the adjoint of each node."""
    dtype = torch.get_default_dtype()
    for example in EXAMPLES:
        answer = scripts.ask(example.formula, example.x, example.y)
        printed = io.StringIO()
        try:
            with contextlib.redirect_stdout(printed):
                exec(answer["program"], {})  # noqa: S102
        finally:
            torch.set_default_dtype(dtype)
        lines = printed.getvalue().splitlines()
        for line, node in zip(lines, answer["nodes"], strict=True):
            statement, value, adjoint = line.split("  |  ")
            assert statement.partition(" ")[0] == node["name"]
            assert is_close(float(value), float(node["value"]))
            found = re.search(r"\(([^,)]+)", adjoint)
            assert found is not None
            shown = float(found[1])
            exact = float(node["adjoint"])
            assert math.isnan(exact) or math.isclose(
                shown, exact, rel_tol=1e-3, abs_tol=1e-4
            )


TYPED = {
    "1/2": 0.5,
    "−1": -1,
    "-1": -1,
    "1,5": 1.5,
    " 2 ": 2,
    "1 000": 1000,
    "− 1 / 4": -0.25,
    "1e-3": 0.001,
    ".5": 0.5,
    "+3": 3,
    "pi": math.pi,
    "∞": INFINITY,
    "-inf": -INFINITY,
    "": None,
    "two": None,
    "1/2/3": None,
    "1,2,3": None,
    "-": None,
}


@pytest.mark.parametrize("text", TYPED)
def test_typed_numbers(scripts: Scripts, text: str) -> None:
    """A number is read as people write it; what is none is not guessed at."""
    asked = f"String(Kit.readNumber({json.dumps(text)}))"
    read = scripts.context.eval(asked)
    wanted = TYPED[text]
    assert read == "null" if wanted is None else float(read) == wanted


def test_numbers_for_reading(scripts: Scripts) -> None:
    """Four digits, a real minus sign, and powers of ten where they help."""
    for number, text in {
        "0": "0",
        "-0": "0",
        "-0.25": "−0.25",
        "1/3": "0.3333",
        "123456": "1.23·10⁵",
        "-1e-7": "−1·10⁻⁷",
        "Infinity": "∞",
        "NaN": "NaN",
    }.items():
        assert scripts.context.eval(f"Kit.number({number})") == text


def test_the_page_holds_its_figure_without_a_script(
    pages: dict[str, BeautifulSoup],
) -> None:
    """A still picture, its numbers in a table and its program are in the page."""
    figure = pages["play/graph.html"].select_one("figure.live-graph")
    assert figure is not None
    assert figure.select("svg title")
    assert len(figure.select("tbody tr")) == 8
    assert "trace(F, torch.tensor(2.0))" in figure.get_text()
    assert "The graph is right here" in figure.get_text()
    for each, option in zip(EXAMPLES, figure.select("option")[1:], strict=True):
        assert option["data-formula"] == each.formula
