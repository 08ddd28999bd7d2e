"""Predictions as a reader answers them: by keyboard, on a phone, from a disk, without a script."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.conftest import SITE, new_context, opened, sideways

EX1 = "exercises/ex1_gradient_argument.html"
EX3 = "exercises/ex3_backward_twice.html"
EX5 = "exercises/ex5_log_sine_reciprocal.html"
ASKING = (
    EX1,
    EX3,
    "exercises/ex4_control_flow.html",
    EX5,
    "exercises/ex6_both_directions.html",
    "exercises/ex7_second_derivative.html",
    "exercises/ex8_forward_or_reverse.html",
    "tutorial.html",
    "theory/what-autograd-records.html",
)
RIGHT = ("1, 4, 4", "(1 13 40)", "4/2; 5; −4")

TARGETS = """() => {
  const parts = document.querySelectorAll(".predict :is(button, summary, input)");
  const boxes = [...parts].map((part) => (part.closest("label") || part).getBoundingClientRect());
  const found = [];
  for (const [i, a] of boxes.entries()) {
    if (a.width < 24 || a.height < 24) found.push(`${parts[i].outerHTML}: ${a.width} × ${a.height}`);
    for (const b of boxes.slice(i + 1))
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 0 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 0)
        found.push(`${parts[i].outerHTML} lies over another`);
  }
  return found;
}"""
"""Controls that are too small for a finger, or lie over each other."""


@pytest.fixture
def asking(browser: Browser) -> Iterator[Page]:
    """Open an empty page whose errors fail the test."""
    with opened(browser, "about:blank") as page:
        yield page


def form(page: Page, name: str = "") -> Locator:
    """Return a prediction, by its name or the first."""
    named = f'[data-name="{name}"]' if name else ""
    return page.locator(f"figure.predict{named}").first


def reply(figure: Locator) -> Locator:
    """Return what is replied."""
    return figure.get_by_role("status")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [320, 360, 390, 1440])
def test_it_fits(site: str, browser: Browser, width: int, scheme: Any) -> None:
    """Nothing scrolls sideways, and each control is large enough for a finger."""
    size = {"width": width, "height": 900}
    with new_context(browser, viewport=size, color_scheme=scheme) as context:
        page = context.new_page()
        for path in ASKING:
            page.goto(site + path)
            page.locator("figure.predict button").first.click()
            page.locator("figure.predict summary").first.click()
            assert sideways(page) <= 0, path
            assert page.evaluate(TARGETS) == [], path


def test_a_keyboard_is_enough(site: str, asking: Page) -> None:
    """Type, go on with Tab, submit with Enter; what cannot be read is where the focus goes."""
    asking.goto(site + EX1)
    figure = form(asking)
    first = figure.get_by_label("v=(1,1)").or_(figure.locator("input").first)
    first.first.focus()
    asking.keyboard.type(RIGHT[0])
    asking.keyboard.press("Tab")
    asking.keyboard.type("1, two, 3")
    asking.keyboard.press("Enter")
    fields = figure.locator("input")
    expect(fields.nth(1)).to_be_focused()
    expect(fields.nth(1)).to_have_attribute("aria-invalid", "true")
    expect(fields.nth(1)).to_have_accessible_description(
        "Write 3 numbers with commas between them."
    )
    expect(fields.nth(0)).to_have_accessible_description("✓ right")
    expect(fields.nth(2)).to_have_accessible_description("Still empty.")
    expect(reply(figure)).to_contain_text("1 of 3 is right.")
    asking.keyboard.press("ControlOrMeta+a")
    asking.keyboard.type(RIGHT[1])
    expect(fields.nth(1)).not_to_have_attribute("aria-invalid", "true")
    asking.keyboard.press("Tab")
    asking.keyboard.type(RIGHT[2])
    asking.keyboard.press("Tab")
    expect(figure.get_by_role("button", name="Check")).to_be_focused()
    asking.keyboard.press("Space")
    expect(reply(figure)).to_have_text("✓ Right.")
    assert asking.url.endswith(EX1)


def test_a_known_mistake_is_named_with_its_cure(
    site: str, asking: Page
) -> None:
    """The reply names it, says how one comes to it, and links to the heading that cures it."""
    asking.goto(site + EX1)
    figure = form(asking)
    for field in figure.locator("input").all():
        field.fill("1, 4, 4")
    figure.get_by_role("button", name="Check").click()
    expect(reply(figure)).to_contain_text("The vector v was ignored.")
    expect(reply(figure)).not_to_contain_text("13")
    reply(figure).get_by_role("link").click()
    asking.wait_for_url("**/tutorial.html#v-1-10")


def test_an_unknown_mistake_says_what_is_right(site: str, asking: Page) -> None:
    """A word where a word may stand, and no answer that was not asked for."""
    asking.goto(site + EX3)
    figure = form(asking)
    fields = figure.locator("input")
    for i, text in enumerate(["Error", "0 8 16 24", "7, 7, 7, 7", "", "no"]):
        fields.nth(i).fill(text)
    fields.nth(0).press("Enter")
    expect(reply(figure)).to_contain_text("2 of 5 are right.")
    said = figure.locator(".said")
    expect(said.nth(0)).to_have_text("✓ right")
    expect(said.nth(2)).to_have_text("not yet")
    expect(said.nth(3)).to_contain_text("or the word error")
    expect(said.nth(4)).to_contain_text("Write 4 numbers")
    expect(figure.locator(".right p")).to_have_count(0)
    expect(figure.locator(".answer .right").first).to_be_hidden()
    figure.locator("summary").click()
    expect(figure.locator(".answer .right").first).to_be_visible()


def test_boxes_to_tick(site: str, asking: Page) -> None:
    """A graph is answered by ticking from what each value is computed."""
    asking.goto(site + EX5)
    figure = form(asking)
    graph = {
        "x²": ["x"],
        "log x²": ["x"],
        "sin x": ["x"],
        "log x² · sin x": ["log x²", "sin x"],
        "1/x": ["x"],
        "F": ["log x² · sin x", "1/x"],
    }
    for value, sources in graph.items():
        group = figure.get_by_role(
            "group", name=f"{value} is computed from", exact=True
        )
        for source in sources:
            group.get_by_label(source, exact=True).check()
    figure.get_by_role("button", name="Check").click()
    expect(reply(figure)).to_contain_text("The square was skipped.")
    group = figure.get_by_role(
        "group", name="log x² is computed from not yet", exact=True
    )
    expect(group).to_be_visible()
    group = figure.locator("fieldset").nth(2)
    group.get_by_label("x", exact=True).uncheck()
    group.get_by_label("x²", exact=True).check()
    figure.get_by_role("button", name="Check").click()
    expect(reply(figure)).to_have_text("✓ Right.")


def test_choices_get_a_reason(site: str, asking: Page) -> None:
    """Arrow keys choose, nothing is answered before it is asked, and the answer opens when it is right."""
    asking.goto(site + "theory/what-autograd-records.html")
    figure = form(asking)
    figure.get_by_role("button", name="Check").click()
    group = figure.get_by_role("radiogroup")
    expect(group).to_have_attribute("aria-invalid", "true")
    expect(group).to_have_accessible_description("Choose one first.")
    expect(figure.get_by_role("radio").first).to_be_focused()
    asking.keyboard.press("Space")
    expect(reply(figure)).to_be_empty()
    asking.keyboard.press("Enter")
    expect(reply(figure)).to_contain_text("Not yet. The adjoint did arrive")
    expect(figure.locator(".because")).to_be_hidden()
    asking.keyboard.press("ArrowDown")
    asking.keyboard.press("ArrowDown")
    expect(reply(figure)).to_be_empty()
    asking.keyboard.press("Enter")
    expect(reply(figure)).to_have_text("✓ Right.")
    expect(figure.locator(".because")).to_be_visible()


@pytest.mark.parametrize("where", ["served", "from a disk"])
def test_the_tick_is_kept(site: str, asking: Page, where: str) -> None:
    """A right prediction stays ticked after a reload, and leaves the exercise to be done."""
    base = site if where == "served" else SITE.as_uri() + "/"
    asking.goto(base + EX1)
    figure = form(asking)
    for field, text in zip(figure.locator("input").all(), RIGHT, strict=True):
        field.fill(text)
    figure.get_by_role("button", name="Check").click()
    expect(figure.locator(".kept")).to_have_text("✓ predicted right")
    expect(asking.get_by_label("I have done this exercise")).not_to_be_checked()
    asking.reload()
    expect(form(asking).locator(".kept")).to_have_text("✓ predicted right")
    asking.goto(base + EX3)
    expect(form(asking).locator(".kept")).to_be_empty()
    asking.goto(base + "exercises/index.html")
    rows = asking.locator("tbody tr", has_text="✓ predicted right")
    expect(rows).to_have_count(1)
    expect(rows.get_by_role("checkbox")).not_to_be_checked()


@pytest.mark.parametrize(
    "spoilt",
    [
        "Object.defineProperty(window, 'localStorage', { get() { throw new Error('no') } })",
        "localStorage.setItem('autograd-tutorial-predicted', '5')",
        "localStorage.setItem('autograd-tutorial-predicted', '{')",
        "Storage.prototype.setItem = () => { throw new Error('full') }",
    ],
)
def test_it_works_without_storage(site: str, page: Page, spoilt: str) -> None:
    """Without storage, or with something else in it, the page answers all the same."""
    page.add_init_script(spoilt)
    page.goto(site + EX1)
    figure = form(page)
    for field, text in zip(figure.locator("input").all(), RIGHT, strict=True):
        field.fill(text)
    figure.get_by_role("button", name="Check").click()
    expect(reply(figure)).to_have_text("✓ Right.")
    page.goto(site + "exercises/index.html")
    expect(page.locator("tbody tr")).to_have_count(8)


def test_without_a_script_the_answer_is_closed(
    site: str, browser: Browser
) -> None:
    """No control that would do nothing; questions, choices, and the answer on demand."""
    with new_context(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site + EX1)
        controls = page.locator(".predict :is(input, button):visible")
        expect(controls).to_have_count(0)
        right = form(page).locator(".right").first
        expect(right).to_be_hidden()
        form(page).locator("summary").click()
        expect(right).to_be_visible()
        page.goto(site + "tutorial.html")
        expect(controls).to_have_count(0)
        choices = page.locator(".predict .option:visible")
        expect(choices).to_have_count(9)


def test_nothing_moves_when_the_script_starts(site: str, asking: Page) -> None:
    """The place of a tick is kept free."""
    asking.goto(site + EX1)
    asking.evaluate(
        "() => localStorage.setItem('autograd-tutorial-predicted', '[\"ex1\"]')"
    )
    before = asking.locator("#hints, #start-here").first.bounding_box()
    asking.reload()
    expect(form(asking).locator(".kept")).not_to_be_empty()
    assert asking.locator("#hints, #start-here").first.bounding_box() == before


def test_the_colours_of_the_system(site: str, browser: Browser) -> None:
    """What is said does not depend on a colour."""
    with new_context(browser, forced_colors="active") as context:
        page = context.new_page()
        page.goto(site + EX1)
        form(page).get_by_role("button", name="Check").click()
        expect(form(page).locator(".said").first).to_have_text("Still empty.")
        style = (
            form(page)
            .locator("input")
            .first.evaluate("each => getComputedStyle(each).borderTopStyle")
        )
        assert style == "solid"
