"""Judge an answer: whether it is right and, if not, which mistake it makes."""

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import CodeType

from autograd_tutorial.checker.compare import (
    LIKENESS,
    kind_of,
    mismatch,
    place,
    shown,
)
from autograd_tutorial.checker.cures import cure_of
from autograd_tutorial.checker.exercise import (
    Misconception,
    Prediction,
    Task,
)
from autograd_tutorial.checker.observe import Trial, observe
from autograd_tutorial.checker.remarks import factor, numbers, remarks
from autograd_tutorial.checker.report import Verdict
from autograd_tutorial.checker.results import tensors

__all__ = ["judge", "misfit"]

TO_DO = "This is still to do: replace the `...` with your answer."
CALLS = (
    "the first of two with the same input, looked at after the second",
    "the second of two with the same input",
)
PLACE = "differs in"
"""The label of the place at which an answer and the solution part; some sentences say it already."""


def judge(task: Task | Prediction, answer: object, seconds: float) -> Verdict:
    """Try an answer, compare it with the solution, and name the mistake."""
    try:
        return _judge(task, answer, seconds)
    except Exception as error:  # noqa: BLE001 - an object of the learner's own may do anything
        return _not_yet(
            task,
            "What you returned cannot be compared with the solution, because looking at it raises "
            f"`{type(error).__name__}`. Return numbers, plain tensors, or lists and dictionaries "
            "of them.",
        )


def _judge(  # noqa: PLR0911 - one for each verdict
    task: Task | Prediction, answer: object, seconds: float
) -> Verdict:
    """Judge an answer whose values can be looked at."""
    if answer is ...:
        return _not_yet(task, TO_DO)
    if isinstance(task, Prediction):
        return _judge_prediction(task, answer)
    if not callable(answer):
        return _not_yet(
            task,
            f"The exercise asks for a function, but this is {kind_of(answer)}. "
            f"Pass the function itself, `{task.name}`, without calling it.",
        )
    why_not = misfit(task, answer)
    if why_not:
        return _not_yet(task, why_not)
    right = observe(task.solution, task.inputs, None)
    trials = observe(answer, task.inputs, seconds)
    for trial, model in zip(trials, right, strict=False):
        trial.expected = model.results
    if _untouched(trials[0]):
        return _not_yet(task, TO_DO)
    found, tried = _misconception(task, trials)
    if found:
        return _named(task, found, _facts(task, _shows(found, trials)))
    for number, trial in enumerate(trials):
        fault = _fault(task, trial, trials, seconds)
        if not fault:
            continue
        near = None if fault.see else _likeness(trials, number, tried)
        if near:
            looks = f"This looks like a known mistake: {near.name}. {near.why}"
            said = (*fault.sentences, looks)
            fault = replace(fault, sentences=said, see=near.see)
        return fault
    printed = next((trial.output for trial in trials if trial.output), "")
    return Verdict(
        task.call,
        True,
        (
            "It agrees with our solution on every input that "
            + ("the statement covers." if trials[-1].error else "we tried."),
            *_praise(task, answer),
        ),
        facts=(("printed", printed),) if printed else (),
    )


def _judge_prediction(task: Prediction, answer: object) -> Verdict:
    """Compare the predicted values with the right ones."""
    wrong = mismatch(answer, task.solution, task.rtol)
    if wrong is None:
        return Verdict(task.call, True, ("That is what happens.",))
    if wrong.yours is ...:
        return _not_yet(
            task,
            f"`{task.name}{wrong.where}` is still to do: replace the `...` with your prediction.",
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
    wrong = (k for k in keys if mismatch(answer[k], right[k], task.rtol))
    return next(wrong, None)


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
        plural = "" if len(wanted) == 1 else "s"
        return (
            f"Your function is called as `{task.call}`, with {len(wanted)} argument{plural}, but "
            f"its signature is `{task.name}{signature}`. Give it the parameters of the starter."
        )
    return ""


def _untouched(trial: Trial) -> bool:
    """Whether an answer is still as the starter has it."""
    return any(
        result is ... for result in trial.results
    ) or trial.error.startswith("NotImplementedError")


def _misconception(
    task: Task, trials: list[Trial]
) -> tuple[Misconception | None, list[tuple[Misconception, list[Trial]]]]:
    """Find the mistake whose example behaves as the answer did.

    Return also what the examples did that were tried and behave otherwise.
    """
    tried: list[tuple[Misconception, list[Trial]]] = []
    if trials[-1].unfinished:
        return None, tried
    by_results = [m for m in task.misconceptions if m.sign is None]
    if not any(_goes_wrong(trial) for trial in trials):
        by_results = []
    for candidate in by_results:
        for example in candidate.answers:
            assert callable(example)
            others = observe(example, task.inputs, None)
            if len(others) == len(trials) and _alike(candidate, trials, others):
                return candidate, tried
            tried.append((candidate, others))
    for candidate in task.misconceptions:
        if candidate.sign is not None and candidate.sign(trials):
            return candidate, tried
    return None, tried


def _goes_wrong(trial: Trial) -> bool:
    """Whether a trial raised or returned something wrong, and must not."""
    return bool(trial.error or trial.wrong) and not trial.excused


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
        if trial.excused:
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
        wrong = wrong or trial.wrong is not None
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
    yours = numbers(first.results)
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
            trial.wrong is not None and _alike(candidate, [trial], [other])
            for trial, other in pairs[number:]
        )
        single = factor([first]) is None
        if explained > 2 or (several and (explained > 1 or single)):
            return candidate
    return None


