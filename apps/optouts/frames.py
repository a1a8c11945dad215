"""Whether a message refuses further contact, or says that the number is another person's. Pure: text in,
reading out.

What is one of the known answers and nothing else is a refusal. Of anything else the text is evened out
(width, case, traditional forms, digits; blanks and punctuation do not count), what is harmless for sure is
taken out ("别打包", "上次退订的酒店", "谁说不要了"), and the rest is held against frames: a negation governs
an act of contact with nothing but fillers between them; a record of the person is to be deleted; a consent is
withdrawn; somebody is the wrong person. What fits a frame may be a refusal: it blocks and waits for a person,
because being called again after "please stop" is worse than a call that was not made.
"""

import re
import unicodedata
from functools import cache

from opencc import OpenCC

from apps.core.privacy.canonical_text import even

_TO_SIMPLIFIED = OpenCC("t2s")
_NUMERALS = str.maketrans("〇零", "00")
_LOOKS_LIKE = str.maketrans("атдсеорхукіѕԁτορι", "atdceopxykisdtopi")  # Cyrillic and Greek letters
MOST_CHARACTERS = 4_000  # half from the beginning, half from the end: a refusal often stands last

# The whole message, evened out. TD and T are what carriers announce, R and N what senders ask for.
REFUSALS = frozenset({
    "td", "t", "n", "r", "q", "qx", "tui", "tuiding", "tuiding退订", "unsubscribe", "stop", "quit", "cancel",
    "end", "0", "00",
    "000", "0000", "00000", "退订", "退", "取消", "拒收", "拒绝", "退定", "退顶", "退丁", "退阅", "取消订阅",
    "不再接收",
    "退订短信", "退订电话", "我要退订", "申请退订", "请退订", "退订td", "退订t", "td退订", "t退订", "回td",
    "回t", "回退订",
    "回复td", "回复t", "回复退订", "回复n", "回复r", "发td", "发送td", "tdtd", "退订退订", "取消退订td",
    "不接收", "不再联系",
    "勿扰", "免打扰", "optout", "unsub", "stopall", "optoutall", "revoke", "qxdy", "取消接收", "撤回同意",
    "撤销同意", "撤回授权",
    "谢绝来电", "拒绝来电", "停止来电", "takemeoffyourlist", "removemefromyourlist", "donotcall", "dnc",
    "unsubscribeme",
    "拒收请回复r", "退钉", "腿订", "退ding", "tui订", "n退订", "r退订", "退订n", "退订r", "0000退订",
    "退订0000", "arret",
})  # fmt: skip

