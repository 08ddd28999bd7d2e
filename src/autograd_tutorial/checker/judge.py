"""Judge an answer: whether it is right and, if not, which mistake it makes."""

from __future__ import annotations

import inspect
import math
from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from types import CodeType
from typing import NamedTuple

import torch
from torch import Tensor

from autograd_tutorial.checker.compare import (
    Mismatch,
    kind_of,
    mismatch,
    shown,
)
from autograd_tutorial.checker.cures import (
    ADDED_UP,
    Cure,
    cure_of_error,
    cure_of_none,
    cure_of_tuple,
)
from autograd_tutorial.checker.exercise import (
    Misconception,
    Prediction,
    Task,
)
from autograd_tutorial.checker.observe import (
    BACKWARD,
    SINGLE_RTOL,
    Trial,
    observe,
)
from autograd_tutorial.checker.report import Verdict
from autograd_tutorial.checker.results import agree, tensors

__all__ = ["judge", "misfit"]

LIKENESS = 1e-8
"""How near a result must be to that of a misconception to be taken for it."""


class Fault(NamedTuple):
    """What is wrong in one trial."""

    sentences: tuple[str, ...]
    """What was found; the first sentence says the most."""

    see: str = ""
    """Where the site cures it, if that is known."""


def judge(task: Task | Prediction, answer: object, seconds: float) -> Verdict:
    """Try an answer, compare it with the solution, and name the mistake."""
    try:
        return _judge(task, answer, seconds)
    except Exception as error:  # noqa: BLE001 - an object of the learner's own may do anything
        return _not_yet(
            task,
            "It could not be compared with the solution: to look at what it returned raises "
            f"`{type(error).__name__}`. Numbers, plain tensors, and lists and dictionaries of "
            "them can be compared.",
        )


