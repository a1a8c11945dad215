"""Whether what was found is said, or denied, asked, reported or warned of. Pure: normalised text in, verdict
out.

A find is a promise only where somebody makes it. Words around it can take it back, and each kind is judged by
what it governs: a negation directly before it (two make none), a denial directly behind it, a question about
it, somebody else's words, a warning or a rule against it. A reassurance ("绝非诈骗") behind a promise denies
something else, so it takes nothing back.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator

from .normalise import Normal

NEAR = 26  # characters before and after a find that are looked at
_NUMERALS = str.maketrans(dict(zip("〇零一二三四五六七八九两", "001234567892", strict=True)))


def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text.translate(_NUMERALS))


# Read backwards from the find: what negates, what may stand between, and what says yes though it looks
# negative.
_NEGATOR = _pattern(
    r"(没有任何|没有什么|没什么|没有|没有办法|没办法|没法|没人|没说过?|没讲过?|没提过?|没答应|没资格|并没|并"
    r"未|从未|未曾|未|没|并不|从不|绝不|决不|不是|不属于"
    r"|不能|不会|不敢|不准|不许|不得|不让|不可|不要|不用|不必|不需要?|无需|不做|不卖|不碰|不搞|不推|不说|不"
    r"讲|不写|不存在|不等于|不代表|不意味着?|不|无法|并无|无"
    r"|并非|绝非|决非|非|禁止|严禁|杜绝|切勿|请勿|勿|别|莫要?|甭|谨防|防范|警惕|拒绝|避免|抵制|识别|无权|远"
    r"离|举报|冒充|假冒|哪有|哪里有|哪来的?|谈不上|算不上|不算|称不上"
    r"|很难|难以|取消了?|谁也|谁都不|莫得|没得|冇|唔好|弗)$"
)
_BETWEEN = _pattern(
    r"(出现|写上|写着|带有|做到|达到|任何人|他人|别人|向您|对您|给您|为您|跟您|向客户|向任何人|告诉|打着|号"
    r"称|自称|各类|各种|此类|这类|那些|那种|这种|一切|关于|任何|以任何|理由|方式|形式|名义"
    r"|借口|渠道|所谓的?|其他|做出|作出|承诺|保证|确保|担保|打包票|提供|索要|要求|涉及|使用|宣称|声称|宣传|产"
    r"品|类|我们|我|咱们?|客户|主动|个人|轻信|相信|指望|想着|推销|推荐|介绍"
    r"|销售|购买|认购|r[1-5]级?的?|买|卖|做|碰|讲|说|写|提|信|听|念|包含|属于|存在|代表|所有|因|予|应|该|我"
    r"行|我司|公司|员工|工作人员|随意|擅自|电话|通过|短信|链接|里|中|在|把|将|对外|以|有|本店|本行|本公司|我"
    r"店|本院|官方|客服|银行|口头|当面|私下|它|他|她|这款|那款"
    r"|的|再|等|您|你|会|是|能|得|可|要|就|过|那个|这个|什么|一个|一定|百分之百|绝对|完全|完"
    r"整|仅|只|跟|和|与|及|或|也|都|去|给|人|字|词|话|事|这|那|回事)$"
)
# "没有任何一款产品是…", "不要相信所谓高收益…": negations that govern over some words.
_NO_ONE = _pattern(
    r"((没有|没|不存在|不会有|哪有)(任何|哪|什么)(1)?(款|个|种|家|只|样)?|(不要|别|切勿|请勿|莫|不)(轻信|相"
    r"信|听信)|远离|谨防|防范|警惕|(小心|当心)(那|这|别人|有人)|没有(药|产品|项目|机构|人|东西|办法)(能|可"
    r"以|会|是|敢))(?P<rest>.{0,12})$"
)
_NEGATES_WITHIN = _pattern(r"(不|没|无|非|未|别|更)")
# "不保本我赔您", "不提供就办不了": what would happen else makes it a promise or a demand.
_ELSE = _pattern(
    r"^.{0,8}(就(办不|不能|没法|退|赔|不给)|我们?(没法|办不|不能)(退|办|给|处理)|我(赔|跟|把|倒|退)|您?来?找"
    r"我|跟(您|你)姓|算我|包退|双倍|退钱)"
)
_THEY_DARE_NOT = _pattern(r"^(我们|咱|我|本店|本行)(就)?(敢|能|可以|做得到|行)")
_OF_OTHERS = _pattern(r"(其他|其它|别家|别的|同行|外面)(的)?(?=.{0,4}(骗子|骗人|诈骗|骗局))")
_COORDINATES = _pattern(r"(也|又|更|且|还)$")
_AFFIRMS = _pattern(
    r"(不仅仅?|不只|不但|不光|不止|不得不|不能不|不会不|不可不|不可能不|怎么可能不|怎么会不|哪能不|哪会不|不"
    r"是不|无不|莫不|谁不|哪个不|没有不|没有哪?个?不|没得不|谁说不|谁敢说不|谁讲不|哪有不|不要太|好不|非要|非"
    r"得|无非|要不要|是不是|会不会|能不能)$"
)

# What others say, and what is said about a saying.
_REPORTED = _pattern(
    r"(有人|别人|人家|骗子|对方|谁(要|要是|敢|跟|说|讲|都|再)|哪个(要是|敢|跟|说|讲)|哪家|要是|如果|假如|万"
    r"一|凡|凡是|遇到|碰到|听到|收到|看到|听说|听谁|自称|冒充|假冒"
    r"|打着|号称|所谓|什么叫|什么|(您|你)(说|问|讲|提|那句|听到|听说|看到|朋友|同事|儿子|女儿|表弟|表哥|群"
    r"里|要问|想问|是想|是问|刚才|测评|测出|夸|提到)|他说|他讲|同事|销售|群里|网上|海报|传的?|那种|这种|只要"
    r"有|任何人|明确|规定|广告法|法规|监管)"
)
_SAID_ABOUT = _pattern(
    r"^(3个字|2个字|几个字|这几个字|仨字|俩字|字|这种话?|那种话?|这话|这个话|这套话?|的话|之类|这样的|这类|的"
    r"说法|的讲法|说法|讲法|这句|这回事|的事|4个字|这2个字|这3个字|这些)"
)
# Behind a find: it is taken back or warned of. Not when the denial is itself denied ("绝非诈骗", "不骗人").
_DENIED_AFTER = _pattern(
    r"(?<![不非无])(?<!不是)(?<!没有)(不能(说|讲|写|提|信|碰|做|卖|买|介绍|推|用|保证|承诺|乱讲|打)|不可以|不"
    r"可信|不可能有|不准|不许|不让|不得|不做|不碰|不卖|不搞|不推|不敢|不写|不认|不补|不是真"
    r"|不归我们|不建议(您|你)?(买|投|碰|购买|做|考虑)|不受保护|不受法律保护|不够条件|不属于我们|不是我们|不"
    r"算|不跟着|不存在的|取消了|停了|下架|退出市场|我们(这里|这儿|这边|店里|公司)?(都|就|现在|可)?没有|轮不"
    r"到|不报$|的.{0,3}不存在$|都(不要|别)给|早(买|做|发)了|不好(说|讲)|不要(信|买|碰|打|相信|转|交)|没有的"
    r"事|没有这(回事|个|种|款|样)|没这(回事|个|种|话|样)|没那(回事|个|种)|没得这|没有那|没敢|没写|没人敢|没人"
    r"能|没资质|没资格|没牌照|没有牌照|没有(购买)?资格|不适合|不匹配|请拨打|拨打"
    r"|没批|没有合法|没法|没在(卖|做)|无从|别信|别碰|别买|别打|别往|别听|别理|别点|别给(钱|他|对方|任何)|别"
    r"交|别转|先别(打|转|买|投|信|付|交|签)|莫信|莫碰|千万别|千万莫|千万不要|切勿|请勿|诈骗|骗子|骗局|骗人|骗"
    r"您|骗你|是骗|都是编|编的|假的|谣言|违法|违规|不法|非法|有问题|要小心|当心|小心|留个?心眼"
    r"|警惕|绕着走|绕道|扭头就走|掉头就走|挂断|挂掉|直接挂|就该挂|投诉(?!我)|举报(?!我)|报警|扣分|扣钱|罚款|处分|纠"
    r"正|打个?问号|打住|存疑|不清楚|不知道|不了解|没核实|撤下|记下来|调录音|(莫|别|不要|不"
    r"用|勿)(发|念|报|说|告诉)(给)?(我|任何人|我们|对方|谁|他们)|往上报|上报|报上去|反映|别去|莫去|别跟他|不"
    r"介绍|没有隶属|不隶属|没有关系|无关|仅是|只是广告|是广告词|吹的|吹牛|瞎(说|讲)|胡(说|讲)|乱(说|讲)|哄"
    r"人|忽悠|锁着|下不了|卖不了|买不了|推介不了|请退|退出来)"
)
# A clause of its own behind a find, as a whole: a verdict on what was said, a warning of it, or that we do
# not do it. What else it speaks of ("外面都是假的", "有问题找我", "详情请拨打") takes nothing back.
_LEADS_IN = (
    r"(?:那|这|可|但是?|不过|也|都|全都?|就|先|请|您|你|大家|咱们?|千万|一定要?|1个字|[这那]句|直接|赶紧|马"
    r"上|多半|大半|(?:10|十)有.{1,2}|8成|(?:您|你)?说的[那这](?:个|种|款)?|[那这]个(?:电话|人|群|平台)"
    r"|我劝您?|劝您|建议您?|国内|电话里|在电话里?)*"
)
_WE = (
    r"(?:我们?|咱们?|公司|本公司|本店|本行|我行|我司|我们这儿|我们这里|这边|合同里?上?|条款里?|法规|国"
    r"家|谁|哪|国内|监管|系统)?"
)
_TAKES_BACK_NEXT = _pattern(
    rf"^{_LEADS_IN}(?:这种?话?|那种?话?|这些|那些|这类|这样的?|这个|那个|这句|那句)?(?:都|全|就|纯|多"
    r"半|1定|肯定)*(?:(?:是|属于|算)(?:在|个)?(?:骗|诈骗|假的|谣言|违法|违规|非法|不法|编的|吹|瞎|胡|乱|哄|忽"
    r"悠|广告|不是真)|(?:骗人|骗局|骗子|诈骗|假的|谣言|违法|违规|非法|编的|吹的|吹牛|瞎说|瞎讲|胡说|乱说|忽"
    r"悠)(?:的|了|啊|哦|呢)*$|骗(?:人|您|你|钱)的"
    r"|不是真|不可信|不可能有|不存在(?!.{0,3}不)|不受(?:法律)?保护|没有的事$|没有?[这那](?:回"
    r"事|个(?!价)|种|款|样|话|么(?:说|讲|回))|没得这|不好说|不好讲|有问题(?:的|了)*$|打个?问号|存疑)"
    r"|"
    rf"^{_LEADS_IN}(?:别|莫|甭|不要|切勿|请勿|勿)(?:再)?(?:信|相信|轻"
    r"信|碰|买|理|投|点|转|交|付|签|听|去|打|往|给|跟)(?:他|它|这|那|对方|任何|钱|了|啊|哦|啦|$)"
    r"|"
    rf"^{_LEADS_IN}{_WE}(?:也|都|是|可|就|1律|绝对|从来|根本|1概|目前|现在|统统)*(?:不能|不敢|不可以|不得|不"
    r"准|不许|不让|不做|不卖|不碰|不搞|不推|不认|不补|不写|不承诺|不保证|没批|没资质|没资格|没牌照|没有牌"
    r"照|没有合法|没法|办不了|办不成|没敢|没写|没人敢|没人能|没在|没有隶属|不隶属|没[那这]个(?:资质|资格|牌"
    r"照))"
    r"(?:这|那|这么|这样|对外|我们?|咱们?|[跟向给冲对](?:您|你|客户|人|任何"
    r"人))*(?:说|过|讲|写|提|信|碰|做|卖|买|介绍|推|用|保证|承诺|乱讲|打|保|批|给|$)"
    r"|"
    rf"^{_LEADS_IN}(?:要|会|会被|都要|得)?(?:报警|举报(?!我)|投诉(?!我)|警惕|小心|当心|要小心|留个?心眼|绕着"
    r"走|绕道|扭头就走|掉头就走|挂断|挂掉|直接挂|挂了|退出来|请退|扣分|扣钱|罚款|处分|纠正|打住|撤下|记下"
    r"来|调录音|报上去|反映)"
    r"(?:了|啊|哦|吧|(?<=断)电话|(?<=掉)电话|它|他|这|那|被骗|上当|骗|陷阱|给|并|就|$)"
    r"|"
    rf"^{_LEADS_IN}(?:别|莫|不要|不用|无需|不需要|勿)(?:发|念|报|说|告诉)给?(?:我|任何人|对方|谁|他们)"
    r"|"
    rf"^{_LEADS_IN}(?:拨打|打)(?:.{{0,4}}(?:110|96110)|.{{0,8}}(?:举报|投诉|反映|报警|核实))"
    r"|"
    rf"^{_LEADS_IN}(?:这|那)?(?:跟|和|与)(?:我们|我|本公司|我行|银行|公司|咱)[^,]{{0,6}}(?:没有?关系|无关|不"
    r"相干)"
    r"|"
    rf"^{_LEADS_IN}{_WE}(?:也|都|还|是)*(?:不清楚|不知道|不了解|没核实|不适合(?:您|你)?|不匹配|不归我们|不属"
    r"于我们|不是我们|不建议(?:您|你)?(?:买|投|碰|购买|做|考虑)?|没有购买资格|不够条件)$"
)
# Behind the full stop, only what points back.
_POINTS_BACK = _pattern(rf"^{_LEADS_IN}(?:这|那|都是|全是|没有的事|没有?这|没有?那|不存在|别信|莫信|假的|骗)")
_QUESTION = _pattern(
    r"(吗|么|嘛|是不是|会不会|能不能|有没有|可不可以|要不要|敢不敢|安不安|稳不稳|包不包|保不保|多少|对不对|对"
    r"吧|问)"
)
_RHETORICAL = _pattern(
    r"(想不想|要不要|想要|想来|心动|有没有兴趣|感兴趣|了解1下|为什么不|为啥不|您要吗|要吗|不是什么|是什么$|谁"
    r"说不|谁敢说不|谁讲不|还能|还会|还怕|能亏|哪会|哪能|怎么会|怎么可能|怎能|难道|谁不|哪个不|谁敢|谁家|哪"
    r"家|您敢|你敢|能不|不香|见过|听过|知道吗|晓得不|晓得吗|信不信)"
)
_UNABLE = _pattern(r"(不会|不能|没法|无法|不做|不卖|没有|不是)")
_ANSWERED_YES = _pattern(
    r"^(那是|自然|可以这么|您放|没错|对的|不用问|就是|我们有|肯定|当然|必须|绝对|那还用|有的?|是"
    r"的?|对|保|包|放心|能)"
)
_ASKED_BY_CLIENT = _pattern(r"(您|你)(问|要问|想问|是想|是问)")
_INNER_DENIAL = _pattern(
    r"(莫|别|勿|不要|不用|不会|不必|不需要?|无需|不能|不得|不可)(再|您|你|给|跟|向|把|对外|主动|在电话"
    r"里?)*(念|报|说|告诉|发|提供|给|输|填|回复|讲|索要|要|问|泄露|透露)(?!别人|他人|其他|旁人|外人|给别人)"
)
_VERDICT = _pattern(
    r"^(?:(?!别家|别人|其他|其它|同行|他们|外面|外头|市面|网上|谁).){0,14}(都是|全是|就是|都属于?|1律是|均"
    r"为|均是|那是)(骗局|诈骗|骗子|骗人|骗钱|假的|假冒|编的|违法|违规|谣言|圈套|套路)"
)
_INNER_VERDICT = _pattern(r"(均为|都是|均是|全是|就是|都属于?)(诈骗|骗局|骗子|骗人|假的|假冒)")
_IF = _pattern(r"(要是|如果|假如|万一|凡|遇到|碰到|只要有)")
_CONTRASTS = _pattern(r"(但|可是|不过|其实|私下|懂的)")
_RULE = _pattern(r"(禁止|严禁|不准|不许|不得|违规|红线|规定|明确|听到就|扣分|扣钱|考核|培训)")


def is_said(normal: Normal, start: int, end: int, *, is_claim: bool, is_verdict: bool = False) -> bool:
    """Whether the find from `start` to `end` is said by the speaker.

    `is_claim`: a question about it does not make it. `is_verdict`: it is itself a verdict on others
    ("都是骗子"), which denies nothing.
    """
    before = _same_clause_before(normal, start)
    after = _same_clause_after(normal, end)
    if is_negated(normal, start):
        adjacent = before.endswith(("不", "不能", "不提供"))
        return bool(
            (adjacent and _ELSE.search(normal.text[end : end + NEAR]))
            or _THEY_DARE_NOT.search(_next_clauses(normal, end))
        )
    sentence_before = _sentence_before(normal, start)
    reported = _REPORTED.search(before[-16:] or sentence_before[-12:])
    if reported and _reported_innocently(normal, end, before, reported[0]):
        return False
    if before.endswith(("会不会", "是不是", "是否", "会否")) and not _RHETORICAL.search(after):
        return False
    if before.endswith("有") and normal.text.startswith(("没有", "没得"), start):
        return False
    if _INNER_DENIAL.search(normal.text[start:end]):
        return False
    if not is_verdict and (
        _INNER_VERDICT.search(normal.text[start:end]) or _VERDICT.search(_rest_of_sentence(normal, end))
    ):
        return False
    if (
        normal.quoted[start]
        and (_SAID_ABOUT.search(after) or _REPORTED.search(sentence_before[-16:]))
        and (_takes_back(normal, end, after) or _RULE.search(sentence_before))
    ):
        return False
    if _takes_back(normal, end, after):
        return False
    if is_claim and _is_asked(normal, start, end, before, after, normal.stops[normal.clauses[end - 1]]):
        return False
    ruled = sentence_before[-16:]
    return not (_RULE.search(ruled) and _UNABLE.search(ruled) and not _CONTRASTS.search(ruled))


def is_negated(normal: Normal, start: int) -> bool:
    """Whether what begins at `start` is negated directly before it."""
    return _negations(_same_clause_before(normal, start)) % 2 == 1


def _same_clause_before(normal: Normal, start: int) -> str:
    first = start
    while first > 0 and normal.clauses[first - 1] == normal.clauses[start] and start - first < NEAR:
        first -= 1
    return normal.text[first:start]


def _same_clause_after(normal: Normal, end: int) -> str:
    last = end
    while last < len(normal.text) and normal.clauses[last] == normal.clauses[end - 1] and last - end < NEAR:
        last += 1
    return normal.text[end:last]


def _sentence_before(normal: Normal, start: int) -> str:
    """What stands before in the same sentence: up to its last full stop."""
    first = start
    while (
        first > 0
        and normal.sentences[normal.clauses[first - 1]] == normal.sentences[normal.clauses[start]]
        and start - first < 2 * NEAR
    ):
        first -= 1
    return normal.text[first:start]


def _reported_innocently(normal: Normal, end: int, before: str, how: str) -> bool:
    """Whether somebody else's words are reported to warn of them, to ask about them or to deny them."""
    following = _rest_of_sentence(normal, end) if _IF.search(before + how) else _next_clauses(normal, end)
    if _DENIED_AFTER.search(following) or _SAID_ABOUT.search(_next_clauses(normal, end)):
        return True
    return bool(_ASKED_BY_CLIENT.search(how) and _QUESTION.search(before[-6:]))


