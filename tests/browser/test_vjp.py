"""What v does, as a reader uses it: by keyboard, by pointer, on a phone, from a link, from a disk."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import SITE, new_context, opened, settled, sideways

PATH = "play/vjp.html"
WIDTHS = (320, 390, 1440)
PARTS = ".content, .vjp .wide"
SMALL = """() => [...document.querySelectorAll(".vjp svg text")]
  .filter((text) => parseFloat(getComputedStyle(text).fontSize) * text.getScreenCTM().a < 12)
  .map((text) => text.textContent)"""
SHIFT = """
window.shift = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) window.shift += entry.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(params=WIDTHS)
def sized(
    site: str, browser: Browser, request: pytest.FixtureRequest
) -> Iterator[Page]:
    """Open the page at each width; an error of a script fails the test."""
    with opened(browser, site + PATH, width=request.param) as page:
        yield page


@pytest.fixture
def live(site: str, browser: Browser) -> Iterator[Page]:
    """Open the page on a wide screen."""
    with opened(browser, site + PATH) as page:
        yield page


def exact(page: Page, *names: str) -> list[float]:
    """Return numbers of the table, once they are drawn."""
    settled(page)
    return [
        float(
            page.locator(f'[data-cell="{name}"]').get_attribute("data-exact")
            or ""
        )
        for name in names
    ]


def grad(page: Page) -> list[float]:
    """Return x.grad."""
    return exact(page, "g.0", "g.1")


def entry(page: Page, name: str, to: str) -> None:
    """Type a number."""
    page.locator(f'[data-entry="{name}"]').fill(to)


def drag(page: Page, name: str, across: float, down: float) -> None:
    """Drag a handle by so many units of its picture, of which there are 300."""
    handle = page.get_by_role("slider", name=name)
    handle.scroll_into_view_if_needed()
    box = handle.locator(".hit").bounding_box()
    picture = handle.locator("xpath=..").bounding_box()
    assert box is not None
    assert picture is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    unit = picture["width"] / 300
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across * unit, y + down * unit, steps=4)
    page.mouse.up()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_each_map_fits(
    site: str, browser: Browser, width: int, scheme: Any
) -> None:
    """Nothing scrolls sideways, nothing is tiny, and nothing moves as the script starts."""
    size: Any = {"width": width, "height": 900}
    with new_context(
        browser, viewport=size, color_scheme=scheme, reduced_motion="reduce"
    ) as context:
        context.add_init_script(SHIFT)
        page = context.new_page()
        page.goto(site + PATH)
        page.locator(".planes").scroll_into_view_if_needed()
        assert page.evaluate("window.shift") <= 0.01
        page.get_by_label("Send a tangent").check()
        choice = page.get_by_label("Map")
        assert choice.locator("option").count() == 4
        for i in range(4):
            choice.select_option(index=i)
            assert page.locator('[data-is="look"]').inner_text()
            assert sideways(page, PARTS) <= 0, i
            assert page.evaluate(SMALL) == []
            assert page.locator(".vjp svg .level").count() == 2


def test_the_tip_of_v_is_dragged(sized: Page) -> None:
    """The arrow follows, stops at round numbers, and the rows are added anew."""
    drag(sized, "the tip of v", 32, -16)
    assert exact(sized, "v.0", "v.1") == [2, 1]
    assert grad(sized) == [2, 4]
    expect(sized.locator('[data-entry="v1"]')).to_have_value("2")
    expect(sized.get_by_role("slider", name="the tip of v")).to_be_focused()


def test_the_point_is_dragged(sized: Page) -> None:
    """J changes with x, and v stays."""
    drag(sized, "the point x", -60, -90)
    assert exact(sized, "J.0.0", "J.0.1") == [2, 0.5]
    assert exact(sized, "v.0", "v.1") == [1, 0.5]
    assert grad(sized) == [2.5, 1]


