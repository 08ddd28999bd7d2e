"""LaTeX becomes MathML."""

import logging

import pytest
from docutils import nodes
from mathml import beside_its_letter, converter, to_mathml
from sphinx.errors import SphinxError


def formula(latex: str) -> str:
    """Return the MathML of a formula within a line."""
    return to_mathml(nodes.math(), latex, display=False)


class TestMathml:
    """LaTeX to MathML."""

    def test_keeps_the_source(self) -> None:
        """The LaTeX source stays in the page."""
        assert "<annotation" in formula(r"v^\top J")
        assert r"v^\top J" in formula(r"v^\top J")

    @pytest.mark.parametrize("latex", [r"\nosuchcommand x", r"\frac{1}", "x^"])
    def test_warns_of_what_it_does_not_know(
        self, latex: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        """An unknown command or a broken formula is a warning, which fails the build."""
        with caplog.at_level(logging.WARNING, "sphinx.mathml"):
            logging.getLogger("sphinx.mathml").propagate = True
            logging.getLogger("sphinx").propagate = True
            assert formula(latex) == ""
        assert any(
            record.levelno == logging.WARNING for record in caplog.records
        )

    @pytest.mark.parametrize("latex", ["F'(x)", r"\sigma'(z)", "f''"])
    def test_a_prime_is_no_superscript(self, latex: str) -> None:
        """The prime stands beside its letter."""
        assert "<msup>" not in formula(latex)
        assert '<mo lspace="0" rspace="0">' in formula(latex)

    def test_a_power_is_a_superscript(self) -> None:
        """Other superscripts stay what they are."""
        assert "<msup>" in formula("x^2")

    def test_math_core_raises_a_prime_that_is_raised_already(self) -> None:
        """When it no longer does (not reported), `beside_its_letter` can go."""
        mathml = converter.convert_with_local_state("f'", displaystyle=False)
        assert "<msup><mi>f</mi><mo>′</mo></msup>" in mathml

    def test_a_prime_that_is_not_found_stops_the_build(self) -> None:
        """So a formula is never set as nobody has seen it."""
        with pytest.raises(SphinxError, match="There is no '<msup>"):
            beside_its_letter("<math><mi>f′</mi></math>")
