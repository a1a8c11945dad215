"""What somebody sees who comes to an address that is no page."""

from collections.abc import Callable

from django.test import Client

from tests.world import World


def test_an_address_of_a_form_opened_as_a_page_says_so_in_the_shell(
    world: World, browse: Callable[[str], Client]
) -> None:
    client = browse("supervisor")
    answer = client.get("/quality/next/")
    assert answer.status_code == 405
    assert answer["Allow"] == "POST"
    assert "未做任何更改" in answer.content.decode()
    assert client.put("/quality/next/").content == b""