def test_the_tangent_is_dragged(sized: Page) -> None:
    """It goes with the map, and meets v in one number."""
    slider = sized.get_by_role("slider", name="the tip of t")
    expect(slider).to_be_hidden()
    sized.get_by_label("Send a tangent").check()
    drag(sized, "the tip of t", 0, -30)
    expect(slider).to_have_attribute("aria-valuetext", "t₁ = 1, t₂ = 1")
    expect(sized.locator('[data-is="pairing"]')).to_have_text(
        "t = (1, 1) goes to J t = (2, 2). Both ways give one number: vᵀ(J t) = 3 and (vᵀJ) t = 3."
    )
    assert exact(sized, "v.0", "v.1") == [1, 0.5]


def test_a_finger_beside_the_handles_scrolls(
    site: str, browser: Browser
) -> None:
    """Only a handle holds a finger; elsewhere on the picture nothing moves."""
    size: Any = {"width": 390, "height": 844}
    with new_context(browser, viewport=size, has_touch=True) as context:
        page = context.new_page()
        page.goto(site + PATH)
        picture = page.locator('[data-is="left"]')
        picture.tap(position={"x": 40, "y": 200})
        assert grad(page) == [1, 2]
        touch = "each => getComputedStyle(each).touchAction"
        assert picture.evaluate(touch) == "auto"
        handle = page.get_by_role("slider", name="the tip of v")
        assert handle.evaluate(touch) == "none"
        box = handle.locator(".hit").bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 24
        # A finger that rests beside the middle of a handle takes it.
        handle.locator(".hit").tap(
            position={"x": box["width"] - 8, "y": box["height"] / 2}
        )
        assert exact(page, "v.0")[0] > 1


def test_a_keyboard_is_enough(live: Page) -> None:
    """Arrow keys move what can be dragged; what it is now is said in words, after a rest."""
    live.locator('[data-is="map"]').focus()
    live.keyboard.press("Tab")
    point = live.get_by_role("slider", name="the point x")
    expect(point).to_be_focused()
    live.keyboard.press("ArrowLeft")
    expect(point).to_have_attribute("aria-valuetext", "x₁ = 1.4, x₂ = 0.5")
    live.keyboard.press("Shift+ArrowUp")
    expect(point).to_have_attribute("aria-valuetext", "x₁ = 1.4, x₂ = 1.5")
    expect(point).to_have_attribute("aria-valuenow", "1.4")
    for _ in range(20):
        live.keyboard.press("ArrowUp")
    expect(point).to_have_attribute("aria-valuetext", "x₁ = 1.4, x₂ = 2")
    live.keyboard.press("Tab")
    tip = live.get_by_role("slider", name="the tip of v")
    expect(tip).to_be_focused()
    live.keyboard.press("ArrowDown")
    expect(tip).to_have_attribute("aria-valuetext", "v₁ = 1, v₂ = 0.4")
    assert grad(live) == pytest.approx([2.4, 1.8])
    expect(live.locator('[data-is="told"]')).to_contain_text(
        "At x = (1.4, 2), F(x) = (2.8, 3.4). With v = (1, 0.4), x.grad = vᵀJ = (2.4, 1.8)."
    )


@pytest.mark.parametrize(
    ("typed", "value"), [("1/2", 0.5), ("−1", -1), ("1,5", 1.5), (" 2 ", 2)]
)
def test_numbers_as_people_type_them(
    live: Page, typed: str, value: float
) -> None:
    """A fraction, a real minus sign, a comma, spaces."""
    entry(live, "v2", typed)
    assert exact(live, "v.1") == [value]
    assert grad(live) == [0.5 + value, 1.5 + value]


@pytest.mark.parametrize(
    ("typed", "said"),
    [("two", "“two” is no number"), ("3", "numbers from −2 to 2")],
)
def test_what_cannot_be_shown_is_said(
    live: Page, typed: str, said: str
) -> None:
    """The field says so, and v stays as it was."""
    entry(live, "v1", typed)
    expect(live.locator('[data-is="wrong"]')).to_contain_text(said)
    field = live.locator('[data-entry="v1"]')
    expect(field).to_have_attribute("aria-invalid", "true")
    assert exact(live, "v.0") == [1]
    entry(live, "v1", "0")
    expect(live.locator('[data-is="wrong"]')).to_be_empty()
    expect(field).not_to_have_attribute("aria-invalid", "true")


