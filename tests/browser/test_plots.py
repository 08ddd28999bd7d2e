"""The smaller figures that move as a reader uses them: by keyboard, by pointer, on a phone, from a disk."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from browser.conftest import SITE, opened, settled, sideways

PAGES = ("jumps", "descent", "rounding", "float32")
EACH = pytest.mark.parametrize("name", PAGES)
FIGURE = ".moving:has(.scene)"

LABELS = """() => {
  const seen = [...document.querySelectorAll(".moving svg.scene text")]
    .filter((text) => text.textContent.trim())
    .map((text) => [text.textContent, text.getBoundingClientRect(), text.closest("svg").getBoundingClientRect(),
      parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a]);
  const found = [];
  for (const [i, [text, a, svg, size]] of seen.entries()) {
    if (size < 12) found.push(`${text} is small: ${size}`);
    if (a.left < svg.left - 1 || a.right > svg.right + 1 || a.top < svg.top - 1 || a.bottom > svg.bottom + 1) found.push(`${text} is cut`);
    for (const [other, b] of seen.slice(i + 1))
      if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 4)
        found.push(`${text} on ${other}`);
  }
  return found;
}"""
"""Labels that are small, cut, or lie over each other."""


@pytest.fixture
def page(
    request: pytest.FixtureRequest, site: str, browser: Browser
) -> Iterator[Page]:
    """Open the page that the test names."""
    with opened(browser, f"{site}play/{request.param}.html") as page:
        yield page


def shows(name: str) -> pytest.MarkDecorator:
    """Open this page for a test."""
    return pytest.mark.parametrize("page", [name], indirect=True)


def part(page: Page, name: str) -> Any:
    """Return a part of the figure."""
    return page.locator(f'.moving [data-is="{name}"]')


def drag_out(page: Page, plot: Locator, *, to_right: bool) -> None:
    """Drag from the middle of a picture beyond its right or its left side."""
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 99)
    page.mouse.down()
    beyond = box["x"] + box["width"] + 99 if to_right else box["x"] - 9
    page.mouse.move(beyond, box["y"] + 99)
    page.mouse.up()


def number(text: str | None) -> float:
    """Read a number as the figures write it."""
    assert text is not None
    return float(text.replace("−", "-"))


@EACH
@pytest.mark.parametrize("width", [320, 390, 1440])
def test_it_fits(site: str, browser: Browser, width: int, name: str) -> None:
    """Nothing scrolls sideways; each label can be read."""
    url = f"{site}play/{name}.html"
    with opened(browser, url, width=width) as page:
        expect(page.locator(".moving[data-ready]")).to_have_count(1)
        settled(page)
        assert page.evaluate(LABELS) == []
        assert sideways(page) <= 0


@EACH
@pytest.mark.parametrize("width", [320, 1440])
def test_nothing_moves_when_the_script_starts(
    site: str, browser: Browser, width: int, name: str
) -> None:
    """The still figure takes the place of the one that moves."""
    with opened(browser, "about:blank", width=width) as page:
        page.add_init_script(
            """globalThis.shift = 0;
            new PerformanceObserver((list) => {
              for (const each of list.getEntries()) globalThis.shift += each.value;
            }).observe({ type: "layout-shift", buffered: true });"""
        )
        page.goto(f"{site}play/{name}.html")
        page.locator(FIGURE).scroll_into_view_if_needed()
        settled(page)
        assert page.evaluate("globalThis.shift") < 0.01


@EACH
def test_without_a_script(site: str, browser: Browser, name: str) -> None:
    """A picture and its numbers are there; what needs the script is not."""
    url = f"{site}play/{name}.html"
    with opened(browser, url, width=320, java_script_enabled=False) as page:
        expect(page.locator(".moving .scene .curve").first).to_be_attached()
        figure = page.locator(FIGURE)
        if not figure.locator("details[open]").count():
            figure.locator("summary").click()
        expect(figure.locator("table")).to_be_visible()
        for control in page.locator(".moving :is(input, select, button)").all():
            expect(control).to_be_hidden()


@EACH
def test_from_a_disk(browser: Browser, name: str) -> None:
    """It moves from a folder too."""
    url = (SITE / "play" / f"{name}.html").as_uri()
    with opened(browser, url) as page:
        expect(page.locator(".moving[data-ready]")).to_have_count(1)


@EACH
def test_colours_that_are_forced(
    site: str, browser: Browser, name: str
) -> None:
    """The curves are seen in the colours of the system too."""
    url = f"{site}play/{name}.html"
    with opened(browser, url, forced_colors="active") as page:
        assert page.evaluate(
            """[...document.querySelectorAll(".moving .curve")].every((curve) =>
              ![getComputedStyle(document.body).backgroundColor, "none"].includes(getComputedStyle(curve).stroke))"""
        )


@EACH
def test_each_slider_has_a_name_and_words(
    site: str, browser: Browser, name: str
) -> None:
    """What can be dragged can be reached by Tab, and says what it is."""
    url = f"{site}play/{name}.html"
    with opened(browser, url) as page:
        handles = page.locator('.moving [role="slider"]').all()
        for handle in handles:
            assert handle.get_attribute("tabindex") == "0"
            assert handle.get_attribute("aria-label")
            assert handle.get_attribute("aria-valuetext")
        assert page.evaluate(
            """[...document.querySelectorAll(".moving :is(input, select)")]
              .every((each) => each.labels.length || each.ariaLabel)"""
        )


# The function that jumps


@shows("jumps")
def test_a_is_typed(page: Page) -> None:
    """The figure follows; what is none is said, and what it does not show, too."""
    part(page, "a").fill("−1000/8")
    expect(part(page, "result")).to_contain_text("f(−125) = −100000 after 3")
    expect(part(page, "verdict")).to_contain_text("f jumps here")
    part(page, "a").fill("two")
    expect(part(page, "wrong")).to_contain_text("“two” is no number")
    expect(part(page, "result")).to_contain_text("f(−125)")
    part(page, "a").fill("1e9")
    expect(part(page, "wrong")).to_contain_text("whose size is from")
    part(page, "a").fill("0")
    expect(part(page, "verdict")).to_contain_text("never ends")
    expect(part(page, "wrong")).to_be_empty()
    expect(part(page, "on")).to_be_disabled()


@shows("jumps")
def test_from_jump_to_jump(page: Page) -> None:
    """The buttons stop at each one, and at the last there is none to the right."""
    for wanted in ("250", "500"):
        part(page, "on").click()
        expect(part(page, "a")).to_have_value(wanted)
        expect(part(page, "verdict")).to_contain_text("f jumps here")
    expect(part(page, "on")).to_be_disabled()
    part(page, "flip").click()
    expect(part(page, "a")).to_have_value("−500")
    expect(part(page, "back")).to_be_disabled()
    part(page, "on").click()
    expect(part(page, "a")).to_have_value("−250")


@shows("jumps")
def test_a_is_moved_by_keys_and_by_the_pointer(page: Page) -> None:
    """One step, ten steps, and anywhere; the jumps hold on to the pointer."""
    dot = part(page, "dot")
    dot.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("PageUp")
    expect(part(page, "a")).to_have_value("211")
    page.keyboard.press("Shift+ArrowLeft")
    expect(part(page, "a")).to_have_value("201")
    expect(dot).to_have_attribute("aria-valuenow", "201")
    assert "slope" in (dot.get_attribute("aria-valuetext") or "")
    box = part(page, "plot").bounding_box()
    assert box
    page.mouse.move(box["x"] + 250, box["y"] + 90)
    page.mouse.down()
    unit = (box["width"] - 40) / 700
    page.mouse.move(box["x"] + 39 + 500 * unit + 3, box["y"] + 90)
    page.mouse.up()
    expect(part(page, "a")).to_have_value("500")
    expect(part(page, "told")).to_contain_text("f jumps here")


@shows("jumps")
def test_a_smaller_step_makes_it_worse(page: Page) -> None:
    """At a jump the quotient grows as h shrinks."""
    part(page, "a").fill("125")
    part(page, "h").focus()
    page.keyboard.press("Home")
    expect(part(page, "verdict")).to_contain_text(
        "From the left it is −6.55·10⁷"
    )
    part(page, "range").select_option("7")
    expect(part(page, "h-shown")).to_have_text("0.125")
    part(page, "range").select_option("both")
    settled(page)
    assert page.evaluate(LABELS) == []


# Gradient descent


@shows("descent")
def test_a_rate_is_typed(page: Page) -> None:
    """The figure follows, beyond its slider too; what it cannot take is said."""
    part(page, "rate").fill("0,21")
    expect(part(page, "word")).to_contain_text("Diverges")
    part(page, "rate").fill("1/10")
    expect(part(page, "verdict")).to_contain_text("y is multiplied by 0.")
    part(page, "rate").fill("0")
    expect(part(page, "wrong")).to_contain_text("a rate can be from 0.0001")
    part(page, "x").fill("-9")
    expect(part(page, "wrong")).to_contain_text("x can be from −4 to 4")
    part(page, "x").fill("far")
    expect(part(page, "wrong")).to_contain_text("“far” is no number")
    part(page, "x").fill("1")
    expect(part(page, "wrong")).to_be_empty()
    expect(part(page, "start")).to_have_attribute(
        "aria-valuetext", "x 1, y 1.2"
    )


@shows("descent")
def test_rate_and_momentum_are_slid(page: Page) -> None:
    """Momentum lets a rate converge that did not."""
    part(page, "rate-slider").focus()
    page.keyboard.press("End")
    expect(part(page, "rate")).to_have_value("0.32")
    expect(part(page, "word")).to_contain_text("Diverges")
    part(page, "momentum-slider").focus()
    page.keyboard.press("End")
    expect(part(page, "momentum")).to_have_text("0.95")
    expect(part(page, "word")).to_contain_text("onverges")
    part(page, "loss").select_option("corner")
    expect(part(page, "momentum-slider")).to_be_disabled()
    expect(part(page, "momentum")).to_have_text("0")
    expect(part(page, "word")).to_contain_text("Oscillates")


@shows("descent")
def test_the_start_is_moved(page: Page) -> None:
    """By keys in both directions, and by the pointer, not beyond the map."""
    start = part(page, "start")
    start.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Shift+ArrowDown")
    expect(part(page, "x")).to_have_value("−3.4")
    expect(part(page, "y")).to_have_value("0.2")
    part(page, "map").scroll_into_view_if_needed()
    box = part(page, "map").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    settled(page)
    expect(part(page, "word")).to_contain_text("Stays")
    page.mouse.move(box["x"] + box["width"] + 50, box["y"] - 90)
    page.mouse.up()
    expect(part(page, "x")).to_have_value("4")
    expect(part(page, "y")).to_have_value("2")
    expect(part(page, "told")).to_contain_text("converges")


# Rounding


@shows("rounding")
def test_the_step_is_moved(page: Page) -> None:
    """By keys and by the pointer, to the ends and not beyond."""
    dot = part(page, "dot")
    dot.focus()
    page.keyboard.press("ArrowLeft")
    expect(part(page, "result")).to_contain_text("h = 2⁻⁵ ≈ 0.03125")
    page.keyboard.press("PageDown")
    expect(dot).to_have_attribute("aria-valuenow", "-15")
    for _ in range(6):
        page.keyboard.press("Shift+ArrowLeft")
    expect(dot).to_have_attribute("aria-valuenow", "-54")
    expect(part(page, "verdict")).to_contain_text("lost in rounding")
    drag_out(page, part(page, "plot"), to_right=True)
    expect(dot).to_have_attribute("aria-valuenow", "-1")
    expect(part(page, "told")).to_contain_text("The curve bends")


@shows("rounding")
def test_each_quotient_has_its_best_step(page: Page) -> None:
    """The button finds it, whichever is chosen, and no error of the table is smaller."""
    for kind in ("forward", "central"):
        for dtype in ("float32", "float64"):
            part(page, "kind").select_option(kind)
            part(page, "dtype").select_option(dtype)
            part(page, "best").click()
            expect(part(page, "verdict")).to_contain_text(
                "No step comes closer"
            )
            cells = page.locator(f'td[data-series="{kind} {dtype}"]')
            errors = cells.evaluate_all(
                "all => all.map((each) => Number(each.dataset.error))"
            )
            now = part(page, "dot").get_attribute("aria-valuenow")
            assert errors[-int(now or 0) - 1] == min(errors)
            assert page.evaluate(LABELS) == []


# Float32


@shows("float32")
def test_x_is_moved_through_all_of_float32(page: Page) -> None:
    """By keys and by the pointer, to the ends and not beyond."""
    dot = part(page, "dot")
    dot.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(part(page, "result")).to_contain_text("x = 2⁻⁷⁴ ≈ 5.29·10⁻²³")
    expect(part(page, "verdict")).to_contain_text("No other formula helps")
    page.keyboard.press("PageUp")
    page.keyboard.press("ArrowUp")
    expect(part(page, "verdict")).to_contain_text("F′ is right to about")
    drag_out(page, part(page, "plot"), to_right=True)
    expect(dot).to_have_attribute("aria-valuenow", "126")
    expect(part(page, "told")).to_contain_text("so it becomes ∞")
    drag_out(page, part(page, "plot"), to_right=False)
    expect(dot).to_have_attribute("aria-valuenow", "-126")


@shows("float32")
def test_the_other_formula_mends_one_end(page: Page) -> None:
    """The shade on the right goes, that on the left stays."""
    expect(page.locator(".scene .broken")).to_have_count(3)
    part(page, "formula").select_option("mended")
    expect(page.locator(".scene .broken")).to_have_count(1)
    expect(part(page, "verdict")).to_contain_text("F is")
    part(page, "dot").focus()
    for _ in range(20):
        page.keyboard.press("Shift+ArrowRight")
    expect(part(page, "verdict")).to_contain_text("could become ∞. F′ is right")
    settled(page)
    assert page.evaluate(LABELS) == []


# The training in the tutorial


@pytest.mark.parametrize("width", [320, 390, 1440])
def test_the_training_plays(site: str, browser: Browser, width: int) -> None:
    """By itself until its end or until the reader takes over; by keys and by the pointer."""
    with opened(browser, site + "tutorial.html", width=width) as page:
        figure = page.locator(".moving.fit")
        figure.scroll_into_view_if_needed()
        result, dot, play = (
            figure.locator(f'[data-is="{name}"]')
            for name in ("result", "dot", "play")
        )
        expect(result).to_contain_text("Before the first step the loss is 1.04")
        assert page.evaluate(LABELS) == []
        play.click()
        expect(play).to_have_text("Pause")
        expect(result).to_contain_text(re.compile("After \\d+ steps"))
        dot.focus()
        expect(play).to_have_text("Play")
        for _ in range(4):
            page.keyboard.press("Shift+ArrowRight")
        expect(result).to_contain_text("After 500 steps")
        settled(page)
        assert page.evaluate(LABELS) == []
        play.click()
        expect(play).to_have_text("Pause")
        expect(result).not_to_contain_text("After 500 steps")
        plot = figure.locator('[data-is="plot"]')
        drag_out(page, plot, to_right=True)
        expect(result).to_contain_text("After 500 steps")
        assert sideways(page) <= 0
