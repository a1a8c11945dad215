"""A list as a stranger sends it, on the pages: what hides is asked about, what was refused is corrected, and
all is taken back."""

from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from playwright.sync_api import expect

from tests.e2e.axe import serious

from .conftest import Visit


def workbook(path: Path) -> Path:
    """A title, a heading as people write it, a hidden row, a hidden column, a number that is too short."""
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "2026年7月名单")
        sheet.write_row(1, 0, ["手机号码（必填）", "客户 姓名", "内部编号"])
        for place, phone in enumerate(["13800002001", "13800002002", "1380000", "13800002003"], start=2):
            sheet.write_row(place, 0, [phone, "王小明", "x"])
        sheet.set_row(3, None, None, {"hidden": True})
        sheet.set_column(2, 2, None, None, {"hidden": True})
    return path


@pytest.mark.parametrize("width", [1440, 768, 360])
def test_a_strangers_list_is_decided_about_corrected_and_taken_back(
    visit: Callable[..., Visit], tmp_path: Path, width: int
) -> None:
    person = visit(
        "supervisor",
        width=width,
        language="en-US" if width == 768 else "zh-CN",
        theme="dark" if width == 768 else "light",
    )
    page = person.page

    def fits() -> None:
        assert serious(page) == []
        assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0

    page.goto("/imports/new/")
    page.select_option("select[name=source]", index=1)
    page.set_input_files("input[type=file]", str(workbook(tmp_path / f"list-{width}.xlsx")))
    page.click("main form .card-footer button")
    page.wait_for_url("**/imports/*/")
    expect(page.locator("#heading-row")).to_have_value("2")
    expect(page.locator("#forecast dl")).to_be_visible()
    expect(page.locator("select[name=phone]")).to_have_value("0")
    expect(page.locator("select[name=name]")).to_have_value("1")
    fits()
    page.check("input[name=hidden][value=leave]")
    expect(page.locator("#forecast")).to_contain_text("1")
    page.click("#columns .card-footer button")
    page.wait_for_url("**/progress/")
    expect(page.locator("#job[data-job=done]")).to_be_visible(timeout=30_000)
    fits()

    page.locator("a[href$='/correct/']").click()
    page.wait_for_url("**/correct/")
    fits()
    page.fill("input[name$=-phone]", f"138000{width:05}")
    page.click("main form .card-footer button")
    expect(page.locator("main form")).to_have_count(0)

    page.go_back()
    page.goto(page.url.replace("/correct/", "/progress/"))
    page.locator("details summary").last.click()
    page.click("form[action$='/take-back/'] button")
    expect(page.locator("form[action$='/take-back/']")).to_have_count(0)
    assert person.complaints == []