def test_goals_are_ticked_when_reached(live: Page) -> None:
    """Each once, for the eye and for the ear, and they stay ticked."""
    goals = live.locator("[data-goal]")
    expect(live.locator(".goals .done")).to_have_count(0)
    told = live.locator('[data-is="told"]')
    entry(live, "v2", "0")
    expect(told).to_contain_text("Reached: Make vᵀJ the first row of J")
    expect(goals.nth(0)).to_have_class("done")
    entry(live, "v1", "-1")
    entry(live, "v2", "1.5")
    expect(told).to_contain_text("Reached: Make x.grad point along +x₁")
    for name, to in {"x1": "1", "x2": "1", "v1": "1", "v2": "-1"}.items():
        entry(live, name, to)
    expect(told).to_contain_text("Reached: Find an x, and a v")
    expect(live.locator('[data-is="meaning"]')).to_contain_text(
        "Nothing comes back"
    )
    expect(live.locator(".goals .done")).to_have_count(3)
    marks = goals.evaluate_all(
        "all => all.map((each) => getComputedStyle(each).listStyleType)"
    )
    assert all("☑" in mark for mark in marks)
    entry(live, "v1", "0")
    expect(live.locator(".goals .done")).to_have_count(3)


def test_a_prediction_is_answered(live: Page) -> None:
    """A wrong one by the thought behind it; the right one is shown only to those who ask."""
    first, second = (
        live.get_by_label("first entry"),
        live.get_by_label("second entry"),
    )
    check = live.locator(".vjp").get_by_role("button", name="Check")
    answer = live.locator('[data-is="answer"]')
    check.click()
    expect(answer).to_have_text("Write a number into each of the two fields.")
    expect(first).to_be_focused()
    for typed, said in {
        ("4", "5"): "This is J v",
        ("0", "3"): "This is the sum of the two rows",
        ("−2", "4"): "This is the first row times its entry of v",
        ("-2", "3"): "only the diagonal",
        ("1", "9"): "The first entry is right",
        ("x", "7"): "“x” is no number",
    }.items():
        first.fill(typed[0])
        second.fill(typed[1])
        second.press("Enter")
        expect(answer).to_contain_text(said)
        assert "(1, 7)" not in answer.inner_text()
    live.get_by_role("button", name="Show the answer").click()
    expect(answer).to_contain_text("= (1, 7)")
    first.fill("1")
    second.fill("7")
    check.click()
    expect(answer).to_contain_text("Right: 2 times the first row and 3 times")
    expect(answer).to_have_class("right")
    live.get_by_role("button", name="Another question").click()
    expect(answer).to_be_empty()
    expect(first).to_be_focused()
    expect(live.locator('[data-is="question"]')).to_contain_text("x₁² − x₂²")
    # The figure above is left alone.
    assert grad(live) == [1, 2]


