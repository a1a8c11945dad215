"""What may not stand on a page: codes, raw references, unnamed duties, Python's values, English on a Chinese
page.

Every page that a role can reach by links is read in both languages, at most three of a kind.
"""

import re
from collections import Counter, deque
from collections.abc import Iterator

import httpx
import pytest

from apps.accounts.roles import Role
from tests.e2e.words import ALONE, KNOWN, Page
from tests.site import Site

A_KIND = 3  # so many pages of one pattern of address
NOT_PAGES = re.compile(
    r"logout|/static/|/2fa/|/trail/heads/|certificate|evidence/|/report|\.csv|download|/docs|/openapi"
)
# Where codes are the subject: names of rules under their code, keys, addresses.
WRONG = {
    "a code": re.compile(r"\b[a-z]{3,}(?:_[a-z]+)+\b"),
    "a name of a table or field": re.compile(
        r"\b(?:contacts|calls|quality|optouts|rights|campaigns|scripts|access|audit)\.[a-z]{3,}\b"
    ),
    "a raw reference": re.compile(r"(?<![/\w])[a-z_]{3,}:[0-9]+\b"),
    "a value of a program": re.compile(
        r"\bCST\b|\bNone\b(?!\.| [a-z])|\bTrue\b|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]"
    ),
    "a duty without its words": re.compile(r"(?<![(（、/-])\bR(?:[6-9]|[1-4][0-9])\b(?![)）])"),
}


def signed_in(site: Site, role: str, language: str) -> httpx.Client:
    client = httpx.Client(base_url=f"http://127.0.0.1:{site.port}", follow_redirects=True, timeout=60)
    client.get("/accounts/login/")
    for path, fields in (
        ("/demo/sign-in/", {"role": role}),
        ("/i18n/setlang/", {"language": language, "next": "/"}),
    ):
        answer = client.post(
            path,
            data={**fields, "csrfmiddlewaretoken": client.cookies["csrftoken"]},
            headers={"Referer": str(client.base_url)},
        )
        assert answer.status_code == 200, path
    return client


def pages(client: httpx.Client) -> Iterator[tuple[str, Page]]:
    todo, seen, kinds = deque(["/"]), set(), Counter[str]()
    while todo:
        address = todo.popleft().partition("#")[0]
        path, _mark, query = address.partition("?")
        kind = re.sub(r"(?<=_)[0-9a-z]+(?=/)|\d+", "N", path) + ("?" if query else "")
        if address in seen or kinds[kind] >= (1 if query else A_KIND) or NOT_PAGES.search(address):
            continue
        seen.add(address)
        kinds[kind] += 1
        answer = client.get(address)
        assert answer.status_code < 500, address
        if answer.status_code == 200 and "html" in answer.headers["content-type"]:
            page = Page(answer.text)
            yield address, page
            todo += [
                link if link.startswith("/") else path + link
                for link in page.links
                if link.startswith(("/", "?"))
            ]


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize("role", list(Role.values))
def test_pages_are_written_for_people(site: Site, role: str, language: str) -> None:
    client = signed_in(site, role, language)
    read = list(pages(client))
    client.close()
    assert len(read) >= (15 if role == Role.AGENT else 25), "the crawl reaches the pages"
    wrong: dict[str, str] = {}
    for address, page in read:
        for text in page.texts:
            for what, pattern in WRONG.items():
                if found := pattern.search(text):
                    wrong.setdefault(f"{what}: {found[0]}", f"{address}: {text[:80]}")
            if language == "zh-hans":
                for words in re.findall(r"(?<![\w./@:-])[A-Za-z]{3,}(?![\w./@:-])(?: [A-Za-z]{2,})*", text):
                    if not all(KNOWN.fullmatch(word) for word in words.split()):
                        wrong.setdefault(f"English: {words}", f"{address}: {text[:80]}")
            elif found := ALONE.search(text):
                wrong.setdefault(f"a law without its English title: {found[0]}", f"{address}: {text[:80]}")
    assert wrong == {}
