"""The rule behind each message: as a textbook writes it, and as torch does.

Torch lists the formulas of its operations in a file of its own, `derivatives.yaml`, from which its
backward nodes are made. The textbook's rules are the table below; the tests evaluate every one of
them and compare the result with the message that torch sent.
"""

import re
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import Any

import yaml

from autograd_tutorial.graph.notation import write_number

ELEMENTWISE = {
    "abs(a)": ["{g} · sign({a})"],
    "acos(a)": ["−{g} / sqrt(1 − {a}²)"],
    "add.Tensor(a, b)": ["{g}", "{g}"],
    "add.Tensor(a, b, alpha)": ["{g}", "{alpha} · {g}"],
    "asin(a)": ["{g} / sqrt(1 − {a}²)"],
    "atan(a)": ["{g} / (1 + {a}²)"],
    "clamp(a, b)": ["{g} · [{a} ≥ {b}]"],
    "clamp(a, b, c)": ["{g} · [{a} ≥ {b}] · [{a} ≤ {c}]"],
    "clamp(a, None, c)": ["{g} · [{a} ≤ {c}]"],
    "clamp_max(a, b)": ["{g} · [{a} ≤ {b}]"],
    "clamp_min(a, b)": ["{g} · [{a} ≥ {b}]"],
    "_to_copy(a)": ["{g}"],
    "clone(a)": ["{g}"],
    "cos(a)": ["−{g} · sin({a})"],
    "cosh(a)": ["{g} · sinh({a})"],
    "div.Tensor(a, b)": ["{g} / {b}", "−{g} · {a} / {b}²"],
    "exp(a)": ["{g} · {y}"],
    "exp2(a)": ["{g} · {y} · log(2)"],
    "expand(a, b)": ["{g}"],
    "expm1(a)": ["{g} · ({y} + 1)"],
    "log(a)": ["{g} / {a}"],
    "log10(a)": ["{g} / ({a} · log(10))"],
    "log1p(a)": ["{g} / (1 + {a})"],
    "log2(a)": ["{g} / ({a} · log(2))"],
    "maximum(a, b)": [
        "{g} · ([{a} > {b}] + [{a} = {b}] / 2)",
        "{g} · ([{b} > {a}] + [{a} = {b}] / 2)",
    ],
    "minimum(a, b)": [
        "{g} · ([{a} < {b}] + [{a} = {b}] / 2)",
        "{g} · ([{b} < {a}] + [{a} = {b}] / 2)",
    ],
    "mul.Tensor(a, b)": ["{g} · {b}", "{g} · {a}"],
    "neg(a)": ["−{g}"],
    "pow.Scalar(a, b)": ["{g} · {y} · log({a})"],
    "pow.Tensor_Scalar(a, -1)": ["−{g} / {a}²"],
    "pow.Tensor_Scalar(a, 0)": ["0 · {g}"],
    "pow.Tensor_Scalar(a, 1)": ["{g}"],
    "pow.Tensor_Scalar(a, 2)": ["{g} · 2 · {a}"],
    "pow.Tensor_Scalar(a, 3)": ["{g} · 3 · {a}²"],
    "pow.Tensor_Scalar(a, b)": ["{g} · {b} · {a}^({b} − 1)"],
    "pow.Tensor_Tensor(a, b)": [
        "{g} · {b} · {a}^({b} − 1)",
        "{g} · {y} · log({a})",
    ],
    "reciprocal(a)": ["−{g} · {y}²"],
    "relu(a)": ["{g} · [{a} > 0]"],
    "rsqrt(a)": ["−{g} · {y}³ / 2"],
    "rsub.Scalar(a, b)": ["−{g}"],
    "rsub.Tensor(a, b)": ["−{g}", "{g}"],
    "sigmoid(a)": ["{g} · {y} · (1 − {y})"],
    "silu(a)": ["{g} · sigmoid({a}) · (1 + {a} · (1 − sigmoid({a})))"],
    "sin(a)": ["{g} · cos({a})"],
    "sinh(a)": ["{g} · cosh({a})"],
    "sqrt(a)": ["{g} / (2 · {y})"],
    "sub.Tensor(a, b)": ["{g}", "−{g}"],
    "sub.Tensor(a, b, alpha)": ["{g}", "−{alpha} · {g}"],
    "tan(a)": ["{g} · (1 + {y}²)"],
    "tanh(a)": ["{g} · (1 − {y}²)"],
    "where.self(a, b, c)": ["where({a}, {g}, 0)", "where({a}, 0, {g})"],
}
"""The rules of operations that work element by element, one for each slot.

A key is an operation and its arguments; an argument that it spells out, such as 2, must be just
that. In the rules a, b and c stand for the arguments, g for the adjoint of the result, y for the
result, x for the argument of the slot, and n for how many entries of x make one entry of y.
"""

