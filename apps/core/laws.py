"""The laws that rules, findings and pages cite, each once. An article that was not checked is not named.

A law is stored and sent by its Chinese citation (`str(law)`, such as 《广告法》第4条); `cite` puts the
English name beside it for readers of English.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Law:
    """A law by its Chinese name and English title; `article` is None where the numbering is not certain."""

    name: str
    title: str
    about: Promise | str
    article: int | None = None

    def __str__(self) -> str:
        article = f"第{self.article}条" if self.article else ""
        return f"《{self.name}》{article}"


_PIPL = ("个人信息保护法", "Personal Information Protection Law")
_ADS = ("广告法", "Advertising Law")

LAWS: Mapping[str, Law] = {
    "ad-4": Law(*_ADS, _("no false or misleading content"), 4),
    "ad-9": Law(*_ADS, _("no 国家级, 最高级, 最佳 and the like"), 9),
    "ad-16": Law(*_ADS, _("medicine and treatment: no promise of effect or safety, no cure rates"), 16),
    "ad-24": Law(*_ADS, _("education: no promise of passing, degrees or effect, no hint at examiners"), 24),
    "ad-25": Law(
        *_ADS,
        _(
            "products with an expected return: warn of risk; no promise of return, of capital or that there "
            "is no risk"
        ),
        25,
    ),
    "ad-28": Law(*_ADS, _("what makes an advertisement false"), 28),
    "ad-43": Law(
        *_ADS, _("no advertising to a telephone without consent; it names the sender and a way to refuse"), 43
    ),
    "consumer-29": Law(
        "消费者权益保护法",
        "Consumer Rights Protection Law",
        _("no commercial information without consent or after a clear refusal"),
        29,
    ),
    "pipl-6": Law(*_PIPL, _("a clear purpose, the least scope of collection"), 6),
    "pipl-13": Law(*_PIPL, _("lawful bases, consent among them"), 13),
    "pipl-14": Law(*_PIPL, _("consent is informed, voluntary and explicit"), 14),
    "pipl-15": Law(*_PIPL, _("withdrawing consent must be easy"), 15),
    "pipl-19": Law(*_PIPL, _("storage for the shortest time that the purpose needs"), 19),
    "pipl-23": Law(*_PIPL, _("passing data to another processor needs notice and separate consent"), 23),
    "pipl-31": Law(*_PIPL, _("children under 14 need a guardian's consent"), 31),
    "pipl-47": Law(
        *_PIPL, _("deletion when the purpose is met, the term ends, consent is withdrawn, or on request"), 47
    ),
    "pipl-51": Law(*_PIPL, _("internal rules, encryption, access rights, training, emergency plans"), 51),
    "pipl-54": Law(*_PIPL, _("regular compliance audits"), 54),
    "pipl-55": Law(*_PIPL, _("an impact assessment before processing with great influence on persons"), 55),
    "pipl-56": Law(*_PIPL, _("what an impact assessment says; kept for at least three years"), 56),
    "pipl-57": Law(*_PIPL, _("remedy and notice after a leak, an alteration or a loss"), 57),
    "fraud-13": Law(
        "反电信网络诈骗法", "Law against Telecom and Network Fraud", _("true caller numbers"), 13
    ),
    "fraud": Law(
        "反电信网络诈骗法",
        "Law against Telecom and Network Fraud",
        _("no posing as an authority, no altered caller numbers"),
    ),
    "telecom": Law("电信条例", "Telecommunications Regulations", _("licences, filing, forbidden content")),
    "suit": Law(
        "证券期货投资者适当性管理办法",
        "Investor Suitability Measures",
        _("no active recommendation of products above the client's risk level"),
    ),
    "sms-rule": Law(
        "通信短信息服务管理规定",
        "Provisions on Short Message Services",
        _("no commercial messages without consent; the sender is named, with a way to refuse"),
    ),
    "label-2025": Law(
        "人工智能生成合成内容标识办法",
        "Measures for Labelling AI-Generated Content",
        _("generated content is labelled so that people notice; sound audibly"),
    ),
    "norm": Law("在线外呼规范", "Outbound-call norm", _("the norm for outbound calls")),
}

_TITLES = {law.name: law.title for law in LAWS.values()}


def cite(citation: object) -> str:
    """A citation in the reader's language: as stored in Chinese, with the English title before it for
    others."""
    text = str(citation)
    if (get_language() or "").startswith("zh"):
        return text
    name, _end, article = text.removeprefix("《").partition("》")
    title = _TITLES.get(name)
    if title is None:
        return text
    number = article.removeprefix("第").removesuffix("条")
    return f"{title}{f', article {number}' if number else ''} ({text})"