_NEGATION = (
    "不要|不用|不必|不需要|无需|无须|毋须|勿要|莫要|莫得|别|勿|莫|甭|休|憋|蹩|嫑|覅|伐要|唔好|唔使|唔想|唔"
    "愿|唔再|咪再|麦|禁止|停止|终止|拒绝|拒|谢绝|杜绝|严禁"
    "|不接(?=推|广|营|骚)|不收(?=推|广|营|短|信)|不听(?=推|广|营)|不准|不许|不得|不可以?|不能|不想|不愿意?|不"
    "希望|不乐意|不同意|不接受|不欢迎|不再|请勿|布要|表(?=再|给|打|发|来)|白(?=给俺|给我|再|打"
    "了)|免(?=打|寄|发)|不给我|少(?=给|打|来)"
)
_FILLER = (
    "再|在|搁|敲|又|继续|给|跟|向|往|朝|对|我们?|俺们?|额|老子|本人|吾|阿拉|人家|家里?|这边|这里|这儿|这"
    "个?|那个|此|号码?|本机|手机|座机|机|天天|一直|老是|总是|总|老|随便|乱|瞎|打?过来"
    "|过去|来|去|进来|到|任何|什么|啥|这种|这类|此类|类似的?|一切|所有|各种|商业性?|推销|营销|行销|广告|骚"
    "扰|骚饶|搔扰|垃圾|促销|活动|的|地|以|用|通过|方式|形式|人|你们|你|您|贵司|贵公司|被|能|爸|妈|爹|娘"
    "|爷爷|奶奶|他|她|老人家?|孩子|家人|爱人|老公|老婆|对象|同事|公司"
    "|他妈|特么|tm|次|接到|收到|接听|接收|听到|看到|看见|听|接|收|有|谁|随意|主动|无故|半夜|大半夜|电话|短"
    "信|短讯|信息|微信|啦|了|哈|啊|嘅|啲|咁|俾|嚟|一条|一个|一次|任意|频繁|每天"
)
_CONTACT = (
    "打(?!包|折|车|开|印|扫|烊|卡|游戏|球|针|算|牌|碎|断|伤|架|听|的|赏|理|烂|个人|公司|我工"
    "友)|大(?=了|行|$|我|过来)|达电话|拨"
    "|发(?!货|票|顺丰|中通|邮政|圆通|韵达|申通|极兔|京东|德邦|物流|到付|[a-z]码|快"
    "递|错|霉|烧|火|黑|白|红|蓝|绿|愁|呆|脾气|语音|普通|原味|空运|大号|小号|[一-龥]色)"
    "|传|寄(?!到|错|顺丰|中通|邮政)|联系(?!快递|师傅|物业)|联络|致电|来电(?!费|显示)|去电|电话|电化|短信|短"
    "性|简讯|短讯|信息|讯息|消息|推送|推(?!迟|荐码)|通知|提醒我|打扰|骚扰|骚饶|搔扰|打搅|叨扰"
    "|烦(?!恼)|找(?!零|客服|别人|人工)|搵|揾|寻|call|send|sms|email|邮件|推销|营销|行销|介绍|跟进|回访|广"
    "告|搁卡|留着?|上门|占线|群发|触达|挨|惦记"
)
_OBJECT = (
    "号码?|册子|会员库|number|电话|手机|名单|群发|系统|客户库|数据库|资料|信息|名字|个资|联系方式|记"
    "录|列表|list|档案|通讯录"
)
_DELETION = (
    "删|山除|划去|剷|铲|弄下|拿出|移除|移出|去掉|去了|去除|拿掉|拿走|抠|抹|踢|清除|清掉|清理|摘|划掉|剔除|注"
    "销|拉出|下线|屏蔽|封锁"
    "|销毁|除名|撤下|remove|delete|lose"
)

