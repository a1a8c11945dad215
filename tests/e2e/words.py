"""The texts of a page, and which words may stand in them."""

import re
from html.parser import HTMLParser

from apps.core.laws import LAWS

UNREAD = {"script", "style", "head", "svg", "textarea", "kbd", "code", "pre"}


READ = ("title", "placeholder", "aria-label", "data-label", "alt")


# English pages: a citation by the law's Chinese name alone (`core.laws.cite` has its English title before
# it). What people wrote may name it within a sentence.
ALONE = re.compile(rf"^《(?:{'|'.join({law.name for law in LAWS.values()})})》")


# Chinese pages: names that are written so in Chinese too, and what the demo's people chose as codes and
# names.
KNOWN = re.compile(
    r"SIP|INVITE|UDP|TCP|FreeSWITCH|Asterisk|VICIdial|X-Hegui-\w+|"
    r"API|CSV|PDF|JSONL?|SHA|URL|AES|UTC|HTTPS?|SMS|ZIP|CRM|TLS|JPEG|PNG|WAV|Ogg|VIP|English|JavaScript|ISO|IANA|Urumqi|Asia|Opus|"
    r"xlsx|gzip|Cohen|PIN|DEMO|https?|GB|MB|kB|base|openssl|rand|xn|after|limit|iphone|"
    r"company|campaign|agent|staff|client|phone|privacy|script|manner|result|fatal|na|zip|"
    r"supervisor|compliance|admin|sms|demo|gateway|practice|dialler|message|feed|reader|crm|members?|membership|wealth|courses|delivery|app"
)


class Page(HTMLParser):
    """The links of a page, and all that is read on it or spoken of it."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.texts: list[str] = []
        self._unread = 0
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "a" and values.get("href"):
            self.links.append(str(values["href"]))
        self._unread += tag in UNREAD
        if not self._unread:
            self.texts += [str(values[name]) for name in READ if values.get(name)]

    def handle_endtag(self, tag: str) -> None:
        self._unread = max(0, self._unread - (tag in UNREAD))

    def handle_data(self, data: str) -> None:
        if not self._unread and data.strip():
            self.texts.append(" ".join(data.split()))