def test_the_address_holds_the_state(
    site: str, live: Page, browser: Browser
) -> None:
    """The button keeps it in the address, and the address brings it back."""
    live.wait_for_timeout(1000)
    assert live.url.endswith(PATH)
    live.get_by_label("Map").select_option(
        label="The square of a complex number"
    )
    live.get_by_label("Send a tangent").check()
    entry(live, "t2", "−1/2")
    entry(live, "v1", "2")
    live.get_by_role("button", name="Copy a link").click()
    expect(live.locator('[data-is="copied"]')).to_have_text(
        "The link is copied."
    )
    with new_context(browser) as context:
        page = context.new_page()
        page.goto(live.url)
        expect(page.locator('[data-is="formula"]')).to_contain_text("x₁² − x₂²")
        assert exact(page, "v.0", "v.1") == [2, 1]
        expect(page.locator('[data-entry="t2"]')).to_have_value("−0.5")
        expect(page.locator('[data-is="pairing"]')).to_be_visible()
        # Another address on the same page; what cannot be read is left as it opens.
        page.goto(f"{site}{PATH}#map=turn&x=0,0&v=two,7")
        expect(page.locator('[data-is="formula"]')).to_contain_text("x₁/2")
        assert exact(page, "v.0", "v.1") == [1, -0.5]
        page.goto(f"{site}{PATH}#map=fold&v=9,−9")
        assert exact(page, "v.0", "v.1") == [2, -2]
        page.goto(f"{site}{PATH}#map=none&x=1,1")
        assert exact(page, "v.0") == [2]


def test_the_address_follows_what_is_moved(live: Page) -> None:
    """After a rest, and not before something has changed."""
    entry(live, "x1", "1")
    live.wait_for_url(re.compile(r"#map=fold&x=1%2C0\.5&v=1%2C0\.5$"))


def test_the_program_follows(live: Page) -> None:
    """It holds the present map, x and v."""
    live.get_by_text("The same in torch").click()
    live.get_by_label("Map").select_option(
        label="Radius and angle to the plane"
    )
    entry(live, "x2", "1/4")
    code = live.locator('[data-is="code"]')
    expect(code).to_contain_text("x1 * torch.cos(x2)")
    expect(code).to_contain_text("x = torch.tensor([1.5, 0.25]")


def test_it_works_from_a_disk(page: Page) -> None:
    """Opened as a file, the figure moves all the same."""
    page.goto((SITE / PATH).as_uri())
    entry(page, "v2", "0")
    assert grad(page) == [0.5, 1.5]


def test_without_a_script_the_figure_stands_still(
    site: str, browser: Browser
) -> None:
    """Both pictures and the table are there, and no control that would do nothing."""
    with new_context(browser, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(site + PATH)
        for side in ("left", "right"):
            picture = page.locator(f'[data-is="{side}"]')
            expect(picture).to_be_visible()
            expect(picture.locator(".back.head")).to_have_count(1)
        expect(page.locator('[data-is="result"]')).to_contain_text(
            "x.grad = vᵀJ = (1, 2)"
        )
        controls = ".vjp :is(input, select, button, .goals, [role=slider])"
        assert page.locator(f"{controls}:visible").count() == 0


@pytest.mark.parametrize("forced", ["active", "none"])
def test_colours_that_are_forced(
    site: str, browser: Browser, forced: Any
) -> None:
    """Arrows, lines and handles are seen in the colours of the system too."""
    with new_context(browser, forced_colors=forced) as context:
        page = context.new_page()
        page.goto(site + PATH)
        seen = page.evaluate(
            """() => ["path.back", ".level", ".patch", ".ring"].map((name) => {
              const style = getComputedStyle(document.querySelector(`.vjp svg ${name}`));
              return style.stroke !== "none" && style.stroke !== getComputedStyle(document.body).backgroundColor;
            })"""
        )
        assert seen == [True] * 4


@pytest.mark.parametrize("width", WIDTHS)
def test_the_small_figure_of_the_tutorial(
    site: str, browser: Browser, width: int
) -> None:
    """One map, to drag; the address of the page is left alone."""
    size: Any = {"width": width, "height": 900}
    with new_context(browser, viewport=size) as context:
        page = context.new_page()
        page.goto(f"{site}tutorial.html#drag-v-yourself")
        expect(page.get_by_label("Map")).to_be_hidden()
        drag(page, "the tip of v", 0, 16)
        assert grad(page) == [0.5, 1.5]
        expect(page.locator('[data-is="meaning"]')).to_contain_text(
            "the first row of J comes back as it stands"
        )
        assert sideways(page, PARTS) <= 0
        page.wait_for_timeout(1000)
        assert page.url.endswith("#drag-v-yourself")
