"""Each entry that a report names is on the site."""

from pathlib import Path

import pytest

from autograd_tutorial.checker import cures
from autograd_tutorial.exercises import EXERCISES

ROOT = Path(__file__).parents[2]

SEES = sorted(
    {
        cure.see
        for cure in (*cures.CURES.values(), *vars(cures).values())
        if isinstance(cure, cures.Cure)
    }
    | {
        mistake.see
        for exercise in EXERCISES
        for task in exercise.tasks
        for mistake in task.misconceptions
    }
)


@pytest.mark.parametrize("see", [s for s in SEES if s.startswith("trouble")])
def test_troubleshooting_has_the_entry(see: str) -> None:
    """Each entry that a report names is there, under its own anchor."""
    page, _, anchor = see.partition("#")
    text = (ROOT / "docs" / f"{page}.md").read_text("utf-8")
    assert f"\n({anchor})=\n## " in text
