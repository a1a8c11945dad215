"""A list as one person wants it: sorted, with fewer columns, a filter under a name; by keyboard too."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import serious

from .conftest import Visit


def test_a_list_is_sorted_filtered_and_kept_so(visit: Callable[..., Visit]) -> None:
    officer = visit("compliance")
    page = officer.page
    page.goto("/campaigns/")
    names = "tbody td:first-child a"
    usual = page.locator(names).all_inner_texts()
    page.locator("thead a", has_text="名称").click()
    expect(page.locator("th[aria-sort=ascending]")).to_contain_text("名称")
    up = page.locator(names).all_inner_texts()
    page.locator("thead a", has_text="名称").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("名称")
    assert page.locator(names).all_inner_texts() == up[::-1]
    assert sorted(up) == sorted(usual)

    page.select_option("select[name=state]", "running")
    page.locator("form.filters button").click()
    assert "sort=-name" in page.url
    summary = page.locator(".list-menu summary", has_text="已存筛选")
    summary.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#filter-name")).to_be_visible()
    assert serious(page) == []
    page.keyboard.press("Escape")
    expect(page.locator("#filter-name")).to_be_hidden()
    summary.click()
    page.fill("#filter-name", "在跑的")
    page.keyboard.press("Enter")
    expect(page.locator(".list-tools a[aria-current=true]")).to_have_text("在跑的")
    page.goto("/campaigns/")
    page.locator(".list-tools a", has_text="在跑的").click()
    expect(page.locator(".list-tools a[aria-current=true]")).to_have_text("在跑的")
    assert "state=running" in page.url

    columns = page.locator(".list-menu summary", has_text="显示列")
    heads = page.locator("thead th").count()
    columns.click()
    page.uncheck("input[name=column][value=code]")
    page.click("form[action$='/columns/'] button")
    expect(page.locator("thead th")).to_have_count(heads - 1)
    assert "state=running" in page.url  # one is where one was
    columns.click()
    page.check("input[name=column][value=code]")
    page.click("form[action$='/columns/'] button")
    page.locator(".list-menu summary", has_text="已存筛选").click()
    page.click("form[action$='/forget/'] button")
    expect(page.locator(".list-tools > a", has_text="在跑的")).to_have_count(0)
    assert officer.complaints == []


@pytest.mark.parametrize("width", [768, 360])
def test_the_menus_of_a_list_fit_the_screen(visit: Callable[..., Visit], width: int) -> None:
    page = visit("compliance", width=width).page
    page.goto("/complaints/?sort=due_at")
    for menu in page.locator(".list-menu:visible").all():
        menu.locator("summary").click()
        body = menu.locator(".list-menu-body")
        expect(body).to_be_visible()
        box = body.bounding_box()
        assert box
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        # colours that are on their way
        page.evaluate("Promise.all(document.getAnimations().map((each) => each.finished))")
        assert serious(page) == []
    page.click("h1, h2 >> nth=0")
    expect(page.locator(".list-menu[open]")).to_have_count(0)
