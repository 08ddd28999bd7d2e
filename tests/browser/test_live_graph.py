"""The live graph as a reader uses it: by keyboard, by pointer, on a phone, from a link, from a disk."""

import math
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import SITE, new_context, opened, settled, sideways

PATH = "play/graph.html"
PARTS = ".content, .frame"
WIDTHS = (320, 390, 1440)

OVERLAPS = """() => {
  const boxes = [...document.querySelectorAll(".frame svg .box rect")];
  const texts = [...document.querySelectorAll(".frame svg > text")];
  const places = [...boxes, ...texts].map((each) => each.getBoundingClientRect());
  const found = [];
  for (const [i, a] of places.entries())
    for (const [j, b] of places.entries()) {
      if (j <= i || j < boxes.length) continue;
      const across = Math.min(a.right, b.right) - Math.max(a.left, b.left);
      const along = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
      // Lines of one label stand close.
      if (across > 1 && along > 4) found.push(`${i} and ${j}: ${across} × ${along}`);
    }
  return found;
}"""
"""Labels that lie over each other or over a box."""


@pytest.fixture
def live(site: str, browser: Browser) -> Iterator[Page]:
    """Open the page on a wide screen."""
    with opened(browser, site + PATH) as page:
        yield page


def write(page: Page, formula: str) -> None:
    """Type a formula."""
    page.get_by_label("Formula", exact=True).fill(formula)


def move(page: Page, name: str, to: str) -> None:
    """Type the value of an input."""
    page.get_by_label(name, exact=True).fill(to)


def exact(page: Page, node: str) -> tuple[float, float]:
    """Return value and adjoint of a node, as the table has them."""
    cells = page.locator(f'tr[data-node="{node}"] td')
    expect(cells).to_have_count(3)
    settled(page)
    value, adjoint = (
        cells.nth(i).get_attribute("data-exact") or "" for i in range(2)
    )
    return float(value), float(adjoint)