# What shares words with refusals and is harmless. Taken out before the frames are asked.
_HARMLESS = tuple(
    re.compile(pattern)
    for pattern in (
        r"能不能|可不可以|要不要|好不好|行不行|是不是|有没有|会不会|不可撤销|(千万)?(别|不要|不能)(.){0,2}把"
        r"我(.){0,8}(删|踢|移|拉黑|清)|被(你们|您|贵司)?(.){0,6}拉黑",
        r"(?<![别要莫勿好许准能会想用必覅甭憋嫑白休表不])(再|重新|等会|回头|一会|稍后)(给我)?(再)?(打|发|联"
        r"系|拨)(给我|我|来|过来)?(一(下|遍|次|个|份|条)|给我|过来|来)",
        r"不是不(要|用|想|需要|行|可以)|别不|不要紧|不用谢|不用客气|别客气|不客气|没问题|不要停|别停|没打"
        r"扰|不打扰|没有打扰|别忘了?|不要忘了?|不用急|别急|不用着急|不着急|不好意思",
        r"(什么时候|没有?|又没|谁|哪有|几时|何时)(人)?(说过?|叫过?|让|喊|讲过?|要)(了|过|要)?(你"
        r"们?|您|我)?(要|不让你们|不要|别|退订)*(打|发|联系|退订|不要|了)*",
        r"怎么(还|也|又)?(不|没)(给我|跟我)?(打|发|联系|通知)",
        r"(房|票|酒店|民宿|行程|课|单)(间|子)?(帮我|给我)?退订|退订(的|了的|过的|那|房|酒店|民宿|票|机"
        r"票|课|单号|政策|手续费|规则|费用|流程单|后的钱|款|金额)|(免费|可以|能|可)退订(吗|房|么)?"
        r"|没有?(说要)?退订(过)?|订单(被)?取消|取消(订单|分期|预约|预订|行程|航班|原因)",
        r"拒收(的|了)?(那|这|上)?.{0,2}(快件|快递|包裹|件|货|瓷砖|单|补发|费|运费)|(骚扰|垃圾)(电话|短信|信"
        r"息)?(拦截|过滤|识别)|投诉(的事|单|进度|处理|已经?|渠道|编号|部门|窗口)|拉黑色|黑名单(解除"
        r"|了.{0,6}解除)",
        r"(non|one|bus|last|next|full|cant|cannot|wont)stop|stop(by|sign|over|watch)|nonstop|onestop|(can|could)tstop|noproblem"
        r"|notproblem|noworries|dontworry|weekend|theend|endof|intheend|friend|trend",
        r"停(电|车|产|机|业|售|课|水|工|靠|留|在|药|货|牌|播)|td[a-su-z0-9]|(?<=[a-z])td|td(线|教程|系"
        r"列|级|屏)|把(你们|你)拉黑了?(，|,)?(刚)?(放|解)",
        r"别的|别人|别家|别墅|别处|别名|别"
        r"致|(告|个|级|类)别(?!再|打|发|给|来|找|烦|联|老|总|乱|跟|往|接|推|通)|特别|区别|分别|识别|鉴别|性"
        r"别|差别|离别|辨别|送别",
        r"(不用|不必|别|不需要)再?打(我)?(电话|给我)?(了)?(直接|放|我自己)|(放|搁).{0,8}(门口|驿站|柜|前台|门"
        r"卫|传达室|保安).{0,6}(不用|别|不必)再?(给我)?打?(电话|通知)?(了)?",
        r"(短信|电话|信息|消息|验证码)(我)?没收到|没收到.{0,4}(短信|验证码|信息|通知)",
        r"(发票|抬头|地址|尺码|货|税号)(.){0,6}错|(骚扰|垃圾)(电话|短信|信息)?.{0,6}(拦|过滤|识别|标成|标记)",
        r"滚(筒|动|烫|轮|圆|边|珠|床|装)|有病(假|历|房|人)|报警器|(几|多少)号",
        # it is about a parcel, a bill, a neighbour, a machine
        r"(客户|顾客|货主|包裹|快递|件|货|箱|门板|柜门).{0,4}拒收|拒收.{0,8}(颜色|破|坏|补发|退回|登记|站点)|拒"
        r"收(营销)?(那个|的)?开关",
        r"(投诉|头诉|举报)(的是)?(那个|这个|楼上|楼下|包工头|送货|快递|司机|骑手|商家|店家|物业|邻居|装修|工地)|不是"
        r"(要)?投诉你们?|再不(发货|修|处理|退款|派人).{0,6}投诉",
        r"(撤诉|诉讼费|罚单.{0,6}申诉|律师函收到)|取消订阅(后|之后|了还)|(火车票|机票|车票|票)推了",
        r"烦(死|人)?了?(网|水|电|机器|宽带|空调)(又|还|总)?(断|停|坏|漏|卡)|(流水线|轮胎|机器|空调|洗衣机|宽带|网)[^你"
        r"电打]{0,8}烦人?|没完没了地?(下雨|加班|漏)",
        r"拉黑(活|车)|拉黑的是[^你]{1,6}(不是你们?)|黑名单(功能|在哪|怎么设|设置)|免打扰的那种",
        r"(寄|发)(快递柜|驿站|空运|航空|纸质|纸本|紙本|到付)|那[件条双个].{1,4}别寄了",
        r"(不是说不要|不是不要)|(我|俺)打错了(打错了)?|机主(变更|过户)|(打|发)(现在|新)(这个|的?号)|通知往新的",
        # who asks for a call, and says when
        r"(打了?|call了?).{0,6}(遍|次|个|回).{0,6}(没人|没有?一个|无人).{0,4}(接|回|理)|没(有)?人给我(打|回|来)",
        r"(不方便|在忙|开会|上班|开车|下飞机)[^别不勿莫甭休停拒]{0,10}(点|礼拜.|周.|星期.|晚上|小时后|分钟后)[^别不勿莫甭休停拒]{0,6}(打|来电|联"
        r"系)|(工作日|白天|上午|早上)别打(周末|晚上|下午|下班)[^别不勿莫甭休停拒]{0,3}打",
        r"(dont|donot|never)stop|stop(at|instance|咗|the(car|bus))",
    )
)
# It takes an unwanted refusal back; what else it refuses counts.
_TAKEN_BACK = re.compile(r"恢复|(误|错|不小心)点|点错|手滑|bymistake|addmeback|resub|accident")
_WHAT_IS_TAKEN_BACK = re.compile(
    r"退[订定]|取消(订阅|关注)?|拒收|拉黑|黑名单|屏蔽|关[掉"
    r"闭]?|(?<![a-z])td(?![a-z])|resub[a-z]*|unsub[a-z]*|opt(ed)?out|stopped|^stop"
    r"|stop(?!call|text|send|mess|contact|spam|harass|bother|all)"
)

