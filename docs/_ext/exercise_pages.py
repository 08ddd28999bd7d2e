"""The parts of an exercise's page that are made from the exercise's own data.

`{starter} ex2` shows the starter and offers it as a script and as a notebook, `{hints} ex2` shows
the hints, `{mistakes} ex2` the known mistakes, each with the code that makes it and a link to
the place that cures it, and `{prediction} ex1` a form that answers the prediction. So the page and the checker cannot say different things.
"""

import ast
import inspect
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import nbformat
from docutils import nodes
from docutils.parsers.rst import directives
from page_notebooks import of_script
from play import predict
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective, SphinxRole
from sphinx.util.typing import ExtensionMetadata, OptionSpec
from workarounds import replaced

from autograd_tutorial.checker.exercise import Exercise, Misconception
from autograd_tutorial.exercises import EXERCISES, find, starter


def notebook(exercise: Exercise) -> nbformat.NotebookNode:
    """Return the starter as a notebook."""
    text = starter(exercise).read_text("utf-8")
    # The end of a script's process is nothing for a notebook.
    return of_script(text.replace(".exit()", ""))


def write_starters(app: Sphinx) -> None:
    """Write all starters, as scripts and as notebooks, to where the pages offer them."""
    folder = Path(app.srcdir) / "exercises" / "starters"
    folder.mkdir(exist_ok=True)
    for exercise in EXERCISES:
        script = starter(exercise).read_text("utf-8")
        made = nbformat.writes(notebook(exercise))  # type: ignore[no-untyped-call]
        for suffix, text in ((".py", script), (".ipynb", made + "\n")):
            file = folder / f"{exercise.stem}{suffix}"
            if not file.exists() or file.read_text("utf-8") != text:
                file.write_text(text, encoding="utf-8")


class ExerciseDirective(SphinxDirective):
    """A directive that is given the name of an exercise and writes Markdown."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Parse what the exercise's data says."""
        try:
            exercise = find(self.arguments[0])
        except ValueError as error:
            raise self.error(str(error)) from error
        return self.parse_text_to_nodes("\n".join(self.lines(exercise)))

    def lines(self, exercise: Exercise) -> Iterator[str]:
        """Yield the lines of Markdown."""
        raise NotImplementedError


class Starter(ExerciseDirective):
    """The code to begin with, and the two files that hold it."""

    def lines(self, exercise: Exercise) -> Iterator[str]:
        """Yield the downloads and the code cells."""
        path = f"starters/{exercise.stem}"
        yield (
            f"Download the starter as {{download}}`a script <{path}.py>` or as "
            f"{{download}}`a notebook <{path}.ipynb>`, or copy it from here:"
        )
        cells = notebook(exercise).cells
        code = [cell.source for cell in cells if cell.cell_type == "code"]
        yield from ("", "```ipython3", "\n\n\n".join(code), "```")


class Hints(ExerciseDirective):
    """The hints, one below the other, closed."""

    def lines(self, exercise: Exercise) -> Iterator[str]:
        """Yield an admonition for each hint."""
        for number, hint in enumerate(exercise.hints, 1):
            yield f":::{{admonition}} Hint {number}"
            yield from (
                ":class: hint",
                ":collapsible: closed",
                "",
                hint,
                ":::",
                "",
            )


