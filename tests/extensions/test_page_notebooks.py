"""Pages become notebooks that hold plain Markdown and code."""

import re

import moving_figures
import nbformat
import page_notebooks
import pytest
import small_site

CONF = f"""
html_static_path = [{str(small_site.EXTENSIONS.parent / "_static")!r}]
extensions = ["myst_nb", "hosting", "moving_figures", "page_notebooks"]
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
nb_execution_mode = "off"
"""
OTHER = """
# Other

:::{glossary}
leaf
  A tensor that you made.
:::
"""
PAGE = """\
---
file_format: mystnb
kernelspec:
  name: python3
---

```{code-cell} ipython3
:tags: [remove-cell]

from myst_nb import glue

glue("made", 1)
assert True
```

(here)=
# Title of `x_1`

% A comment.
A {term}`leaf`, {doc}`other`, [a page](other.md) and <https://example.org>: $a_1$, *b*, **c_d**.

```{code-cell} ipython3
:tags: [hide-output]

x = 1
```

First
: The term.

:::{admonition} Look
:class: important

1. One `a|b`.
2. Two.
:::

```{code-cell} ipython3
:tags: [remove-cell]

print("of the page alone")
```

```{admonition} Hidden <b>
:collapsible: closed

$$
x^2
$$
```

| a | b |
|---|---|
| `1\\|2` | $x$ |

```{code-cell} ipython3
:tags: [remove-cell]

needed = 2
```

Some text.

```{code-cell} ipython3
:tags: [remove-cell]

torch.testing.assert_close(x, x)
```

```{predict}
question: What is $1 + 1$?
how: A number.
run: |
  x = torch.tensor(2.0)
fields:
- right: x
wrong:
- value: x + 1
  why: No.
because: |
  It is.

  Two.
```

```{predict}
question: Which?
choices:
- text: This.
- text: That.
  why: No.
because: It is.
```

```{jump}
```

````text
```
````

```{code-cell} ipython3
needed
```
"""
CELLS = [
    """\
# Title of `x_1`""",
    '''\


def glue(_name, _value, **_):
    """The page shows the value elsewhere."""


glue("made", 1)
assert True''',
    """\
A leaf, Other, a page and [https://example.org](https://example.org): $a_1$, *b*, **c\\_d**.""",
    """\
x = 1""",
    """\
- **First**: The term.

> **Look**
>
> 1. One `a|b`.
> 2. Two.

<details><summary>Hidden &lt;b&gt;</summary>

$$
x^2
$$

</details>

| a | b |
| --- | --- |
| `1\\|2` | $x$ |""",
    """\
needed = 2""",
    """\
Some text.""",
    """\
torch.testing.assert_close(x, x)""",
    """\
What is $1 + 1$?

<details><summary>Show the answer</summary>

2

It is.

Two.

</details>

Which?

- This.
- That.

<details><summary>Show the answer</summary>

This.

It is.

</details>

*Here the page has a figure that moves: the number a can be moved across the jumps of the function.*

````text
```
````""",
    """\
needed""",
]


@pytest.fixture(scope="module")
def notebooks(
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, nbformat.NotebookNode]:
    """Return the notebook of the page, on a site without an address and on one that has it."""
    made = {}
    for address in ("", "https://example.org/notes/"):
        folder = tmp_path_factory.mktemp("site")
        where = f"html_baseurl = {address!r}\n"
        small_site.write(
            folder, conf_py=CONF + where, index_md=PAGE, other_md=OTHER
        )
        run = small_site.build(folder)
        assert run.returncode == 0, run.stderr
        file = folder / "site" / "_downloads" / "notebooks" / "index.ipynb"
        made[address] = nbformat.read(file, as_version=4)  # type: ignore[no-untyped-call]
    return made


def test_what_a_notebook_cannot_show_becomes_plain_markdown(
    notebooks: dict[str, nbformat.NotebookNode],
) -> None:
    """Roles and directives, cells that only the page needs, and what only the page can move."""
    install, *cells = notebooks[""].cells
    assert "python -m pip install ." in install.source
    assert [cell.source for cell in cells] == CELLS


def test_links_lead_to_the_site_if_it_has_an_address(
    notebooks: dict[str, nbformat.NotebookNode],
) -> None:
    """So do sentences about what only the page has; and the notebook installs the package."""
    install, *cells = notebooks["https://example.org/notes/"].cells
    assert install.source.splitlines()[1].startswith("%pip install")
    text = "\n".join(cell.source for cell in cells)
    for link in (
        "[leaf](https://example.org/notes/other.html#term-leaf)",
        "[Other](https://example.org/notes/other.html)",
        "[a page](https://example.org/notes/other.html)",
        "Here [the page](https://example.org/notes/index.html) has",
    ):
        assert link in text


def test_hidden_cells_are_folded(
    notebooks: dict[str, nbformat.NotebookNode],
) -> None:
    """Those that are left; the others are as new."""
    for cell in notebooks[""].cells:
        is_hidden = re.search("def glue|needed =|assert_close", cell.source)
        folded = {"jupyter": {"source_hidden": True}}
        assert cell.metadata == (folded if is_hidden else {})


def test_every_figure_that_moves_has_a_sentence() -> None:
    """But for predictions, which are written out."""
    assert {*page_notebooks.MOVES, "predict"} == {*moving_figures.FIGURES}