_FRAMES = tuple(
    re.compile(pattern)
    for pattern in (
        # a negation that governs an act of contact
        rf"(?:{_NEGATION})(?:{_FILLER}){{0,9}}(?:{_CONTACT})",
        rf"(?:{_CONTACT})(?:也|都|就|统统|通通|全部|一律|啥的|什么"
        rf"的)*(?:{_NEGATION})(?:{_FILLER})*(?:{_CONTACT})?(?:了|吧|$)",
        r"(以后|今后|往后|从此|永远|再也|下次|从今).{0,12}(不要|别|不用|不必|勿|莫|甭|免|停|不许|不准|互不|不"
        r"再|禁止|跳过).{0,8}(打|发|联|电|短|信|通知|推|找|烦|扰|来|跟进|惦记|了$|吧)",
        r"^(我要|我想|请|帮我|给我|申请)*退出(名单|服务|会员|活动|群|了|吧|$)|终止(服务|推送|营销|联系|合作)",
        r"不(要|想|愿|希望|用)(再)?(接到|收到|听到|看到|被)|(能不能|可以|麻烦|请问可以|可不可"
        r"以).{0,6}(不|别)(再)?(给我)?(打|发|联系)",
        # the answers that carriers and senders announce, inside a sentence
        r"退订|退定|退顶|退丁|退阅|退钉|褪订|推订|腿订|腿定|退ding|tui订|退掉订阅|取消(?:.{0,8})(订阅|关注|推"
        r"送|接收|提醒|服务)|给我关(掉|了)|关(掉|闭|了)(?:.{0,8})(短信|提醒|推送|通知"
        r"|订阅)|退了?群|拒收|巨收|拒接|免打扰|勿扰|勿挠|免扰",
        r"(?<![a-z])td(?![a-z])|(?:td){2,}|^(t|n|r)(谢谢|了|吧|不|取消|退|拒)|回复?[0tnr]{1,4}(了|$|好|，"
        r"|要)|^0{2,}(?![0是元吗])|好?0请照办|^退+$|^(退|停){2,}",
        r"(给我|都|全部?|通通|统统|马上|立刻|立即|即刻|必须|要求|请|赶紧).{0,2}停(了|掉|止|下|$)|停止(一切|所"
        r"有|全部|使用|骚|打|发|推|联|营|侵)|^停+了?吧?$|到此为止|就此打住|互不打扰|好聚好散|两清",
        # the person is to be taken off
        rf"(?:{_DELETION})(?:.){{0,10}}(?:{_OBJECT})|(?:{_OBJECT})(?:.){{0,8}}(?:{_DELETION})|[把将](?:我|这"
        r"个?号"
        rf"|此号)(?:.){{0,14}}(?:{_DELETION}|拉黑|弄出|去掉)|给我(删|撤)了?|备注(.){{0,10}}不(愿"
        rf"意?|想|要)(.){{0,4}}联系",
        r"(加|拉|放|列)(进|入|到)?(.){0,8}黑名单|拉黑(?!色|了?之前|了?你们之前)|黑名单|屏"
        r"蔽(我|这)|封(了|锁)(我|你)",
        # consent
        r"(撤回|撤销|撤了?|收回|取消|终止|中止|回收|作废|解除)(.){0,24}(同意|授权|许可|推送|勾选)|(同意|授"
        r"权|许可)(.){0,14}(撤|取消|收回|作废|终止|不同意)|不同意(.){0,10}(使用|发送|接|打|处理"
        r"|营销)|[不唔](再)?授权|未经(我|本人)?(.){0,4}(同意|许可)",
        r"(个人信息保护法|个保法|民法典|广告法|消费者权益保护法|消保法)(.){0,40}(撤|停|拒|删|不得|禁止|侵)",
        # who is warned, threatened or scolded has called too often
        r"(再|在|要|就|会|直接|准备|已经?|去|向|到|打)(.){0,8}(投诉你|投诉(?!这个|那个|快递|电梯|洗衣|邻"
        r"居)|头诉|头素|举报|报警|报景|起诉|曝光|告你|告到|申诉|报私隐|12321|12315|12300"
        r"|工信部)|(投诉|举报|告)(你们?|他们)|我要(投诉|举报)|举报了|(再|下次)(.){0,6}(接到|收到|让我接|看"
        r"到)(.){0,16}(投诉|举报|123|报|律师|法)|再(次|有)?(致电|来电|call|联系|下次|有下次|一次我|有一次)|提"
        r"起诉讼|诉讼|律师函|函件(.){0,6}寄|(工信部|私隐专员|向12321"
        r"|12315|管理局|通管局|律师函|法院见|法庭)",
        r"^投诉$|烦死|烦人|烦不烦|太烦|好烦|烦透|烦球|烦到|有完没完|没完没了|完没完|滚|闭嘴|有病|神经病|缺"
        r"德|积点德|骗子|垃圾(短信|公司|信息|电话|广告)|骚扰(我|电话|短信|信息|他|她|你|了|啊|$)|扰"
        r"民|再(打|发|骚扰|来"
        r"|烦)(一次|来)?(试试|我就|就|我|老子|拉黑|的话|投诉|举报|报)|拉倒吧|求放过|放过我|饶了我|高抬贵手|服"
        r"了你们|你们(.){0,6}违法|等着(瞧)?(有)?你们|有你们好看|弄死|去死|干不下去|你(给我)?等着|要不要脸|不"
        r"要脸"
        r"|脸皮|(第几|多少|几)(回|次|遍)了|又是你们|又来(了)?$|听不懂(人)?话|说(了|过)(.){0,3}(遍|次|回)|磨"
        r"叽|骂人",
        # the wrong person
        r"(?<![别再])(打|发|拨|搞|找|认)错(人|号|电话|了|啦|吧|地方|$)|(不是|唔系|非)(机主|本人|这个人|这个"
        r"号|他的|她的|我的号|你要?找|您要?找|失主)|我不是(他|她|机主|本人|你|您)|不认识(这|他|她"
        r"|你|您|什么)|不认识$|[机号]主(早|都)?(换|变|已|不)|新(的)?[机号]主|(号码?|卡|机主|店|这"
        r"边).{0,6}换(了)?(人|机主|主人|老板)|换(了)?(号|机主|主人|手机号|号"
        r"码)了?|(刚|新|才)(办|换|买)的?(新)?(号"
        r"|卡)|(去世|过世|走了好|不在了|不在世|往生|离世|病故)|(离职|辞职|调走|不在(这|那|我们|你)?(个)?(公"
        r"司|单位|岗))|(早|已经)(就)?不在(那|这)(个)?(公司|单位)|我是(他|她)(的)?(爱人|老公|老婆"
        r"|妻子|女儿|闺女|儿子|妈|爸|爹|娘|同事|家属|室友|弟|哥|姐|妹)|捡(到)?的手机|没有?这(个)?人|查无此"
        r"人|找不到你说的|我不是(老|小)?[一-龥]{1,3}(，|,|$|这|那|他|她|伊)|(搬|调|回)(到"
        r"|去)?.{0,4}(了|去了)$|(妈|爸|奶奶|爷爷|老伴|老公|老婆)(.){0,6}(以前的号|不在家|不要|没有?钱|不需"
        r"要|走了)|以前的号|那个人早|搵错人|唔系(陈|李|王|张|黄)",
        r"(谁|哪(里|儿|个)?|边个|怎么|咋|从哪|何处|什么(地方|渠道))(.){0,8}(给|卖|泄露?|知道|知晓|弄到|搞"
        r"到|拿到|得到|有|来|俾|晓得|把)(?!出)(.){0,8}(号码?|电话|手机|信息|姓|资料|联系方式|隐私)|(号码"
        r"|电话|信息|资料|联系方式)(.){0,6}(哪来|哪里来|从哪|怎么来|哪儿来|谁给|哪得)|泄露|合法依据|侵"
        r"犯(.){0,4}(个人|隐私|信息)|法律责任",
        # declined for now, or in part
        r"(今天|现在|这会|这阵|这几天|这周|本周|这个月|周末|周[一二三四五六日天]|晚上|夜里|早上|上午|中午|午"
        r"休|午睡|下午|下班|上班|开会|上课|开车|过年|节假日|九点|十点|饭点|半夜).{0,10}(别|不要|不方便|不能"
        r"|不便|不用|勿|莫|少)|(在|正)(上班|开会|上课|开车|忙|住院|外地|国外|扎针|手术)(.){0,12}(别|不方便|不"
        r"能|再说|勿)|(有事|没事|没有事|没大事|有正事|有活动|没货|有货)(.){0,4}(再|别|就别"
        r"|莫)|(除非|只有|等|要是|如果)(.){0,12}(不然|否则|再)?(别|不要|再)(.){0,4}(打|发|联系|叫|通"
        r"知|找)|少(发|打|推|来)(点|些|几)|(一天|每天|天天)(.){0,6}(好几|几|多少"
        r"|[三四五六七八九十]|太多|打)(.){0,6}(条|个|次|遍|太多|打)|(贷款|保险|美容|白酒|奶粉|课程|广告|推"
        r"销|营销|补课|理财|理财产品|房子?|房产|信用卡|面膜|宽带|套餐|旋耕机)(的|类|那种"
        r"|方面)?(.){0,6}(不买|不换|不办|不需要|别|不要|不用|就免|免了|就算了|不需要|就别)|平时就算了|(不|不"
        r"用|别)再?(推|推荐|介绍)(了|这|那|白|保|贷|奶|课)|(先|就)(不|别)(用)?(了|联系|打)"
        r"|挂了|不方便接|没空接|打扰(人|我|了我|休息|老人)|忙完(.){0,6}再说|吃饱了撑|煩唔烦|烦唔烦|烦煞|关你"
        r"们什么事|用不着你们|不就麻烦|别再光顾|跳过吧|(怎么|怎样|咋|回什么|如何)(.){0,4}(才"
        r"|能)(.){0,3}不(再)?收",
    )
)  # fmt: skip
_DECLINED = re.compile(
    r"^(?:嗯|啊|哦|哎|呀|喂|那个|我|真的|谢谢|多谢|谢了|麻烦|对不起|抱歉|不好意"
    r"思|了|吧|哈|啦|喇|呢|的|tbh|先|还是|也|都|目前|暂时|最近|现在|这边|这个)*"
    r"(?:不|不要|不用|不需要|布需要|不必|无需|没兴趣|没有兴趣|不感兴趣|无兴趣|不考虑|不买|不办|不去|不参加|不"
    r"做|算了|免了|没钱|买不起|太贵|不想要|不想听|没(有)?这?个?需求|没有需要|不了不了|我?再看看|再考虑(考虑)?"
    r"|不想弄|用不着|用不到|有了|够了|办过了|买过了|已经办了|已经买了"
    r"|别家办了|唔使|唔要|唔需要|覅|勿"
    r"要|no|nope|nothanks|nothankyou|notinterested|nahimgood|nah|buyong|buyongle|buyao|buyaole|buxuyao|meixingqu"
    r"|别|不了|谢绝|不是我|no+|没空|再说吧|改天再说|下次吧|以后再说)"
    r"(?:嗯|啊|哦|哎|呀|了|吧|哈|啦|喇|呢|的|谢谢|多谢|谢了|麻烦了?|啊?挂了|再见|拜拜|tbh|thanks?|thx|你"
    r"们|您|我|车|换车|这个|这种|不用|不要|不需要|买不起|太贵了|算了|有|俺有|在忙|忙|现在|阿拉"
    r"|屋里|家里|了)*$"
)
# A bare decline inside a longer answer, where nothing is asked or ordered.
_NOT_WANTED = re.compile(
    r"(不|没|冇|唔|勿|没得)(买房|买保险|理财|参加|续保|续费|续约|投保|感兴趣|得兴趣|兴趣|考虑|打算|需"
    r"要(了|谢|$|你|再)|interested|啱|得闲|缺|办(不|了|,|，|$)|办卡|装|借钱|贷款)|没(有)?(投保"
    r"|购买|办理)?意愿|要不得|免啦|没得钱|没钱|去别家|别家买|别家办|在别家|有了不|有咧|够用|行了行了|不用"
    r"说|算了吧|就算了|不换(了|谢|$)|不做了|不搞了|不参加"
)
_ASKS = re.compile(r"[?？]|吗|么(?!的)|多少|几|哪|怎么|如何|什么|能不能|可以不|可不可以")
_ENGLISH = re.compile(
    r"(please|pls|just|must|now|to|and|or|^)stop(it|this|these|all|call|text|send|messag|contact|spam|harass|now|please|pls|bother"
    r"|market|advert|the|u|you|asap|$)"
    r"|stop(call|text|send|messag|contact|spam|harass|bother|all)|stpo|sotp|stopp|^stop|stop$|unsub|unsuscribe|optout|optmeout"
    r"|(take|get|remove|delete|drop|scrub)(me|this|my|us|mine|our)"
    r"|(do|dont|donot|don|never)(not|t)?(ever)?(call|text|contact|message|send(?!it|the|to)|email|phone|ring|bother|market|wantto"
    r"|wantany|wantyour|wish)|onemoretime|forgetyouever(had)?mynumber|forgetmynumber|nomore(call|text|mess|sms|email|spam)"
    r"|leavemealone|losemynumber|losethisnumber"
    r"|losenumber|nolonger(consent|wish|want|interested|agree)|(withdraw|revoke)(my|all|any|the)*(consent|permission|authori"
    r"|subscri)|wrong(number|person|guy|house)|whoisthis|whosthis|whothis|notinterested|nothank|(this|im|iam)(is)?not(him|her|the"
    r"|my|mr|ms)"
    r"|quitcall|quittext|cease|desist|blockyou|blockingyou|reportyou|reported|spam|harass|把"
    r"我remove|goaway|getlost|fuckoff|pissoff"
    r"|offyour|offthe(list|database)|mynumberoff|numberoff|howdidyouget|whogaveyou|donotdisturb"
)
_PINYIN = re.compile(
    r"tui[0-9]?di(ng|gn)|(bie|buyao|buyong|bu|qingwu|wu|buxiang|buxu|mo)(zai|lai|yao)*(gei|xiang|wang)?(wo|an|women)*(zai|fa|da"
    r"|lai)*(da|fa|fan|sao|lianxi|tui|dianhua|duanxin|guanggao)|saorao|quxiaodingyue|jushou|wurao|miandarao"
    r"|^(bu|bie)(yao|yong|xuyao)?(le)?(xiexie)?$|meixingqu|bugan?xingqu|dacuole|woyaotousu|shandiao"
)
_SURNAMES = (
    "李王张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏"
    "钟汪田任姜范方石姚谭廖邹熊金陆郝"
    "孔崔康毛邱秦江史顾侯邵孟龙段雷钱汤尹黎易常武乔贺赖龚"
)
_DISOWNED = re.compile(
    r"(打|发|拨|搞|找|认)错(人|号|电话|了|啦|吧|$)|(不是|唔系)(机主|号主|本人|这个人|他的|她的|我(本"
    r"人)?的?(号码?|电话|手机)|你要?找|您要?找)|我不是(他|她|[机号]主|本人)"
    rf"|我不是(老|小|叫)?[{_SURNAMES}][一-龥]{{1,2}}($|你|打|这|那|别|请|不)|不认识(这|他|她)|[机"
    r"号]主(早|都)?(换|变|已)|新(的)?[机号]主"
    r"|(号码?|号)(.){0,4}换(了)?(人|主人|机主)|换(了)?(人|机主|主人)|(刚|新|才)(办|换|买)的?(新)?(号|卡)|(去"
    r"世|过世|不在世|离世|病故)|捡(到)?的手机|没有?这(个)?人|查无此人"
    r"|wrong(number|person)|(this|im|iam)(is)?not(him|her)|not(my|mine|his|her|the)(phone|cell|mobile|right)?number|isntmy(phone|cell|mobile)?number"
)


