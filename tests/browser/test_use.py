"""What a reader does with the site: play, search, copy, print, with a keyboard, without scripts."""

import io
import re
from itertools import product
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect
from pypdf import PdfReader

from browser.conftest import ROOT, SITE, new_context

SOLUTION = "exercises/ex5_log_sine_reciprocal.html"
SHOWN = (
    "index.html",
    "tutorial.html",
    "theory/backward-propagation.html",
    "gallery/kinks.html",
    SOLUTION,
)

BY_SCRIPT = {
    "Step 1 of 6. Forward: the input x is 2.",  # of the first page
    *("Play", "Back", "Next", "Show all"),
    "I have done this exercise",
    "Copy to clipboard",
    "<p>The steps stand in words below.</p>",  # what stands there without
}
"""What only a script can do, and so offers."""


@pytest.mark.parametrize("path", SHOWN)
def test_all_is_there_without_scripts(
    site: str, browser: Browser, path: str
) -> None:
    """Text, formulas, figures, graphs, solutions and downloads need no JavaScript."""
    words, counts = {}, {}
    for scripts in (True, False):
        with new_context(browser, java_script_enabled=scripts) as context:
            page = context.new_page()
            page.goto(site + path)
            article = page.locator("article")
            parts = article.locator("details")
            parts.evaluate_all("all => all.forEach(part => part.open = true)")
            for picture in article.locator("img.only-light").all():
                picture.scroll_into_view_if_needed()
                assert picture.bounding_box()
            # What moves has tests of its own for readers without scripts, and ticks need one.
            article.locator(".moving, .tick").evaluate_all(
                "all => all.forEach(part => part.remove())"
            )
            words[scripts] = [
                line.strip()
                for line in (article.text_content() or "").splitlines()
            ]
            counts[scripts] = {
                name: article.locator(f"{name}:visible").count()
                for name in ("pre", "math", "img", "svg.ag-graph", "table")
            }
            for link in article.locator("a.download, a[download]").all():
                target = page.request.get(link.evaluate("link => link.href"))
                assert target.ok
                assert target.body()
    assert counts[False] == counts[True]
    assert counts[True]["pre"]
    assert {*words[True]} - {*words[False]} <= BY_SCRIPT
    assert len(words[True]) > 50


def focused(page: Page) -> str:
    """Return what has the focus, and fail if that cannot be seen."""
    found: list[str] = page.evaluate(
        """() => {
          const element = document.activeElement;
          const icon = { __navigation: ".nav-overlay-icon", __toc: ".toc-header-icon" };
          const seen = icon[element.id] ? document.querySelector(icon[element.id]) : element;
          return [element.id || element.className || element.tagName,
            getComputedStyle(seen).outlineStyle, getComputedStyle(seen).boxShadow];
        }"""
    )
    name, outline, shadow = found
    assert (outline, shadow) != ("none", "none"), f"no focus is seen: {name}"
    return name