def _judge(  # noqa: PLR0911 - one for each verdict
    task: Task | Prediction, answer: object, seconds: float
) -> Verdict:
    """Judge an answer whose values can be looked at."""
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
    tried: list[tuple[Misconception, list[Trial]]] = []
    found = _misconception(task, trials, tried)
    if found:
        return _named(task, found, _facts(task, _shows(found, trials)))
    for number, trial in enumerate(trials):
        fault = _fault(task, trial, trials, seconds)
        if not fault:
            continue
        facts = _facts(task, trial)
        near = _likeness(trials, number, tried)
        if near and not fault.see:
            looks = f"It looks like a known mistake: {near.name}. {near.why}"
            fault = Fault((*fault.sentences, looks), near.see)
        return _not_yet(task, *fault.sentences, facts=facts, see=fault.see)
    printed = next((trial.output for trial in trials if trial.output), "")
    return Verdict(
        task.call,
        True,
        (
            "It agrees with the solution on every input"
            + (" of which the statement speaks." if trials[-1].error else "."),
            *_praise(task, answer),
        ),
        facts=(("printed", printed),) if printed else (),
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
    for misconception in task.misconceptions:
        for example in misconception.answers:
            if _predicts(answer, example, task.rtol):
                facts = _entry(task, answer, _first_wrong(task, example))
                return _named(task, misconception, facts)
    return _not_yet(
        task,
        f"`{task.name}{wrong.where}` {wrong.message}",
        facts=_entry(task, answer, _first_wrong(task, answer)),
    )


def _predicts(answer: object, example: object, rtol: float) -> bool:
    """Whether an answer has the values, or the entries, of a mistake."""
    if isinstance(answer, Mapping) and isinstance(example, Mapping):
        return all(
            key in answer and mismatch(answer[key], value, rtol) is None
            for key, value in example.items()
        )
    return mismatch(answer, example, rtol) is None


def _first_wrong(task: Prediction, answer: object) -> object:
    """Return the key, or the index, of the first entry that is wrong; None if there is none."""
    right = task.solution
    if isinstance(right, Mapping) and isinstance(answer, Mapping):
        keys = [key for key in right if key in answer]
    elif isinstance(right, Sequence) and isinstance(answer, Sequence):
        keys = list(range(min(len(right), len(answer))))
    else:
        return None
    return next(
        (key for key in keys if mismatch(answer[key], right[key], task.rtol)),
        None,
    )


def _entry(
    task: Prediction, answer: object, key: object
) -> tuple[tuple[str, str], ...]:
    """Show the one entry that is wrong, and leave the others to be found."""
    if key is None:
        return (("yours", shown(answer)),)
    return (
        ("entry", f"{task.name}[{key!r}]"),
        ("yours", shown(answer[key])),  # type: ignore[index]
        ("expected", shown(task.solution[key])),  # type: ignore[index]
    )


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


def _behaviours(
    task: Task, trials: list[Trial]
) -> Iterator[tuple[Misconception, list[Trial]]]:
    """Yield what the examples of the mistakes do, where the results alone tell."""
    if not any(
        (trial.error or _wrong(trial))
        and not (trial.case.lenient and _excused(trial))
        for trial in trials
    ):
        return
    for candidate in task.misconceptions:
        if candidate.sign is None:
            for example in candidate.answers:
                assert callable(example)
                yield candidate, observe(example, task.inputs, None)


def _misconception(
    task: Task,
    trials: list[Trial],
    tried: list[tuple[Misconception, list[Trial]]],
) -> Misconception | None:
    """Find the mistake whose example behaves as the answer did; note those that were tried."""
    if trials[-1].unfinished:
        return None
    for candidate, others in _behaviours(task, trials):
        if len(others) == len(trials) and _alike(candidate, trials, others):
            return candidate
        tried.append((candidate, others))
    for candidate in task.misconceptions:
        if candidate.sign is not None and candidate.sign(trials):
            return candidate
    return None


def _alike(
    candidate: Misconception, trials: list[Trial], others: list[Trial]
) -> bool:
    """Whether an answer and an example did the same, as far as both go.

    Where both raised, the messages may differ if the numbers before were
    equally wrong: there are many ways to write the same mistake. The same
    message may also have another cause: then what ran before it differs.
    """
    wrong = False
    for trial, other in zip(trials, others, strict=False):
        if trial.case.lenient and _excused(trial):
            continue
        if mismatch(trial.results, other.results, max(LIKENESS, trial.rtol)):
            return False
        if other.error and not (
            candidate.raises and candidate.raises in other.error
        ):
            return False
        if bool(trial.error) != bool(other.error):
            return False
        if (trial.error and not wrong) and (
            trial.error != other.error or _before(trial) != _before(other)
        ):
            return False
        wrong = wrong or (not trial.error and _wrong(trial) is not None)
    return True


def _before(trial: Trial) -> tuple[object, ...]:
    """Return what tells apart two ways to the same message of torch."""
    of_backward = "scalar outputs" in trial.error and "backward" in trial.failed
    return trial.recorded, trial.reverse_passes > 0, of_backward


def _likeness(
    trials: list[Trial],
    number: int,
    behaviours: list[tuple[Misconception, list[Trial]]],
) -> Misconception | None:
    """Find the mistake that explains the first wrong numbers, though something differs later.

    A multiple of the right numbers has many explanations, so that it must
    explain another trial too.
    """
    first = trials[number]
    if first.error or first.unfinished:
        return None
    yours = _numbers(first.results)
    if not yours.numel() or not yours.isfinite().all() or not yours.any():
        return None
    several = yours.numel() > first.case.calls
    for candidate, others in behaviours:
        pairs = list(zip(trials, others, strict=False))
        if len(pairs) <= number or not _alike(
            candidate, trials[: number + 1], others[: number + 1]
        ):
            continue
        explained = sum(
            not trial.error
            and _wrong(trial) is not None
            and _alike(candidate, [trial], [other])
            for trial, other in pairs[number:]
        )
        single = _factor([first]) is None
        if explained > 2 or (several and (explained > 1 or single)):
            return candidate
    return None


def _shows(found: Misconception, trials: list[Trial]) -> Trial:
    """Return the first trial in which the mistake can be seen."""
    for trial in trials:
        if trial.error or _wrong(trial) or (found.sign and found.sign([trial])):
            return trial
    return trials[0]


def _fault(  # noqa: PLR0911 - one for each fault
    task: Task, trial: Trial, trials: list[Trial], seconds: float
) -> Fault | None:
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
        return Fault(
            (
                f"It did not come to an end within {seconds:g} seconds; when its time was up it was{at}.",
                "Look for a loop whose condition never becomes false.",
                *([left] if trial.runs_on else []),
            )
        )
    if trial.case.lenient and _excused(trial):
        return None
    wrong = None if trial.error else _wrong(trial)
    if trial.error:
        cure = cure_of_error(trial)
        said = f"It raised `{trial.error}`{at}."
        return Fault((said, cure.why), cure.see) if cure else Fault((said,))
    if wrong and wrong.yours is None:
        cure = cure_of_none(trial)
        said = (
            "It returned None"
            if not wrong.where
            else f"The result {wrong.message}"
        )
        if cure:
            return Fault((f"{said.rstrip('.')}.", cure.why), cure.see)
        if wrong.where:
            return Fault((said,))
        return Fault((f"{said}: does every way through it end in `return`?",))
    if wrong:
        cure = cure_of_tuple(wrong, trial)
        if cure:
            return Fault((f"The result {wrong.message}", cure.why), cure.see)
        said = f"The result {wrong.message}"
        cure = _cure_of_repetition(trials)
        see = cure.see if cure else ""
        remarks = (*_remark(trials, wrong), *([cure.why] if cure else []))
        return Fault((said, *remarks), see)
    if trial.changed:
        position, how = trial.changed
        name = list(inspect.signature(task.solution).parameters)[position]
        return Fault((f"The argument `{name}` was changed: {how}.",))
    if any(part.requires_grad for part in tensors(trial.results)):
        return Fault(
            (
                "The numbers are right, but the result requires grad: call `detach()` on it.",
            )
        )
    return None


def _wrong(trial: Trial) -> Mismatch | None:
    """Return the first mismatch in what the calls of a trial returned."""
    for result, expected in zip(trial.results, trial.expected, strict=True):
        found = mismatch(result, expected, trial.rtol)
        if found:
            return found
    return None


def _excused(trial: Trial) -> bool:
    """Return whether there is no wrong number, only an exception or a missing entry."""
    wrong = None if trial.error else _wrong(trial)
    return bool(trial.error) or (wrong is not None and wrong.kind != "value")


def _remark(  # noqa: PLR0911 - one for each remark
    trials: list[Trial], wrong: Mismatch
) -> tuple[str, ...]:
    """Say what else can be seen in wrong numbers, where it helps."""
    if wrong.kind == "shape" and _transposed(wrong):
        return ("It is the transpose of what it should be.",)
    if wrong.kind == "dtype" and agree(trials):
        return (
            "The numbers are right; take the dtype from the input, as in `dtype=x.dtype`.",
        )
    if wrong.kind == "type" and _in_parts(wrong):
        return (
            "Its entries are right: make one tensor of them, with `torch.stack`.",
        )
    if wrong.kind == "value" and wrong.yours != wrong.yours:
        return ("Something became NaN on the way: 0/0, or 0 times infinity.",)
    if any(trial.error or trial.unfinished for trial in trials):
        return ()
    factor = _factor(trials)
    if factor is None:
        return ()
    if factor == 0:
        return ("Every number is zero.",)
    if math.isclose(factor, -1.0, rel_tol=1e-6):
        return ("Every number has the wrong sign.",)
    return (f"Every number is {factor:.4g} times what it should be.",)


def _cure_of_repetition(trials: list[Trial]) -> Cure | None:
    """Return what to do if all is as many times too large as `backward` ran."""
    if trials[-1].error or trials[-1].unfinished:
        return None
    passes = {
        sum(map(trial.called.count, BACKWARD)) / trial.case.calls
        for trial in trials
    }
    factor = _factor(trials)
    if factor is None or factor < 2 or passes != {round(factor, 6)}:
        return None
    return ADDED_UP._replace(why=ADDED_UP.why.format(round(factor)))


def _factor(trials: list[Trial]) -> float | None:
    """Return by what all numbers of some trials are too large, if it is one factor."""
    if any(other and other.kind != "value" for other in map(_wrong, trials)):
        return None
    yours = _numbers([trial.results for trial in trials])
    expected = _numbers([trial.expected for trial in trials])
    if yours.shape != expected.shape or not expected.any():
        return None
    clear = expected.abs() > 1e-6 * expected.abs().max()
    factor = (yours[clear] / expected[clear]).median()
    rtol = max(LIKENESS, *(trial.rtol for trial in trials), 0.0)
    if not torch.allclose(factor * expected, yours, rtol=rtol) or factor == 1:
        return None
    return float(factor)


def _transposed(wrong: Mismatch) -> bool:
    """Whether a matrix is the transpose of the expected one."""
    return (
        isinstance(wrong.yours, Tensor)
        and isinstance(wrong.expected, Tensor)
        and wrong.yours.ndim == 2
        and mismatch(wrong.yours.T, wrong.expected, SINGLE_RTOL) is None
    )


def _in_parts(wrong: Mismatch) -> bool:
    """Whether a list holds the rows of the expected tensor."""
    return (
        isinstance(wrong.yours, list | tuple)
        and isinstance(wrong.expected, Tensor)
        and wrong.expected.ndim > 1
        and mismatch(wrong.yours, list(wrong.expected), SINGLE_RTOL) is None
    )


def _numbers(value: object, depth: int = 4) -> Tensor:
    """Return all numbers of a result in one row."""
    if isinstance(value, Tensor):
        if kind_of(value) == "a tensor" and not value.is_complex():
            return value.detach().flatten().double()
        return torch.zeros(0, dtype=torch.float64)
    if isinstance(value, Real):
        return torch.tensor([float(value)], dtype=torch.float64)
    if isinstance(value, Mapping):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, list | tuple) and value and depth:
        return torch.cat([_numbers(entry, depth - 1) for entry in value])
    return torch.zeros(0, dtype=torch.float64)


