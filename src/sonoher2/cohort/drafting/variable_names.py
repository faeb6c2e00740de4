"""What the name of a clinical variable says of the time when it is known, in English, in abbreviations and in Chinese.

Names are compared by words and stems. Words of two meanings (a margin, a node, a stage, a grade) count as pathology
unless the name says that they were seen in an image, in the clinic or earlier in life.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

from sonoher2.cohort.drafting.guess_columns import words

Knowledge = Literal["her2", "treatment", "outcome", "surgery", "biopsy"]
"""What a variable rests on: a HER2 assay or what is ordered or grouped by its result; treatment of the cancer; its
course; the operation and its specimen; a biopsy. The first that a name speaks of counts."""

_SIMPLIFIED = str.maketrans(
    "術療復發轉後隨訪組學級細胞類數結陽陰鏡淋巴擴單輔藥內靶預緣滿傷體檢測診斷圍",
    "术疗复发转后随访组学级细胞类数结阳阴镜淋巴扩单辅药内靶预缘满伤体检测诊断围",
)
_HER2 = (
    r"(?<![a-z])[ceps]?her ?(2|ii)|erb ?b ?(2|ii)(?!\d)|\bneu (gene|protein|onco|ampl|stat|expr"
    r"|score)|epidermal growth factor rec\w* 2|表皮生长因子受体 ?(2|ii|二)|人类?表皮生长因子受体",
    r"\b(fish|ish|[csdb]ish|brish|ddish|herceptest|4b5)\b|in ?situ hybridi|原位杂交",
    r"\b(cep|cen|chr|chromosome) ?17|polysomy|17 ?号染色体|\bcop(y|ies)\b.*\b(numbers?|cells?"
    r"|genes?)\b|拷贝|扩增|amplif",
    r"\bpam ?50\b|sub ?types?\b|\bluminal|basal ?like|triple ?neg|\btnbc\b|分子(分型|亚型|类型)|亚型"
    r"|三阴|腔面|管腔型|基底样",
    r"mamma ?print|blue ?print|oncotype|\bodx\b|prosigna|endopredict|\b(recurrence|ror|21 ?gene"
    r"|70 ?gene) score|21 ?基因|70 ?基因",
    # of no marker that is named
    r"^(ihc|immuno ?histo ?chem\w*|免疫(组化|组织化学))( (score|result|status|grade|level|结果|评分))?$",
    # given because of the result
    r"trastu|hercept|pertu[zs]u|perjeta|phesgo|\bt ?dm ?1\b|\bt ?dxd\b|kadcyla|enhertu|\bds ?8201"
    r"|lapatin|pyrotin|neratin"
    r"|tucatin|margetux|inetetamab|\bt(cb?)?hp\b|\btcb?h\b|\bt ?hp\b|曲妥珠|帕妥珠|赫赛汀|吡咯替尼"
    r"|拉帕替尼|奈拉替尼|伊尼妥单抗|恩美曲|德曲妥",
    r"^targeted$|(target(ed|ing)?|anti ?her\w*) ?(2 )?(therap|treat|drug|agent)|靶向|抗 ?her",
)
_OTHER_MEANING_OF_HER2 = (
    r"\bfish (oil|intake|consum|eat|diet|meal)|(oily|eat\w*|diet\w*) fish|skin sub ?type|parenchymal? sub ?type"
)
_TREATMENT = (
    r"neo ?adj|\badjuv|新辅助|辅助治疗|\bna(c|ct|t|st|et)\b|chemo(?!k)|\bcht\b|化疗|taxan|taxel|taxol"
    r"|rubicin|anthracyc|蒽环|紫杉"
    r"|platin|铂|cyclophos|环磷酰胺|capecit|卡培他滨|\b(tcb|ac ?t|ec ?t|fec|tac|cmf)\b",
    r"endocrine (ther|treat|drug)|^endocrine$|内分泌(治疗|药|用药)|tamox|他莫昔芬|letroz|来曲唑"
    r"|anastro|阿那曲唑|exemest"
    r"|依西美坦|fulvest|氟维司群|aromatase|goserel|戈舍瑞林"
    r"|palbocic|ribocic|abemac|cdk ?4|immunother|免疫治疗|pembro|atezol|monoclonal|单抗|olapar",
    r"hormon\w* (therap|treat)|radio ?ther|radiation|irradi|\bpmrt\b|^rt$|\brt (dose|date|given"
    r"|field)|\bxrt\b|brachy|放疗|放射治疗",
    r"treat|therap|regimen|(?<!menstrual )\bcycles\b|\bdrugs?\b|治疗|疗程|疗效|用药|方案|给药",
    r"response|respond|\brecist\b|\bpcr\b|\bt?pcr\b|\brcb\b|residual|\bcr pr sd pd\b|\borr\b"
    r"|miller ?payne|\bmp (grade|score)|\btrg\b"
    r"|缓解|退缩|应答|残余|残留",
)
_OTHER_TREATMENT = (
    r"replace|\bhrt\b|\bmht\b|替代|contracept|避孕|fertil|ivf|促排|diabet|糖尿病|insulin|胰岛素"
    r"|hypertens|高血压|降压|thyro|甲状腺"
    r"|statin|anti ?coag|anti ?platelet|抗凝|psych|antidepress|anti ?hypert|medication|allerg|过敏|immune response"
)
_OUTCOME = (
    r"recur|relaps|复发|progress(ion|ed|ive disease)|进展|metasta\w* (free|date|event|time|during|after)"
    r"|distant (metast|failure)"
    r"|远处转移|转移(时间|日期|部位)|\blocoregional|\bsecond primary",
    r"surviv|生存|存活|\b(i?d(m|r)?fs|os|rfs|pfs|efs|ddfs|lrfs|mfs|bcss|css|ttp|dss)\b|\bdfi\b|无病|无进展",
    r"\bdeath|\bdead|\bdied|\bdeceas|mortal|\balive|vital (status|state)|死亡|死因|\bexitus",
    r"follow(ed)? ?up|\bfu\b|随访|last (contact|visit|seen|known)|末次|censor|\bevents?\b"
    r"|prognos(?!tic nutri)|预后(?!营养)|outcome|结局|转归"
    r"|disease free|event free|lost to|失访",
)
_SURGERY = (
    r"post ?(op|surg)|术后|手术后|术中|术式|手术|\bintra ?op|\bsurg(ery|ical|eries)|\boperation|\boperated"
    r"|\bop (date|type|day|time|method|note)"
    r"|\btime of op\b|围术|麻醉|ana?esthe",
    r"mastect|lumpect|quadrantect|segmentect|tumou?rect|lymphadenect|\bexcis|resect|(breast|immediate"
    r"|implant|delayed|flap) ?reconstruct|^reconstruct|dissect|\bbc[st]\b|\bmrm\b|\balnd\b"
    r"|conserving|切除|保乳|改良根治|根治|清扫|乳房(再造|重建)|重建(手术|术)|切缘|大体标本",
    r"specimen|标本|gross (size|tumou?r)|抽出|出院|住院(天数|日|时间|费用)|length of stay|\blos\b"
    r"|hospital (stay|days)"
    r"|discharge (date|diagnos|summary|status|day)|\bdischarged\b|引流|出血量|blood loss",
    r"\by?p ?t ?(nm?\b|[0-4]|is\b|mi\b|stag|categ|class)|\by?p[tn]( ?[0-4]\w*)?$|^y?pn\b"
    r"|^y?pm( ?[01x])?$|\by?p ?[nm] ?(stag|categ|class|[0-3]\b)|^p ?stag"
    r"|\byp|\bpt ?nm|\by?p ?tnm|\bpath(olog\w*)? ?(t|n|m|tnm|stage|size)\b|病理(t|n|分期|大小|tnm)",
    r"sentinel|\bsln|前哨|extra ?(nodal|capsul)|被膜外|(nodes?|lymph\w*|ln|lns) (examin|remov|harvest"
    r"|dissect|retriev|ratio)"
    r"|(examin|remov|harvest|retriev)\w* (lymph|node|ln)|淋巴结(清扫|检出|总数|阳性|转移数|比)|阳性淋巴结|清扫数",
    r"lympho? ?vasc\w*|vascul\w* inva|perineural|neural inva|\b(lvi|lvsi|eic)\b|脉管|癌栓|神经侵|extensive intraduct"
    r"|(skin|nipple|chest wall|pectoral) (invol|invas).*path",
)
_SURGERY_UNLESS_SEEN = (
    r"(resection|excision|surgical|tumou?r)? ?margins? (status|involve|positive|neg|width|close|distance)",
    r"metasta|转移|(positive|involved|pos) (axillary )?(lymph )?(nodes?|ln|lns)\b|\b(nodes?|nodal|ln"
    r"|lns) (stat|positiv|pos|involve|meta|ratio)"
    r"|\blnm\b|\balnm\b|淋巴结(状态|情况)|number of (positive|involved)",
    r"\b(tnm|ajcc|uicc)\b|分期|(tumou?r|disease|cancer|anatomic\w*|prognostic|overall|final"
    r"|pathol\w*) stag|^stag(e|ing)( group)?$",
)
_BIOPSY = (
    r"\b(er|pr|pgr)\b(?! (interval|visit))|o?estrogen rec|progesterone rec|androgen rec|(雌|孕|雄)激素受体|激素受体"
    r"|\bhr (stat|posit|negat)|hormon\w* rec|receptor|\bar (表达|阳性|状态|stat|ihc|expr|perc|posit|pct|score)|受体",
    r"ki ?67|\bmib ?1|\bp ?53\b|\btp53|p63\b|\bck ?(5|7|8|14|19)|cytokerat|cadherin|top(o)? ?2a"
    r"|pik3ca|\besr1|gata ?3|\bbcl ?2|cyclin d"
    r"|pd ?l ?1|\btils?\b|infiltrating lymph|肿瘤浸润淋巴|\b(egfr|vegf) (ihc|expr|stat|posit)|钙黏|增殖指数"
    r"|proliferat\w* ind|mutational|tumou?r mutat"
    r"|mitot|mitos|核分裂|nuclear (grade|pleo|atyp)|pleomorph|tubul|核级|nottingham|\bsbr\b|bloom|elston",
    r"\bihc|immuno ?hist|免疫(组化|组织化学|组织)|immuno ?stain|免疫染色",
    r"biops|\bcnb\b|\bfnac?\b|\bvab[b]?\b|core needle|needle (core|asp)|活检|穿刺|活组织",
    r"histo ?(log|path|type|gra)|hist(o)? type|patholog|\bpath\b|cytolog|组织学|组织类型|病理|细胞学|microscop|镜下",
    r"carcinoma(?! antigen)|\b(idc|ilc|dcis|lcis|nst)\b|(invasive|infiltrating) (duct|lob|comp|cancer"
    r"|type|tumou?r)|浸润(性|癌|灶)|原位癌|导管癌|小叶癌"
    r"|(tumou?r|cancer) (type|histo|cell)|肿瘤类型|癌(症)?类型|comedo|粉刺",
    r"final diag|definitive diag|confirmed diag|^diagnos[ie]s( (result|code|name))?$|最终诊断|确诊结果|诊断结果"
    r"|^诊断$|\bgold standard",
)
_BIOPSY_UNLESS_SEEN = (
    r"\bgrad(e|ing)\b|\bdifferentia|分级|分化",
    r"malign|\bbenign|良恶性|恶性|^性质$",
)
_SEEN = (
    r"\b(us|usg|bus|ultraso\w*|sono\w*|mri?|mrm?|mammo\w*|mmg|dbt|ct|pet|x ray|imaging|image"
    r"|radiolog\w*|radiograph\w*|clinic\w*|doppler"
    r"|elast\w*|swe|ceus|palpa\w*|exam|reader)\b|超声|彩超|b ?超|影像|磁共振|钼靶|弹性|造影|临床|触诊"
    r"|查体|\bc ?(t|n|m|tnm|stage)\b"
    r"|suspic|suspect|可疑|probab|likelihood|\brisk|风险|family|家族|家人|亲属|relative|mother|sister"
)
_OTHER_GRADE = (
    r"adler|elast|flow|blood|vascul|血流|血供|血管|densit|密度|腺体|bi ?rads|echo|回声|calcif|钙化|stiff|硬度|o?edema"
    r"|水肿|pain|疼痛|\basa\b"
    r"|educat|school|学历|fat|脂肪|enhanc|强化|background|fibrogland|symptom|症状|心功能|nyha|bmi|体重"
)
_EARLIER = r"\b(prior|previous\w*|past|history|hx|earlier)\b|既往|史\b|史$|曾|过去"
_BEFORE = (
    r"\bpre ?(op\w*|surg\w*|treat\w*|therap\w*|neo\w*|chemo\w*|nac)\b|before (surgery|operation"
    r"|treatment|therapy|chemo\w*)|术前|手术前|治疗前|化疗前|用药前|基线|baseline"
)
_OTHER_ORGAN = (
    r"thyro|ovar|uter|hyster|gyn|appendi|cardi|bypass|c(a)?esar|abdom|knee|hip\b|eye|dental|剖宫产|子宫|卵巢"
    r"|甲状腺|阑尾|胆囊|心脏|^age at|手术时?年龄"
)


def known_from(name: str) -> Knowledge | None:
    """Tell what a variable of this name rests on; None for a name that says nothing of the kind.

    Parameters
    ----------
    name
        Of a column, in English or Chinese, with words joined in any way.
    """
    text = spaced(name)
    if _says(text, *_HER2) and not re.search(_OTHER_MEANING_OF_HER2, text):
        return "her2"
    # what was so before the treatment is not known from it
    text, before = re.subn(_BEFORE, " ", text)
    earlier, elsewhere = re.search(_EARLIER, text), re.search(_OTHER_ORGAN, text)
    if _says(text, *_TREATMENT) and not (earlier or elsewhere or re.search(_OTHER_TREATMENT, text)):
        return "treatment"
    seen, family = before or re.search(_SEEN, text), re.search(r"family|家族|家人|亲属|relative|mother|sister", text)
    if _says(text, *_OUTCOME) and not (earlier or family):
        return "outcome"
    if _says(text, *_SURGERY) and not (earlier or elsewhere):
        return "surgery"
    if _says(text, *_SURGERY_UNLESS_SEEN) and not (seen or earlier):
        return "surgery"
    return _from_biopsy(text, bool(seen), bool(earlier or family))


def _from_biopsy(text: str, seen: bool, earlier: bool) -> Knowledge | None:
    unless_seen = _says(text, *_BIOPSY_UNLESS_SEEN) and not (seen or re.search(_OTHER_GRADE, text))
    return "biopsy" if not earlier and (_says(text, *_BIOPSY) or unless_seen) else None


def _says(text: str, *patterns: str) -> bool:
    return any(re.search(pattern, text) for pattern in patterns)


def spaced(name: str) -> str:
    """Lower-case words of a name, also those joined by capitals or between Chinese and Latin letters.

    ``HER2Status`` is ``her2 status``, ``ER状态`` is ``er 状态``, ``手術方式`` is ``手术方式``.
    """
    text = unicodedata.normalize("NFKC", name).translate(_SIMPLIFIED)
    text = re.sub(r"(?<=[A-Z\d]{2})(?=[A-Z][a-z]{2})|(?<=[a-z\d])(?=[A-Z][a-z])", " ", text)
    text = re.sub(r"(?<=[a-zA-Z\d])(?=[㐀-鿿])|(?<=[㐀-鿿])(?=[a-zA-Z\d])", " ", text)
    return words(text)