def tab_to(page: Page, name: str) -> None:
    """Press Tab until something whose name contains this has the focus."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if name in focused(page):
            return
    raise AssertionError(f"Tab does not come to {name}")


def test_a_keyboard_is_enough(site: str, page: Page) -> None:
    """The skip link, the theme, the search, collapsed blocks, downloads and the playback."""
    page.goto(site + SOLUTION)
    tab_to(page, "skip-to-content")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("#furo-main-content$"))
    page.goto(site + SOLUTION)
    tab_to(page, "theme-toggle")
    page.keyboard.press("Enter")
    expect(page.locator("body")).not_to_have_attribute("data-theme", "auto")
    solution = page.locator("article details.solution").first
    solution.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(solution).to_have_attribute("open", "")
    page.locator("a.download").first.focus()
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert download.value.suggested_filename.startswith("ex5")
    page.goto(site + "index.html")
    page.locator("button[data-move=next]").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".ag-said")).to_contain_text("square = pow(x, 2)")
    page.locator(".sidebar-search").focus()
    page.keyboard.type("retain_graph")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"search\.html\?q=retain_graph"))


def test_the_menus_of_a_phone_open_by_keyboard(site: str, page: Page) -> None:
    """The space bar opens and closes; a closed menu takes no focus."""
    page.set_viewport_size({"width": 360, "height": 800})
    page.goto(site + "tutorial.html")
    for box, drawer in (
        ("__navigation", ".sidebar-drawer"),
        ("__toc", ".toc-drawer"),
    ):
        expect(page.locator(drawer)).to_be_hidden()
        tab_to(page, box)
        page.keyboard.press("Space")
        expect(page.locator(drawer)).to_be_visible()
        page.keyboard.press("Space")
        expect(page.locator(drawer)).to_be_hidden()


@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("gradient argument", "exercises/ex1_gradient_argument.html"),
        ("retain_graph", "exercises/ex3_backward_twice.html"),
        ("inplace operation", "troubleshooting/error-messages.html"),
    ],
)
def test_the_search_finds(site: str, page: Page, words: str, path: str) -> None:
    """The page that treats it is among the first three."""
    page.goto(f"{site}search.html?q={words.replace(' ', '+')}")
    results = page.locator("#search-results ul.search > li > a")
    expect(results.nth(2)).to_be_visible()
    first = [results.nth(i).get_attribute("href") or "" for i in range(3)]
    assert any(link.startswith(path) for link in first), first


def test_the_playback_by_button_key_and_link(site: str, page: Page) -> None:
    """At its first, a middle and its last step, with the sentence and the numbers of that step."""
    page.goto(site + "index.html")
    told = page.locator(".ag-told li").all_text_contents()
    said = page.locator(".ag-said")
    numbers = page.locator(
        "svg :is(.ag-value, .ag-adjoint, .ag-message)"
    ).locator("visible=true")
    assert len(told) == 6

    def at(step: int, shown: int) -> None:
        expect(said).to_have_text(f"Step {step} of 6. {told[step - 1]}")
        expect(numbers).to_have_count(shown)

    at(1, 1)  # the first page begins with the value of x
    page.locator("button[data-move=next]").click()
    page.locator("button[data-move=next]").click()
    at(3, 3)
    page.keyboard.press("ArrowRight")
    at(4, 5)  # the output's adjoint, and its message
    page.keyboard.press("End")
    at(6, 8)
    page.keyboard.press("Home")
    at(1, 1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowLeft")
    at(1, 1)
    page.locator("button[data-move=all]").click()
    expect(numbers).to_have_count(8)
    for step, shown in ((6, 8), (4, 5), (1, 1)):
        page.goto(f"{site}index.html#step={step}")
        at(step, shown)


def test_the_run_plays_by_itself(site: str, page: Page) -> None:
    """Until its end, or until the reader stops it; then it begins anew."""
    page.clock.install()
    page.goto(site + "index.html")
    player = page.locator("button[data-move=play]")
    said = page.locator(".ag-said")
    player.click()
    expect(player).to_have_text("Pause")
    expect(said).to_contain_text("Step 2 of 6")
    page.clock.run_for(20_000)
    expect(said).to_contain_text("Step 6 of 6")
    page.clock.run_for(20_000)
    expect(player).to_have_text("Play")
    player.click()
    expect(said).to_contain_text("Step 1 of 6")
    page.clock.run_for(5_000)
    expect(said).to_contain_text("Step 2 of 6")
    player.click()
    expect(player).to_have_text("Play")
    page.clock.run_for(20_000)
    expect(said).to_contain_text("Step 2 of 6")


@pytest.mark.parametrize("width", [390, 1440])
def test_what_is_clicked_shows_its_step(
    site: str, browser: Browser, width: int
) -> None:
    """A box its value, then its adjoint; an arrow its message; a sentence itself."""
    with new_context(
        browser, viewport={"width": width, "height": 900}
    ) as context:
        page = context.new_page()
        page.goto(site + "index.html")
        said = page.locator(".ag-said")
        box = page.locator(".ag-node").locator("visible=true").nth(1)
        box.click()
        expect(said).to_contain_text("Step 2 of 6. Forward: square = pow(x, 2)")
        expect(page.locator("mark.ag-line")).to_have_text("square = x**2")
        box.click()
        expect(said).to_contain_text("Step 5 of 6. Backward: square receives")
        expect(page.locator("mark.ag-line.ag-back")).to_have_count(1)
        arrow = page.locator(".ag-edge").locator("visible=true").nth(0)
        arrow.locator(".ag-partial").click()
        expect(said).to_contain_text("Step 2 of 6")
        arrow.locator(".ag-partial").click()
        expect(said).to_contain_text("Step 5 of 6")
        page.get_by_text("The steps in words", exact=True).click()
        page.locator(".ag-told li").nth(5).click()
        expect(said).to_contain_text("Step 6 of 6")
        expect(page.locator("mark")).to_have_count(0)
        code = page.locator("pre").first.text_content() or ""
        assert "    square = x**2\n    return torch.sin(square)\n" in code


def test_a_graph_fits_the_page(site: str, browser: Browser) -> None:
    """At each width one of its two pictures, without a scroll sideways."""
    paths = ("index.html", "tutorial.html", "theory/backward-propagation.html")
    for path, width in product(paths, (360, 768, 1440)):
        size = {"width": width, "height": 900}
        with new_context(browser, viewport=size) as context:
            page = context.new_page()
            page.goto(site + path)
            for frame in (
                page.locator(".ag-frame").locator("visible=true").all()
            ):
                frame.scroll_into_view_if_needed()
                shown = frame.locator("svg").locator("visible=true")
                expect(shown).to_have_count(1)
                wider = frame.evaluate("e => e.scrollWidth - e.clientWidth")
                assert wider <= 0, (
                    path,
                    width,
                    frame.get_attribute("aria-label"),
                )


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("index.html", "docs/index.md"),
        ("gallery/kinks.html", "gallery/kinks.py"),
        ("how-to/check-your-answers.html", "docs/how-to/check-your-answers.md"),
    ],
)
def test_the_copy_buttons_give_code_that_runs(
    site: str, page: Page, path: str, source: str
) -> None:
    """What is copied stands in the source, which the build has run, without prompts and outputs."""
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(site + path)
    written = (ROOT / source).read_text("utf-8")
    page.locator("article details").evaluate_all(
        "all => all.forEach(part => part.open = true)"
    )
    buttons = page.locator("button.copybtn").all()
    assert buttons
    for button in buttons:
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("data-tooltip", "Copied!")
        copied = page.evaluate("navigator.clipboard.readText()")
        assert copied.strip()
        for line in copied.splitlines():
            assert line in written
            assert not line.startswith(("$ ", ">>> "))


def pdf(page: Page) -> PdfReader:
    """Print a page on A4."""
    return PdfReader(io.BytesIO(page.pdf(format="A4")))


def test_print_opens_the_solution(site: str, page: Page) -> None:
    """And no figure is cut: each is kept in one piece, smaller than a page."""
    page.goto(site + SOLUTION)
    words = "".join(sheet.extract_text() for sheet in pdf(page).pages)
    assert "torch.autograd.grad(log_sine_reciprocal(x).sum(), x)" in words
    page.emulate_media(media="print")
    for figure in page.locator("article :is(img, svg.ag-graph):visible").all():
        box = figure.bounding_box()
        assert box
        assert box["height"] < 1000
        kept = "e => { for (; e; e = e.parentElement) if (getComputedStyle(e).breakInside == 'avoid') return true }"
        assert figure.evaluate(kept)


def test_the_cheat_sheet_is_one_sheet(site: str, page: Page) -> None:
    """Of A4."""
    page.goto(site + "cheat-sheet.html")
    assert len(pdf(page).pages) == 1


def test_the_cheat_sheet_is_cards_on_a_phone(site: str, page: Page) -> None:
    """Each column is there with its name, nothing goes sideways, and it is still a table to hear."""
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(site + "cheat-sheet.html")
    table = page.locator("table.cheat-sheet")
    names = table.locator("th").all_text_contents()
    shown = "cell => getComputedStyle(cell, '::before').content.split(' / ')[0]"
    for row in table.locator("tbody tr").all():
        cells = row.locator("td").all()
        assert [cell.evaluate(shown) for cell in cells] == [
            f'"{name}"' for name in names
        ]
        for cell in cells:
            box = cell.bounding_box()
            assert box
            assert 0 <= box["x"] < box["x"] + box["width"] <= 360
            assert cell.evaluate("cell => cell.scrollWidth <= cell.clientWidth")
    heard = page.context.new_cdp_session(page).send(
        "Accessibility.getFullAXTree"
    )
    roles = [node.get("role", {}).get("value") for node in heard["nodes"]]
    assert roles.count("columnheader") == len(names) == 4
    assert roles.count("cell") == 4 * table.locator("tbody tr").count()


def test_the_site_opens_from_a_disk(page: Page) -> None:
    """With its styles, its formulas, its playback and its search.

    From there a browser fetches nothing ahead of its use: so the preload of the font fails, and the
    search lists pages without quoting them.
    """
    failed: list[str] = []
    page.on(
        "requestfailed",
        lambda sent: (
            failed.append(sent.url)
            if sent.resource_type not in {"font", "fetch"}
            else None
        ),
    )
    page.goto((SITE / "theory" / "backward-propagation.html").as_uri())
    page.evaluate("document.fonts.ready.then(() => null)")
    fonts = page.evaluate("[...document.fonts].map(font => font.status)")
    assert fonts == ["loaded"]
    page.locator("button[data-move=next]").first.click()
    expect(page.locator(".ag-said").first).to_contain_text("Forward")
    page.goto((SITE / "search.html").as_uri() + "?q=hessian")
    expect(page.locator("#search-results ul.search li").first).to_be_visible()
    assert not failed


def test_ticks_are_kept(site: str, page: Page) -> None:
    """A ticked exercise is ticked after a reload, and on the page that lists all."""
    page.goto(site + SOLUTION)
    page.get_by_label("I have done this exercise").check()
    page.reload()
    expect(page.get_by_label("I have done this exercise")).to_be_checked()
    page.goto(site + "exercises/index.html")
    expect(page.get_by_text("1 of 8 done.")).to_be_visible()
    page.goto(site + "theory/modes.html")
    page.get_by_label("I have done this page").check()
    page.goto(site + "index.html")
    expect(page.get_by_label("Done: exercise 5")).to_be_checked()
    expect(page.get_by_label("Done: the two modes")).to_be_checked()
    expect(page.get_by_text(re.compile(r"2 of \d+ done"))).to_be_visible()
    page.get_by_label("Done: Tutorial").check()
    page.goto(site + "tutorial.html")
    expect(page.get_by_label("I have done this page")).to_be_checked()


def test_no_ticks_where_storage_is_off(site: str, page: Page) -> None:
    """The page is whole, in the theme of the system, and no box is offered."""
    page.add_init_script(
        "Object.defineProperty(window, 'localStorage', {get() { throw new DOMException('off') }})"
    )
    page.goto(site + SOLUTION)
    expect(page.locator("article h1")).to_be_visible()
    expect(page.get_by_label("I have done this exercise")).to_have_count(0)
    assert page.evaluate("document.body.dataset.theme") == "auto"


def test_the_policy_stops_a_foreign_script(site: str, page: Page) -> None:
    """An inline script that is not the site's own does not run."""
    page.goto(site + "index.html")
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.ran = true";
          document.body.append(script);
        }"""
    )
    assert page.evaluate("window.ran") is None
    assert Path(SITE, "index.html").read_text("utf-8").count("<script>") == 1
