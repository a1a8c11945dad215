"""The laws that rules, findings and pages cite. An article that was not checked is not named."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Law:
    """A law by its Chinese name; `article` is None where the numbering is not certain."""

    name: str
    title: object
    article: int | None = None

    def __str__(self) -> str:
        article = f"第{self.article}条" if self.article else ""
        return f"《{self.name}》{article}"


_PIPL = ("个人信息保护法", _("Personal Information Protection Law"))
_NORM = ("在线外呼规范", _("Outbound-call norm"))
_ADS = ("广告法", _("Advertising Law"))
_FRAUD = ("反电信网络诈骗法", _("Law against Telecom and Network Fraud"))

PIPL_PURPOSE = Law(*_PIPL, 6)
PIPL_BASES = Law(*_PIPL, 13)
PIPL_CONSENT = Law(*_PIPL, 14)
PIPL_WITHDRAWAL = Law(*_PIPL, 15)
PIPL_STORAGE = Law(*_PIPL, 19)
PIPL_CHILDREN = Law(*_PIPL, 31)
PIPL_DELETION = Law(*_PIPL, 47)
PIPL_MEASURES = Law(*_PIPL, 51)
ADS_CONSENT = Law(*_ADS, 43)
ADS_TRUTH = Law(*_ADS, 4)
FRAUD_CALLER = Law(*_FRAUD, 13)
TELECOM = Law("电信条例", _("Telecommunications Regulations"))
SUITABILITY = Law("证券期货投资者适当性管理办法", _("Investor Suitability Measures"))
SYNTHETIC_LABEL = Law("人工智能生成合成内容标识办法", _("Measures for Labelling Generated Content"))
NORM = Law(*_NORM)