def _facts(task: Task, trial: Trial) -> tuple[tuple[str, str], ...]:
    """Show a case: the input, yours, expected, where."""
    names = inspect.signature(task.solution).parameters
    facts = [("tried with", trial.case.label)]
    facts += [
        (name, _argument(value))
        for name, value in zip(names, trial.case.arguments, strict=True)
    ]
    if trial.error:
        facts.append(("raised", trial.error))
    elif not trial.unfinished:
        calls = zip(trial.results, trial.expected, strict=True)
        for call, (result, expected) in enumerate(calls, 1):
            wrong = mismatch(result, expected, trial.rtol)
            if wrong:
                facts += [
                    ("yours", shown(result)),
                    ("expected", shown(expected)),
                ]
                if wrong.where:
                    facts.append(
                        ("where", f"at {wrong.where} of what it returned")
                    )
                if trial.case.calls > 1:
                    which = ("first", "second")[call - 1]
                    facts.append(
                        ("call", f"what the {which} of two calls returned")
                    )
                break
    if trial.output:
        facts.append(("printed", trial.output))
    return tuple(facts)


def _argument(value: object) -> str:
    """Show an argument; what the package made says what it computes."""
    named = value if inspect.isfunction(value) else type(value)
    if named.__module__.startswith("autograd_tutorial") and named.__doc__:
        what = named.__doc__.splitlines()[0].rstrip(".")
        return f"{named.__name__}: {what[0].lower()}{what[1:]}"
    return shown(value)


def _praise(task: Task, answer: object) -> tuple[str, ...]:
    """Say something of a way that differs from the solution's."""
    names = _names(getattr(inspect.unwrap(answer), "__code__", None))  # type: ignore[arg-type]
    return next(
        ((sentence,) for name, sentence in task.ways.items() if name in names),
        (),
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
    see: str = "",
) -> Verdict:
    """Return a verdict without the name of a mistake."""
    return Verdict(task.call, False, sentences, facts=facts, see=see)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")
