"""What axe finds on a page."""

from typing import Any

from tests.site import ROOT

AXE = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text()


def serious(page: Any) -> list[str]:
    """What axe calls serious or worse, once no colour is on its way to another."""
    page.evaluate(
        "Promise.all(document.getAnimations().filter(each => each instanceof CSSTransition).map(each => "
        "each.finished))"
    )
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa']})")
    return [
        f"{rule['id']}: {rule['nodes'][0]['html'][:160]}"
        for rule in found["violations"]
        if rule["impact"] in {"serious", "critical"}
    ]
