from typing import Any

from tests.e2e.words import ALONE, Page
from tests.world import World


def test_laws_of_policies_have_english_titles(world: World, browse: Any) -> None:
    answer = browse("compliance").get("/policies/", headers={"accept-language": "en"})
    found = [text for text in Page(answer.content.decode()).texts if "《" in text]
    assert found
    assert [text for text in found if ALONE.search(text)] == []
