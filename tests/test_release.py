"""What a release says of itself: one version, a changelog that has it, and a description that runs."""

import re
import runpy
import tomllib
from pathlib import Path

import torch
import yaml

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
DESCRIPTION = (ROOT / PROJECT["readme"]).read_text("utf-8")


def test_the_changelog_begins_with_the_version() -> None:
    """With its date, once it has been released."""
    changelog = (ROOT / "docs" / "changelog.md").read_text("utf-8")
    newest, *_ = re.findall(r"^## (.*)$", changelog, re.MULTILINE)
    version, _, when = newest.partition(", ")
    assert version == PROJECT["version"]
    assert re.fullmatch(r"not yet released|\d{4}-\d\d-\d\d", when)


def test_the_citation_repeats_no_version() -> None:
    """It is allowed to have none, and what it says beside is what the package says."""
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert not {"version", "date-released"} & {*citation}
    assert citation["title"].startswith(PROJECT["name"] + ":")
    assert citation["license"] == PROJECT["license"]
    assert citation["authors"] == PROJECT["authors"]


def test_the_description_leads_nowhere_else() -> None:
    """The index shows it alone, where a path of the project is no address."""
    assert not re.findall(r"\]\((?!https://)|<img|src=", DESCRIPTION)


def test_the_code_of_the_description_runs(tmp_path: Path) -> None:
    """It does what its comments say."""
    blocks = re.findall(r"```python\n(.*?)```", DESCRIPTION, re.DOTALL)
    assert len(blocks) == 2
    script = tmp_path / "description.py"
    script.write_text("\n".join(blocks), "utf-8")
    made = runpy.run_path(str(script))
    x = torch.tensor(2.0, requires_grad=True)
    made["F"](x).backward()
    assert made["graph"]["x"].adjoint == x.grad
    assert made["graph"].doubts == ()
    (comment,) = re.findall(r"misconception  # '(.*)'", DESCRIPTION)
    assert made["report"].misconception == comment