def _rest_of_sentence(normal: Normal, end: int) -> str:
    last = end
    while (
        last < len(normal.text)
        and normal.sentences[normal.clauses[last]] == normal.sentences[normal.clauses[end - 1]]
        and last - end < 2 * NEAR
    ):
        last += 1
    return normal.text[end:last]


def _next_clauses(normal: Normal, end: int) -> str:
    """What follows in the next two clauses, of the next sentence too: an answer, a verdict."""
    first = last = bisect_right(normal.clauses, normal.clauses[end - 1], lo=end)
    while (
        last < len(normal.text)
        and normal.clauses[last] <= normal.clauses[end - 1] + 2
        and last - first < NEAR
    ):
        last += 1
    return normal.text[first:last]


def _negations(before: str) -> int:
    """How many negations govern what follows directly."""
    count = 0
    if widely := _NO_ONE.search(before):
        return 2 if _NEGATES_WITHIN.search(widely["rest"]) else 1
    while before:
        if found := _AFFIRMS.search(before):
            return (
                count
                if "不" not in found[0] or found[0] in ("要不要", "是不是", "会不会", "能不能")
                else count + 2
            )
        if count and _COORDINATES.search(before):
            return count
        if found := _NEGATOR.search(before):
            count += 1
        else:
            found = _BETWEEN.search(before)
        if found is None:
            return count
        before = before[: found.start()]
    return count


