"""Judge an answer: whether it is right and, if not, which mistake it makes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from numbers import Real
from types import CodeType

import torch
from torch import Tensor

from autograd_tutorial.checker.compare import (
    RTOL,
    Mismatch,
    kind_of,
    mismatch,
    shown,
)
from autograd_tutorial.checker.exercise import (
    Misconception,
    Prediction,
    Task,
)
from autograd_tutorial.checker.observe import Trial, observe
from autograd_tutorial.checker.report import Verdict
from autograd_tutorial.checker.signs import tensors

__all__ = ["judge", "misfit"]

LIKENESS = 1e-8
"""How near a result must be to that of a misconception to be taken for it."""


def judge(  # noqa: PLR0911 - one for each verdict
    task: Task | Prediction, answer: object, seconds: float
) -> Verdict:
    """Try an answer, compare it with the solution, and name the mistake."""
    if answer is ...:
        return _not_yet(task, "This is still to do: replace the `...`.")
    if isinstance(task, Prediction):
        return _judge_prediction(task, answer)
    if not callable(answer):
        return _not_yet(
            task,
            f"A function is wanted, and this is {kind_of(answer)}. "
            f"Pass the function itself, without calling it: `{task.name}`.",
        )
    why_not = misfit(task, answer)
    if why_not:
        return _not_yet(task, why_not)
    right = observe(task.solution, task.inputs, None)
    trials = observe(answer, task.inputs, seconds)
    for trial, model in zip(trials, right, strict=False):
        trial.expected = model.results
    if _untouched(trials[0]):
        return _not_yet(task, "This is still to do: replace the `...`.")
    found = _misconception(task, trials)
    if found:
        return _named(task, found, _facts(task, _shows(found, trials)))
    for trial in trials:
        fault = _fault(task, trial, trials, seconds)
        if fault:
            return _not_yet(task, *fault, facts=_facts(task, trial))
    return Verdict(
        task.call,
        True,
        ("It agrees with the solution on every input.", *_praise(task, answer)),
    )


def _judge_prediction(task: Prediction, answer: object) -> Verdict:
    """Compare the predicted values with the right ones."""
    wrong = mismatch(answer, task.solution, task.rtol)
    if wrong is None:
        return Verdict(task.call, True, ("As predicted.",))
    if wrong.yours is ...:
        return _not_yet(
            task,
            f"`{task.name}{wrong.where}` is still to do: replace the `...`.",
        )
    facts = (("yours", shown(answer)), ("expected", shown(task.solution)))
    for misconception in task.misconceptions:
        if _predicts(answer, misconception.example, task.rtol):
            return _named(task, misconception, facts)
    return _not_yet(
        task, f"`{task.name}{wrong.where}` {wrong.message}", facts=facts
    )


def _predicts(answer: object, example: object, rtol: float) -> bool:
    """Whether an answer has the values, or the entries, of a mistake."""
    if isinstance(answer, Mapping) and isinstance(example, Mapping):
        return all(
            key in answer and mismatch(answer[key], value, rtol) is None
            for key, value in example.items()
        )
    return mismatch(answer, example, rtol) is None


def misfit(task: Task | Prediction, answer: object) -> str:
    """Say so if the answer cannot be called as the statement does."""
    if isinstance(task, Prediction) or not callable(answer):
        return ""
    try:
        signature = inspect.signature(answer)
    except (TypeError, ValueError):  # some builtins have none
        return ""
    wanted = inspect.signature(task.solution).parameters
    try:
        signature.bind(*wanted)
    except TypeError:
        return (
            f"It is called as `{task.call}`, with {_count(len(wanted), 'argument')}, "
            f"and its signature is `{task.name}{signature}`."
        )
    return ""


def _untouched(trial: Trial) -> bool:
    """Whether an answer is still as the starter has it."""
    return any(
        result is ... for result in trial.results
    ) or trial.error.startswith("NotImplementedError")


def _misconception(task: Task, trials: list[Trial]) -> Misconception | None:
    """Find the mistake whose example behaves as the answer did."""
    if trials[-1].unfinished:
        return None
    for candidate in task.misconceptions:
        if candidate.sign is None:
            assert callable(candidate.example)
            others = observe(candidate.example, task.inputs, None)
            if _alike(trials, others):
                return candidate
    for candidate in task.misconceptions:
        if candidate.sign is not None and candidate.sign(trials):
            return candidate
    return None


def _alike(trials: list[Trial], others: list[Trial]) -> bool:
    """Whether two answers did the same.

    Where both raised, the messages may differ if the numbers before were
    equally wrong: there are many ways to write the same mistake.
    """
    wrong = False
    for trial, other in zip(trials, others, strict=False):
        if mismatch(trial.results, other.results, LIKENESS):
            return False
        if trial.error != other.error and not (
            trial.error and other.error and wrong
        ):
            return False
        wrong = wrong or (not trial.error and _wrong(trial) is not None)
    return len(trials) == len(others)


def _shows(found: Misconception, trials: list[Trial]) -> Trial:
    """Return the first trial in which the mistake can be seen."""
    for trial in trials:
        if trial.error or _wrong(trial) or (found.sign and found.sign([trial])):
            return trial
    return trials[0]


def _fault(  # noqa: PLR0911 - one for each fault
    task: Task, trial: Trial, trials: list[Trial], seconds: float
) -> tuple[str, ...]:
    """Say what is wrong in one trial, without knowing why."""
    at = (
        f" in line {trial.line.number}, `{trial.line.text}`"
        if trial.line
        else ""
    )
    if trial.unfinished:
        left = (
            "It could not be stopped and goes on in the background: restart Python, or the "
            "notebook's kernel, to be rid of it."
        )
        return (
            f"It did not come to an end within {seconds:g} seconds; when its time was up it was{at}.",
            "Look for a loop whose condition never becomes false.",
            *([left] if trial.runs_on else []),
        )
    if trial.error:
        return (f"It raised `{trial.error}`{at}.",)
    wrong = _wrong(trial)
    if wrong and wrong.yours is None:
        return ("It returned None: does every way through it end in `return`?",)
    if wrong:
        return (f"The result {wrong.message}", *_remark(trials, wrong))
    if trial.changed:
        position, how = trial.changed
        name = list(inspect.signature(task.solution).parameters)[position]
        return (f"The argument `{name}` was changed: {how}.",)
    if any(part.requires_grad for part in tensors(trial.results)):
        return (
            "The numbers are right, but the result requires grad: call `detach()` on it.",
        )
    return ()


def _wrong(trial: Trial) -> Mismatch | None:
    """Return the first mismatch in what the calls of a trial returned."""
    for result, expected in zip(trial.results, trial.expected, strict=True):
        found = mismatch(result, expected, RTOL)
        if found:
            return found
    return None


def _remark(  # noqa: PLR0911 - one for each remark
    trials: list[Trial], wrong: Mismatch
) -> tuple[str, ...]:
    """Say what else can be seen in wrong numbers, where it helps."""
    if wrong.kind == "shape" and _transposed(wrong):
        return ("It is the transpose of what it should be.",)
    if wrong.kind == "value" and wrong.yours != wrong.yours:
        return ("Something became NaN on the way: 0/0, or 0 times infinity.",)
    if any(trial.error or trial.unfinished for trial in trials):
        return ()
    found = map(_wrong, trials)
    if any(other and other.kind != "value" for other in found):
        return ()
    yours = _numbers([trial.results for trial in trials])
    expected = _numbers([trial.expected for trial in trials])
    if yours.shape != expected.shape or not expected.any():
        return ()
    clear = expected.abs() > 1e-6 * expected.abs().max()
    factors = yours[clear] / expected[clear]
    factor = factors.median()
    if not torch.allclose(factor * expected, yours, rtol=1e-8) or factor == 1:
        return ()
    if factor == 0:
        return ("Every number is zero.",)
    if torch.isclose(factor, factor.new_tensor(-1.0)):
        return ("Every number has the wrong sign.",)
    return (f"Every number is {factor.item():.4g} times what it should be.",)


def _transposed(wrong: Mismatch) -> bool:
    """Whether a matrix is the transpose of the expected one."""
    return (
        isinstance(wrong.yours, Tensor)
        and isinstance(wrong.expected, Tensor)
        and wrong.yours.ndim == 2
        and mismatch(wrong.yours.T, wrong.expected, RTOL) is None
    )


def _numbers(value: object) -> Tensor:
    """Return all numbers of a result in one row."""
    if isinstance(value, Tensor):
        return value.detach().flatten().to(torch.float64)
    if isinstance(value, Real):
        return torch.tensor([float(value)], dtype=torch.float64)
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, list | tuple) and value:
        return torch.cat([_numbers(entry) for entry in value])
    return torch.zeros(0, dtype=torch.float64)


def _facts(task: Task, trial: Trial) -> tuple[tuple[str, str], ...]:
    """Show a case: the input, yours, expected, where."""
    names = inspect.signature(task.solution).parameters
    facts = [("tried with", trial.case.label)]
    facts += [
        (name, shown(value))
        for name, value in zip(names, trial.case.arguments, strict=True)
    ]
    if trial.error:
        facts.append(("raised", trial.error))
    elif not trial.unfinished:
        calls = zip(trial.results, trial.expected, strict=True)
        for call, (result, expected) in enumerate(calls, 1):
            wrong = mismatch(result, expected, RTOL)
            if wrong:
                facts += [
                    ("yours", shown(result)),
                    ("expected", shown(expected)),
                ]
                if wrong.where:
                    facts.append(("where", f"result{wrong.where}"))
                if trial.case.calls > 1:
                    which = f"{call} of {trial.case.calls}, seen after the last"
                    facts.append(("call", which))
                break
    if trial.output:
        facts.append(("printed", trial.output))
    return tuple(facts)


def _praise(task: Task, answer: object) -> tuple[str, ...]:
    """Say something of a way that differs from the solution's."""
    names = _names(getattr(inspect.unwrap(answer), "__code__", None))  # type: ignore[arg-type]
    return next(
        ((sentence,) for name, sentence in task.ways if name in names), ()
    )


def _names(code: object) -> set[object]:
    """Return the names in a piece of code, also those of keyword arguments and inner functions."""
    if isinstance(code, tuple):
        return set(code)
    if not isinstance(code, CodeType):
        return set()
    return set(code.co_names).union(*map(_names, code.co_consts))


def _named(
    task: Task | Prediction,
    misconception: Misconception,
    facts: tuple[tuple[str, str], ...],
) -> Verdict:
    """Return a verdict that names the mistake."""
    name = misconception.name
    return Verdict(
        task.call,
        False,
        (f"{name[0].upper()}{name[1:]}.", misconception.why),
        name,
        facts,
        misconception.see,
    )


def _not_yet(
    task: Task | Prediction,
    *sentences: str,
    facts: tuple[tuple[str, str], ...] = (),
) -> Verdict:
    """Return a verdict without the name of a mistake."""
    return Verdict(task.call, False, sentences, facts=facts)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
