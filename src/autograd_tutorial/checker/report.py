"""What the checker has to say: plain text in a terminal, a card in a notebook."""

import html
import io
import sys
import textwrap
from dataclasses import dataclass

from autograd_tutorial.checker.links import address, site

__all__ = ["Report", "Verdict"]

WIDTH = 79
GRID = "display: grid; grid-template-columns: max-content 1fr; gap: 0 1em; align-items: baseline"


@dataclass(frozen=True)
class Verdict:
    """What is to be said of one answer."""

    task: str
    """The call or the name that the statement asks for."""

    passed: bool
    """Whether the answer is right."""

    sentences: tuple[str, ...]
    """What was found; the first sentence says the most."""

    misconception: str | None = None
    """The name of the mistake, if it is one of those that are known."""

    facts: tuple[tuple[str, str], ...] = ()
    """Lines with a label, for the input, yours, expected, and where."""

    see: str = ""
    """The page, and the heading on it, that cures the mistake."""

    @property
    def text(self) -> str:
        """The verdict as text."""
        lines = [f"{'Passed' if self.passed else 'Not yet'}: {self.task}"]
        lines += textwrap.wrap(
            " ".join(self.sentences),
            WIDTH,
            initial_indent="  ",
            subsequent_indent="  ",
        )
        width = max((len(label) for label, _ in self.facts), default=0)
        for label, fact in self.facts:
            first, *rest = fact.splitlines() or [""]
            lines.append(f"    {label:<{width}}  {first}")
            lines += [" " * (width + 6) + line for line in rest]
        if self.see:
            lines.append(f"  Read: {address(self.see)}")
        return "\n".join(lines)


@dataclass(frozen=True, repr=False)
class Report:
    """What the checker found in the answers to one exercise.

    It shows itself: as a card in a notebook, as text where it is printed.
    """

    title: str
    """The number and the title of the exercise."""

    verdicts: tuple[Verdict, ...]
    """One for each task, in the order of the statement."""

    @property
    def passed(self) -> bool:
        """Whether every task of the exercise is answered and right."""
        return all(verdict.passed for verdict in self.verdicts)

    @property
    def misconception(self) -> str | None:
        """The name of the first mistake, or None if it is not a known one."""
        return self._first.misconception

    @property
    def diagnosis(self) -> str:
        """What is to be said of the first answer that is not right, as text."""
        return self._first.text

    @property
    def _first(self) -> Verdict:
        wrong = (verdict for verdict in self.verdicts if not verdict.passed)
        return next(wrong, self.verdicts[0])

    def __str__(self) -> str:
        """Return the report as text."""
        return "\n\n".join(
            [self.title, *(verdict.text for verdict in self.verdicts)]
        )

    __repr__ = __str__

    def _repr_html_(self) -> str:
        """Return the report as a card for a notebook."""
        items = "".join(_item(verdict) for verdict in self.verdicts)
        state = "Passed" if self.passed else "Not yet"
        color = "#1a8f5a" if self.passed else "#c9640c"
        return (
            f'<div class="autograd-tutorial-report" style="border: 1px solid {color}; '
            "border-left-width: 0.5em; border-radius: 0.25em; padding: 0.25em 1em; "
            f'margin: 0.5em 0"><p><strong>{state}.</strong> {html.escape(self.title)}</p>'
            f"{items}</div>"
        )

    def exit(self) -> None:
        """End a script: print the report, with exit status 1 unless all has passed.

        In a notebook or at a prompt it shows the report and ends nothing.
        """
        ipython = sys.modules.get("IPython")
        if ipython is not None and ipython.get_ipython() is not None:
            ipython.display.display(self)
        else:
            if isinstance(sys.stdout, io.TextIOWrapper):
                sys.stdout.reconfigure(errors="replace")  # not every one has π
            print(self)  # noqa: T201 - a report in a terminal
            if not hasattr(sys, "ps1"):
                raise SystemExit(0 if self.passed else 1)


def _item(verdict: Verdict) -> str:
    """Return a verdict as HTML."""
    mark = "Passed" if verdict.passed else "Not yet"
    text = _code(" ".join(verdict.sentences))
    facts = "".join(
        f'<dt style="margin: 0; font-weight: normal; opacity: 0.8">{html.escape(label)}</dt>'
        f'<dd style="margin: 0; min-width: 0; overflow-x: auto">'
        f'<code style="white-space: pre-wrap">{html.escape(fact)}</code></dd>'
        for label, fact in verdict.facts
    )
    see = ""
    if verdict.see:
        target = html.escape(address(verdict.see))
        # A browser follows no link from a notebook to a file.
        opens = site() and not target.startswith("file:")
        link = f'<a href="{target}">{target}</a>' if opens else target
        see = f"<p>Read: {link}</p>"
    return (
        f"<p><strong>{mark}:</strong> <code>{html.escape(verdict.task)}</code></p>"
        f"<p>{text}</p>"
        + (f'<dl style="{GRID}">{facts}</dl>' if facts else "")
        + see
    )


def _code(text: str) -> str:
    """Escape a sentence, and set what stands in backticks as code."""
    parts = html.escape(text).split("`")
    return "".join(
        f"<code>{part}</code>" if i % 2 else part
        for i, part in enumerate(parts)
    )