def plain(text: str) -> str:
    """The text evened out: letters and digits alone, traditional forms as simplified ones."""
    if len(text) > MOST_CHARACTERS:
        text = text[: MOST_CHARACTERS // 2] + text[-MOST_CHARACTERS // 2 :]
    simplified = _TO_SIMPLIFIED.convert(even(text).lower())
    return (
        "".join(char for char in simplified if unicodedata.category(char)[0] in "LN")
        .translate(_NUMERALS)
        .translate(_LOOKS_LIKE)
    )


def read_by_frames(text: str) -> str:
    """ "refusal", "near" or "other"."""
    text = _BLANKS.sub(lambda blanks: "\n" if "\n" in blanks[0] else " ", text)
    said = plain(text)
    if said in REFUSALS:
        return "refusal"
    if not said:
        return "near" if _STOPS.search(text) else "other"
    if _TAKEN_BACK.search(said):
        text, said = (_WHAT_IS_TAKEN_BACK.sub("＿", each) for each in (even(text).lower(), said))
    return "near" if _may_refuse(text, said) else "other"


_BLANKS = re.compile(r"\s{2,}")
_STOPS = re.compile("[\U0001f6ab\U0001f6d1\u26d4\U0001f515\U0001f4f5\U0001f644]")  # 🚫 🛑 ⛔ 🔕 📵 🙄


def _may_refuse(text: str, said: str) -> bool:
    left = said
    for harmless in _HARMLESS:
        left = harmless.sub("＿", left)
    if any(frame.search(left) for frame in _FRAMES) or _DECLINED.match(said):
        return True
    if _NOT_WANTED.search(left) and not _ASKS.search(text):
        return True
    if any(_DECLINED.match(clause) for clause in _clauses(text) if len(said) <= 24):
        return True
    latin = "".join(char for char in _without_marks(left) if char.isascii() and char.isalnum())
    if _ENGLISH.search(latin):
        return True
    return (
        _PINYIN.search(latin) is not None
        if len(latin) * 2 > len(left)
        else re.search("tui(ding|ting)(?!gou)", "".join(in_pinyin(left[:200]))) is not None
    )


def says_wrong_person(text: str) -> bool:
    """Whether a message says that the number is another person's now (R40)."""
    said = plain(text)
    return _DISOWNED.search(said) is not None or _DISOWNED.search(_without_marks(said)) is not None


def _clauses(text: str) -> list[str]:
    """The parts between punctuation; Chinese is also parted at blanks, as speech recognition writes it."""
    return [
        clause
        for part in re.split(r"[,，。.!！?？;；、~…]+|(?<=[一-龥])\s+|\s+(?=[一-龥])", text)
        if (clause := plain(part))
    ]


def _without_marks(text: str) -> str:
    """`bié` as `bie`."""
    return "".join(char for char in unicodedata.normalize("NFD", text) if unicodedata.category(char) != "Mn")


def in_pinyin(text: str) -> list[str]:
    """How the text sounds, syllable by syllable without tones: input methods and speech recognition write
    other characters of the same sound."""
    syllables: list[str] = _pinyin()(text)
    return syllables


@cache
def _pinyin():  # type: ignore[no-untyped-def]
    # a third of a second, which processes that read no message need not spend
    from pypinyin import lazy_pinyin

    return lazy_pinyin