class Prediction(ExerciseDirective):
    """A form for the prediction, which the page answers as the checker does.

    Its content names the entries of a list, one a line; a dictionary has its own names.
    """

    has_content: ClassVar[bool] = True
    option_spec: ClassVar[OptionSpec] = {
        "label": directives.unchanged,
        "how": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Return the form."""
        try:
            exercise = find(self.arguments[0])
            how = self.options.get("how", "")
            quiz = predict.of_exercise(exercise, list(self.content), how)
            for each in quiz.fields:
                pattern = self.options.get("label", "{}")
                each.label = pattern.format(each.label)
            return predict.to_nodes(self, quiz)
        except ValueError as error:
            raise self.error(str(error)) from error


class Mistakes(ExerciseDirective):
    """The known mistakes, task by task."""

    def lines(self, exercise: Exercise) -> Iterator[str]:
        """Yield an admonition for each mistake."""
        yield from (
            "In the code, `solution` is the module of the right answers.",
            "",
        )
        for task in exercise.tasks:
            yield from (f"In `{task.call}`:", "")
            for mistake in task.misconceptions:
                name = mistake.name[0].upper() + mistake.name[1:]
                yield f"::::{{admonition}} {name}"
                yield from (":class: mistake", ":collapsible: closed", "")
                yield f"{mistake.why} {{cure}}`{mistake.see}`"
                yield from ("", "```ipython3", code(task.name, mistake), "```")
                yield from ("::::", "")


def code(name: str, mistake: Misconception) -> str:
    """Return the lines of a wrong answer, but for those that the page says above it."""
    example = mistake.example
    if not inspect.isfunction(example):
        return f"{name} = {example!r}"
    source = inspect.getsource(example)
    lines = source.splitlines()
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    shown = lines[function.lineno - 1 :]
    if ast.get_docstring(function):
        cause = function.body[0]
        shown = lines[function.lineno - 1 : cause.lineno - 1]
        shown += lines[cause.end_lineno :]
    return "\n".join(shown)


class Cure(SphinxRole):
    """A link to a heading that is given as the checker gives it: "tutorial#control-flow"."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Leave a reference, to be resolved when all pages are read."""
        reference = addnodes.pending_xref(
            reftype="cure",
            refdomain="",
            reftarget=self.text,
            refdoc=self.env.docname,
            refwarn=True,
        )
        reference += nodes.inline(text=self.text)
        return [reference], []


def resolve_cure(
    app: Sphinx,
    env: BuildEnvironment,
    node: addnodes.pending_xref,
    _content: nodes.Element,
) -> nodes.reference | None:
    """Link to the heading, in its own words."""
    if node["reftype"] != "cure":
        return None
    page, _, anchor = node["reftarget"].partition("#")
    heading = headings(env, page).get(anchor) if page in env.all_docs else None
    if heading is None:
        return None
    title = env.titles[page].astext()
    text = f"Read “{heading}” in “{title}”."
    uri = app.builder.get_relative_uri(node["refdoc"], page)
    return nodes.reference("", text, internal=True, refuri=f"{uri}#{anchor}")


@cache
def headings(env: BuildEnvironment, page: str) -> dict[str, str]:
    """Return the anchors of a page, each with the words that stand there."""
    found: dict[str, str] = {}
    for node in env.get_doctree(page).findall(nodes.Element):
        words: nodes.Node = node
        if isinstance(node, nodes.section):
            words = node[node.first_child_matching_class(nodes.title) or 0]
        elif not isinstance(node, nodes.term):
            continue
        found |= dict.fromkeys(node["ids"], words.astext())
    return found


def link_progress(
    _app: Sphinx,
    pagename: str,
    _template: str,
    context: dict[str, Any],
    _document: nodes.document | None,
) -> None:
    """Give the pages of the path room for a tick, which progress.js keeps."""
    place = '<p class="done"></p>'
    if pagename.startswith("exercises/ex"):
        body = replaced(context["body"], "</h1>", f"</h1>\n{place}")
        context["body"] = body
    elif pagename == "tutorial" or pagename.startswith(("play/", "theory/")):
        context["body"] += place


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives, the role, and the steps."""
    app.add_directive("starter", Starter)
    app.add_directive("hints", Hints)
    app.add_directive("mistakes", Mistakes)
    app.add_directive("prediction", Prediction)
    app.add_role("cure", Cure())
    app.connect("builder-inited", write_starters)
    app.connect("missing-reference", resolve_cure)
    app.connect("html-page-context", link_progress)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