def _takes_back(normal: Normal, end: int, after: str) -> bool:
    """Whether what follows directly denies the find or warns of it."""
    if _DENIED_AFTER.search(after[:18]) and not _OF_OTHERS.search(after):
        return True
    if _OF_OTHERS.search(after):
        return False
    sentence = normal.sentences[normal.clauses[end - 1]]
    return any(
        _TAKES_BACK_NEXT.search(clause) and (of_sentence == sentence or _POINTS_BACK.search(clause))
        for clause, of_sentence in _clauses_behind(normal, end)
    )


def _clauses_behind(normal: Normal, end: int) -> Iterator[tuple[str, int]]:
    """The next two clauses, each with the number of its sentence."""
    first = bisect_right(normal.clauses, normal.clauses[end - 1], lo=end)
    for _clause in range(2):
        if first >= len(normal.text):
            return
        last = bisect_right(normal.clauses, normal.clauses[first], lo=first)
        yield normal.text[first:last], normal.sentences[normal.clauses[first]]
        first = last


def _is_asked(normal: Normal, start: int, end: int, before: str, after: str, stop: str) -> bool:
    """Whether the find is part of a question, and not one that answers itself."""
    around = before + normal.text[start:end] + after
    if stop not in ("?", "？") and not _QUESTION.search(before[-8:]):
        return False
    if _RHETORICAL.search(around):
        return False
    return not _ANSWERED_YES.search(_next_clauses(normal, end))
