"""The overview: charts are drawn from the tables below them, and a mark leads to the list that it counts."""

import re
from collections.abc import Callable

from playwright.sync_api import expect

from .conftest import Visit

MIDDLE_OF_A_BAR = """() => {
  const figure = document.querySelector("[aria-labelledby=chart-decisions]");
  const canvas = figure.querySelector(".chart-canvas");
  const row = [...figure.querySelectorAll("tbody tr")].find((each) => each.cells[1].querySelector("a"));
  const count = Number(row.cells[1].textContent);
  const chart = echarts.getInstanceByDom(canvas);
  const [x, y] = chart.convertToPixel({ seriesIndex: 0 }, [row.cells[0].textContent.trim(), count / 2]);
  const box = canvas.getBoundingClientRect();
  return { count, x: box.left + x, y: box.top + y };
}"""


def test_a_bar_leads_to_its_list_with_the_same_number(visit: Callable[..., Visit]) -> None:
    officer = visit("compliance")
    page = officer.page
    page.goto("/?days=30")
    expect(page.locator(".chart-canvas canvas").first).to_be_visible()
    page.wait_for_timeout(1200)  # the bars have grown
    bar = page.evaluate(MIDDLE_OF_A_BAR)
    page.mouse.click(bar["x"], bar["y"])
    page.wait_for_url(re.compile(r"/decisions/\?allowed=1"))
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(bar["count"]))
    assert officer.complaints == []


def test_every_mark_of_the_demo_is_the_number_of_its_list(visit: Callable[..., Visit]) -> None:
    page = visit("supervisor").page
    page.goto("/?days=7")
    marks = page.eval_on_selector_all(
        ".chart-table td a", "all => all.map(each => [each.textContent, each.getAttribute('href')])"
    )
    assert len(marks) > 10
    for count, url in marks:
        page.goto(url)
        counted = page.eval_on_selector_all(
            "[data-total], [data-recorded]",
            "all => all.flatMap(each => [each.dataset.total, each.dataset.recorded, each.dataset.missing])",
        )
        assert count in counted, url


def test_without_a_script_the_tables_are_there(visit: Callable[..., Visit]) -> None:
    page = visit("compliance").page
    page.route("**/charts*.js", lambda route: route.abort())
    page.goto("/")
    page.locator(".chart-table summary").first.click()
    expect(page.locator(".chart-table table").first).to_be_visible()
    expect(page.locator(".chart-canvas").first).to_be_hidden()


def test_the_period_and_the_campaign_are_chosen(visit: Callable[..., Visit]) -> None:
    page = visit("compliance").page
    page.goto("/")
    page.select_option("#id_days", "92")
    page.select_option("#id_campaign", label="会员续费回访")
    page.click("button:has-text('显示')")
    expect(page.locator("#id_days")).to_have_value("92")
    assert "campaign=" in page.url
    with page.expect_download() as fetched:
        page.click("a:has-text('CSV')")
    assert fetched.value.suggested_filename.endswith(".csv")