OTHERS = {
    "_log_softmax(a, b, c)": ["{g} − exp({y}) · Σ({g}), Σ along dim {b}"],
    "_softmax(a, b, c)": ["{y} · ({g} − Σ({g} · {y})), Σ along dim {b}"],
    "_unsafe_view(a, b)": ["{g}, reshaped like {x}"],
    "addmm(a, b, c)": ["{g}", "{g} @ {c}ᵀ", "{b}ᵀ @ {g}"],
    "bmm(a, b)": ["{g} @ {b}ᵀ", "{a}ᵀ @ {g}"],
    "dot(a, b)": ["{g} · {b}", "{g} · {a}"],
    "linalg_vector_norm(a)": ["{g} · {a} / {y}"],
    "mean(a)": ["{g} / {n}, copied along all dims"],
    "mean.dim(a, None)": ["{g} / {n}, copied along all dims"],
    "mean.dim(a, None, c)": ["{g} / {n}, copied along all dims"],
    "mean.dim(a, b)": ["{g} / {n}, copied along dim {b}"],
    "mean.dim(a, b, c)": ["{g} / {n}, copied along dim {b}"],
    "mm(a, b)": ["{g} @ {b}ᵀ", "{a}ᵀ @ {g}"],
    "mse_loss(a, b)": [
        "{g} · 2 · ({a} − {b}) / {n}",
        "{g} · 2 · ({b} − {a}) / {n}",
    ],
    "mv(a, b)": ["outer({g}, {b})", "{a}ᵀ @ {g}"],
    "permute(a, [1, 0])": ["{g}ᵀ"],
    "permute(a, b)": ["{g}, permuted back"],
    "select.int(a, b, c)": ["{g}, at index {c} of dim {b}; elsewhere 0"],
    "squeeze(a)": ["{g}, reshaped like {x}"],
    "squeeze.dim(a, b)": ["{g}, reshaped like {x}"],
    "squeeze.dims(a, b)": ["{g}, reshaped like {x}"],
    "stack(a)": ["{g}[{slot}]"],
    "sum(a)": ["{g}, copied along all dims"],
    "sum.dim_IntList(a, None)": ["{g}, copied along all dims"],
    "sum.dim_IntList(a, None, c)": ["{g}, copied along all dims"],
    "sum.dim_IntList(a, b)": ["{g}, copied along dim {b}"],
    "sum.dim_IntList(a, b, c)": ["{g}, copied along dim {b}"],
    "t(a)": ["{g}ᵀ"],
    "transpose.int(a, -2, -1)": ["{g}ᵀ"],
    "transpose.int(a, b, c)": ["{g}, dims {b} and {c} swapped"],
    "unsqueeze(a, b)": ["{g}, reshaped like {x}"],
    "view(a, b)": ["{g}, reshaped like {x}"],
}
"""The rules of the other operations."""

RULES = ELEMENTWISE | OTHERS

RENAMED = {
    "pow_.Scalar": "pow.Tensor_Scalar",
    "pow_.Tensor": "pow.Tensor_Tensor",
}
"""In-place operations whose variants are not called as those of the plain operation."""

REPRESENTATION = {
    "device",
    "dtype",
    "layout",
    "memory_format",
    "non_blocking",
    "pin_memory",
}
"""The options that say how numbers are stored: they leave the rule as it is."""


def textbook_rule(
    overload: str,
    arguments: Sequence[str],
    slot: int,
    x: tuple[str, int],
    y: tuple[str, int],
) -> str:
    r"""Return the rule by which a message is computed, as a textbook writes it.

    .. math:: \bar x \mathrel{+}= \bar v \, \frac{\partial v}{\partial x}

    A macron marks an adjoint. Functions and @ are torch's; square brackets around a comparison
    are 1 where it holds and 0 elsewhere; ᵀ swaps the last two dimensions. Where torch repeated
    the argument to fit the others, its copies' messages are summed. At a point where the rule
    says 0 · ∞, torch may send a number that it chose.

    The operation is named as torch lists it, such as ``pow.Tensor_Scalar``, its arguments as a
    statement shows them; the slot is the place among those that are differentiable, from 0. The
    argument x in that slot and the result y come by name and number of entries. The rule is empty
    if we know none for the operation and its arguments; else such as ``x̄ += v̄2 · cos(x)``.
    """
    options = dict(a.split("=", 1) for a in arguments if "=" in a)
    options = {k: v for k, v in options.items() if k not in REPRESENTATION}
    positional = [a for a in arguments if "=" not in a]
    letters = {chr(ord("a") + k): a for k, a in enumerate(positional)}
    keys = _keys(_functional(overload), letters, options)
    key = next(filter(RULES.__contains__, keys), None)
    if key is None:
        return ""
    shown = _factor if key in ELEMENTWISE else _bare
    # All slots of a stack share one rule.
    template = RULES[key][0 if key == "stack(a)" else slot]
    rule = template.format(
        **{k: shown(a) for k, a in (letters | options).items()},
        g=adjoint_name(y[0]),
        y=y[0],
        x=x[0],
        n=x[1] // max(y[1], 1),
        slot=slot,
    )
    rule = re.sub(r"−\(−([^()]*)\)", r"\1", rule)
    rule = re.sub(r"\^\(\(?(−?[\d.]+)\)? − 1\)", _one_less, rule)
    elementwise = key in ELEMENTWISE or template == "{g}"
    if elementwise and x[1] != y[1]:
        rule = f"Σ({rule}), over the copies"
    return "" if "?" in rule else f"{adjoint_name(x[0])} += {rule}"