def unfold(page: Page) -> None:
    """Open the table and the program."""
    page.locator("figure details").evaluate_all(
        "all => all.forEach((each) => (each.open = true))"
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_each_example_fits(
    site: str, browser: Browser, width: int, scheme: Any
) -> None:
    """No example scrolls sideways, and no label lies over another or over a box."""
    size = {"width": width, "height": 900}
    with new_context(
        browser, viewport=size, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        page = context.new_page()
        page.goto(site + PATH)
        example = page.get_by_label("Example")
        count = example.locator("option").count()
        assert count >= 9
        for i in range(count - 1):
            example.select_option(str(i))
            assert not page.locator('[data-is="wrong"]').inner_text()
            assert page.locator('[data-is="look"]').inner_text()
            settled(page)
            assert sideways(page, PARTS) <= 0, i
            assert page.evaluate(OVERLAPS) == [], i


def test_a_formula_is_typed(live: Page) -> None:
    """Curve, sentence and table follow at once."""
    unfold(live)
    write(live, "s = x * y\ns * s + s")
    move(live, "x", "1/2")
    move(live, "y", "−3")
    assert exact(live, "s") == (-1.5, -2)
    assert exact(live, "x") == (0.5, 6)
    assert exact(live, "y") == (-3, -1)
    expect(live.locator('[data-is="result"]')).to_contain_text("F = 0.75")
    expect(live.locator('[data-is="verdict"]')).to_contain_text(
        "The graph is right here"
    )
    # The two arrows from s to s * s are two.
    paths = live.locator(".carries").evaluate_all(
        "all => all.map((each) => each.getAttribute('d'))"
    )
    assert len(set(paths)) == len(paths) == 6


@pytest.mark.parametrize(
    ("typed", "value"), [("1,5", 1.5), (" 2 ", 2), ("-1/4", -0.25), ("7", 7)]
)
def test_numbers_as_people_type_them(
    live: Page, typed: str, value: float
) -> None:
    """A comma, spaces, a fraction; also outside of the slider."""
    write(live, "x * x")
    move(live, "x", typed)
    assert exact(live, "x") == (value, 2 * value)


def test_what_is_no_number_is_said(live: Page) -> None:
    """The field says so, and the point stays where it was."""
    move(live, "x", "two")
    expect(live.locator('[data-is="not-a-number"]')).to_contain_text(
        "“two” is no number"
    )
    assert exact(live, "x")[0] == 2
    move(live, "x", "1")
    expect(live.locator('[data-is="not-a-number"]')).to_be_empty()
    assert exact(live, "x")[0] == 1


def test_a_wrong_formula_keeps_the_picture(live: Page) -> None:
    """A sentence names line and place; nothing else changes until it is right again."""
    before = exact(live, "p")
    write(live, "s = x**2\np = foo(s)")
    expect(live.get_by_role("alert").first).to_contain_text(
        "Line 2, at “foo” (character 5): There is no function foo here."
    )
    expect(live.get_by_label("Formula", exact=True)).to_have_attribute(
        "aria-invalid", "true"
    )
    assert exact(live, "p") == before
    write(live, "s = x**2\np = log(s)")
    expect(live.locator('[data-is="wrong"]')).to_be_empty()
    assert exact(live, "p")[0] == pytest.approx(math.log(4))


def test_a_keyboard_is_enough(live: Page) -> None:
    """Arrow keys move the slider and the field, and what changed is spoken after a rest."""
    slider = live.get_by_label("Slider for x")
    slider.focus()
    slider.press("ArrowLeft")
    assert exact(live, "x")[0] == pytest.approx(1.95)
    field = live.get_by_label("x", exact=True)
    field.focus()
    field.press("ArrowUp")
    field.press("ArrowUp")
    assert exact(live, "x")[0] == pytest.approx(2.05)
    expect(live.locator('[data-is="told"]')).to_contain_text("At x = 2.05: F =")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_point_is_dragged(live: Page, width: int) -> None:
    """A pointer on the plot takes the point along, and it stops at round numbers."""
    live.set_viewport_size({"width": width, "height": 900})
    live.get_by_label("Example").select_option("3")
    plot = live.locator('[data-is="plot"]')
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    assert box is not None
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    live.mouse.move(middle[0] + box["width"] / 4, middle[1])
    live.mouse.down()
    live.mouse.move(*middle, steps=4)
    live.mouse.up()
    assert exact(live, "x") == (0, 0)
    expect(live.locator('[data-is="verdict"]')).to_have_text(
        "From the left −1, from the right 1: F has no derivative here, and the graph says 0."
    )


def test_thick_and_dashed_arrows(live: Page) -> None:
    """An arrow is as thick as its message, and dashed where it carries 0."""
    write(live, "100 * x + relu(y)")
    move(live, "y", "-1")
    exact(live, "x")
    drawn = live.locator(".carries").evaluate_all(
        "all => all.map((each) => [parseFloat(each.style.strokeWidth), each.classList.contains('nothing')])"
    )
    widths = [width for width, _ in drawn]
    assert max(widths) > 3 * min(widths)
    assert sum(is_dashed for _, is_dashed in drawn) == 1


def test_the_address_holds_formula_and_point(
    site: str, live: Page, browser: Browser
) -> None:
    """The button keeps them in the address, and the address brings them back."""
    formula = "s = x * y  # both\nwhere(s > 0, s, 2 * s)"
    write(live, formula)
    move(live, "x", "1/4")
    move(live, "y", "-3")
    live.get_by_role("button", name="Copy a link").click()
    expect(live.locator('[data-is="copied"]')).to_have_text(
        "The link is copied."
    )
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(live.url)
        expect(page.get_by_label("Formula", exact=True)).to_have_value(formula)
        assert exact(page, "x") == (0.25, -6)
        assert exact(page, "y") == (-3, 0.5)
        # Another address on the same page.
        page.goto(f"{site}{PATH}#f={quote('x**3')}&x=2&y=1")
        assert exact(page, "x") == (2, 12)
        # A wrong one leaves a picture.
        page.goto(f"{site}{PATH}#f={quote('x +')}&x=two")
        expect(page.get_by_role("alert").first).to_contain_text("Line 1")
        assert page.locator(".frame svg .box").count()


def test_opening_the_page_leaves_its_address(live: Page) -> None:
    """The address changes when the reader does something, not before."""
    live.wait_for_timeout(800)
    assert live.url.endswith(PATH)
    move(live, "x", "3")
    live.wait_for_url(re.compile(r"#f=.*&x=3&"))


def test_the_curve_is_drawn_along_the_other_input(live: Page) -> None:
    """With two inputs the reader chooses."""
    write(live, "x * y")
    move(live, "x", "3")
    live.get_by_label("along y").check()
    expect(live.locator('[data-is="result"]')).to_contain_text("∂F/∂y = 3")
    write(live, "x * x")
    expect(live.get_by_label("along y")).to_be_hidden()
    expect(live.get_by_label("Slider for y")).to_be_hidden()
    # What is not in the formula can be set for the next one.
    move(live, "y", "5")
    write(live, "x * x + y")
    assert exact(live, "y") == (5, 1)


def test_it_works_from_a_disk(page: Page) -> None:
    """Opened as a file, the figure moves all the same."""
    page.goto((SITE / PATH).as_uri())
    write(page, "x**2")
    move(page, "x", "3")
    assert exact(page, "x") == (3, 6)


def test_without_a_script_the_figure_stands_still(
    site: str, browser: Browser
) -> None:
    """The picture, its table and its sentence are there, and no control that would do nothing."""
    with new_context(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site + PATH)
        expect(page.locator(".frame svg")).to_be_visible()
        expect(page.locator('[data-is="verdict"]')).to_be_visible()
        assert (
            page.locator(".live-graph :is(input, textarea):visible").count()
            == 0
        )
        page.locator("summary", has_text="table").click()
        expect(page.locator('[data-is="rows"] tr')).to_have_count(8)


@pytest.mark.parametrize("forced", ["active", "none"])
def test_colours_that_are_forced(
    site: str, browser: Browser, forced: Any
) -> None:
    """The curve and the arrows are seen in the colours of the system too."""
    with new_context(browser, forced_colors=forced) as context:
        page = context.new_page()
        page.goto(site + PATH)
        seen = page.evaluate(
            """() => ["curve", "tangent", "carries"].map((name) => {
              const style = getComputedStyle(document.querySelector(`.${name}`));
              return style.stroke !== "none" && style.stroke !== getComputedStyle(document.body).backgroundColor;
            })"""
        )
        assert seen == [True] * 3


@pytest.mark.parametrize("width", WIDTHS)
def test_the_first_page_has_it_at_its_simplest(
    site: str, browser: Browser, width: int
) -> None:
    """Three boxes and one slider; the address stays as it is."""
    with new_context(
        browser, viewport={"width": width, "height": 900}
    ) as context:
        page = context.new_page()
        page.goto(site + "index.html")
        slider = page.get_by_role("slider", name="Slider for x")
        slider.scroll_into_view_if_needed()
        expect(page.get_by_label("Formula", exact=True)).to_be_hidden()
        expect(page.get_by_label("y", exact=True)).to_be_hidden()
        slider.focus()
        slider.press("ArrowLeft")
        x, (value, adjoint) = 1.95, exact(page, "x")
        assert math.isclose(value, x)
        assert math.isclose(adjoint, math.cos(x * x) * 2 * x)
        expect(page.locator(".live-graph .box")).to_have_count(3)
        assert page.url.endswith("index.html")
        assert sideways(page, PARTS) <= 0
        assert page.evaluate(OVERLAPS) == []
        inside = """() => [...document.querySelectorAll(".live-graph .box")].every((box) => {
          const rect = box.querySelector("rect").getBoundingClientRect();
          return [...box.querySelectorAll("text")].every((text) => {
            const at = text.getBoundingClientRect();
            return rect.left <= at.left && at.right <= rect.right;
          });
        })"""
        for typed in ("0.01", "-0.0003", "1e-9"):
            move(page, "x", typed)
            exact(page, "x")
            assert page.evaluate(inside), typed