def _shows(found: Misconception, trials: list[Trial]) -> Trial:
    """Return the first trial in which the mistake can be seen."""
    for trial in trials:
        if trial.error or trial.wrong or (found.sign and found.sign([trial])):
            return trial
    return trials[0]


def _fault(
    task: Task, trial: Trial, trials: list[Trial], seconds: float
) -> Verdict | None:
    """Say what is wrong in one trial, without the name of a mistake."""
    if trial.excused:
        return None
    at = f" in {trial.line}" if trial.line else ""
    wrong = trial.wrong
    cure = cure_of(trial, trials)
    if trial.unfinished:
        stopped = f"; when its time was up, it was{at}" if at else ""
        said = [
            f"Your function did not come to an end within {seconds:g} seconds{stopped}.",
            "Look for a loop whose condition never becomes false.",
        ]
        if trial.runs_on:
            said.append(
                "It could not be stopped and still runs in the background: restart Python, or the "
                "notebook's kernel, to get rid of it."
            )
    elif trial.error:
        said = [f"Your function raised `{trial.error}`{at}."]
    elif wrong and wrong.yours is None and not wrong.path:
        said = ["Your function returned None."]
        if not cure:
            said.append("Does every way through it end in `return`?")
    elif wrong:
        what = place(wrong.path, trial.expected[0])
        said = [f"{what[0].upper()}{what[1:]} {wrong.message}"]
        said += remarks(trials, wrong)
    elif trial.changed:
        position, how = trial.changed
        name = list(inspect.signature(task.solution).parameters)[position]
        said = [
            f"Your function changed its argument `{name}`: {how}. Work on a copy of it instead."
        ]
    elif any(part.requires_grad for part in tensors(trial.results)):
        said = [
            "The numbers are right, but the result requires grad: return it after `detach()`."
        ]
    else:
        return None
    if cure:
        said.append(cure.why)
    see = cure.see if cure else ""
    facts = tuple(f for f in _facts(task, trial) if f[0] != PLACE)
    return _not_yet(task, *said, facts=facts, see=see)


def _facts(task: Task, trial: Trial) -> tuple[tuple[str, str], ...]:
    """Show a case: the input, yours, expected, and the place at which they part."""
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
                if wrong.path:
                    facts.append((PLACE, place(wrong.path, expected)))
                if trial.case.calls > 1:
                    facts.append(("call", CALLS[call - 1]))
                break
    if trial.output:
        facts.append(("printed", trial.output))
    return tuple(facts)


def _argument(value: object) -> str:
    """Show an argument; a function of the package says what it does."""
    named = value if inspect.isfunction(value) else type(value)
    if named.__module__.startswith("autograd_tutorial") and named.__doc__:
        does = named.__doc__.splitlines()[0].rstrip(".")
        return f"the function {named.__name__}: {does[0].lower()}{does[1:]}"
    return f"the function {shown(value)}" if callable(value) else shown(value)


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
    found: Misconception,
    facts: tuple[tuple[str, str], ...],
) -> Verdict:
    """Return a verdict that names the mistake."""
    said = (f"{found.name[0].upper()}{found.name[1:]}.", found.why)
    return Verdict(task.call, False, said, found.name, facts, found.see)


def _not_yet(
    task: Task | Prediction,
    *sentences: str,
    facts: tuple[tuple[str, str], ...] = (),
    see: str = "",
) -> Verdict:
    """Return a verdict without the name of a mistake."""
    return Verdict(task.call, False, sentences, facts=facts, see=see)