def adjoint_name(name: str) -> str:
    """Return the name of a value's adjoint: that of ``v2`` is ``v̄2``, of ``loss`` ``adj(loss)``."""
    if re.fullmatch(r"[A-Za-z]\d*(\[\d+\])?", name):
        return f"{name[0]}\N{COMBINING MACRON}{name[1:]}"
    return f"adj({name})"


def is_own_node(grad_fn: str, overload: str) -> bool:
    """Tell whether torch's node of that name is that of the operation.

    It is not after an in-place operation on a view, nor in a `torch.autograd.Function`.
    """
    operation = _functional(overload).partition(".")[0].replace("_", "")
    return bool(re.fullmatch(rf"{operation}backward\d+", grad_fn.lower()))


def _functional(overload: str) -> str:
    """Return the operation that leaves its argument alone: ``add.Tensor`` for ``add_.Tensor``."""
    if overload in RENAMED:
        return RENAMED[overload]
    operation, dot, variant = overload.partition(".")
    return f"{operation.removesuffix('_')}{dot}{variant}"


def _keys(
    operation: str, arguments: dict[str, str], options: dict[str, str]
) -> Iterator[str]:
    """Yield the keys of the tables that fit a call, the most special one first."""
    others = list(arguments.values())[1:]
    spelled_out = ["a", *(a.replace("−", "-") for a in others)]
    letters = [
        a if a in {"None", "[]"} else letter for letter, a in arguments.items()
    ]
    for shown in (spelled_out, letters):
        yield f"{operation}({', '.join([*shown, *options])})"


def _factor(argument: str) -> str:
    """Return an argument as it can stand in a product."""
    text = argument.replace("-", "−")
    return f"({text})" if text.startswith("−") or "·" in text else text


def _one_less(match: re.Match[str]) -> str:
    """Work out an exponent such as 0.5 − 1."""
    return f"^{_factor(write_number(float(match[1].replace('−', '-')) - 1))}"


def _bare(argument: str) -> str:
    """Return an argument as it can stand in a sentence."""
    if argument.startswith("["):
        argument = argument[1:-1]
    return argument.replace("-", "−")


def torch_formula(overload: str, slot: int) -> str:
    """Return torch's own formula for a message.

    It is C++, from the file `derivatives.yaml` of the installed torch. There `grad` is the adjoint
    of the result, `result` the result, and the other names are those of the arguments. It is
    empty if torch lists none, or its file is not there.
    """
    entries = _derivatives()
    entry = entries.get(overload) or entries.get(_functional(overload))
    if entry is None:
        return ""
    signature = entry["name"].partition(") -> ")[0] + ")"
    formulas = {
        argument: formula
        for arguments, formula in entry.get("dispatch", {})
        .get("Default", entry)
        .items()
        for argument in arguments.split(", ")
        if formula != "non_differentiable"
    }
    arguments = [
        (kind, formulas[name])
        for kind, name in re.findall(r"(\S+) (\w+)[=,)]", signature)
        if name in formulas
    ]
    for k, (kind, formula) in enumerate(arguments):
        if kind.endswith("[]"):
            # A list takes as many slots as it has tensors, so what follows has no fixed slot.
            rest = {formula for _, formula in arguments[k:]}
            return " ".join(formula.split()) if len(rest) == 1 else ""
        if k == slot:
            return " ".join(formula.split())
    return ""


@cache
def _derivatives() -> dict[str, dict[str, Any]]:
    """Read torch's list of formulas, by operation."""
    try:
        text = (
            resources.files("torchgen")
            .joinpath("packaged", "autograd", "derivatives.yaml")
            .read_text(encoding="utf-8")
        )
    except (ModuleNotFoundError, OSError):
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    entries = yaml.load(text, Loader=loader)
    return {entry["name"].partition("(")[0]: entry for entry in entries}
