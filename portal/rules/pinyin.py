"""Pinyin of names: for sorting people and for finding names by letters (AR-6)."""

from __future__ import annotations

import os
import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

# Characters are looked up one by one, so the table of phrases, which takes half of a small start and 30 MB, is not loaded.
os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")

from pypinyin import lazy_pinyin


def _table(text: str) -> dict[str, str]:
    """Return the readings of a table written as 'characters reading, characters reading', syllables apart by spaces."""
    return {word: reading for word, _, reading in (entry.strip().partition(" ") for entry in text.split(","))}


# Readings in names of organisations, where the commonest reading of the character alone is another one.
_CHARACTERS = _table(
    """
    长 chang, 行 hang, 厦 sha, 都 du, 乐 le, 重 zhong, 会 hui, 传 chuan, 藏 cang, 调 tiao, 单 dan, 曾 zeng, 朝 chao,
    石 shi, 车 che, 省 sheng, 种 zhong, 参 can, 阿 a, 和 he, 大 da, 地 di, 的 de, 得 de, 了 le, 区 qu, 宁 ning, 万 wan,
    系 xi, 便 bian, 尉 wei, 𠮷 ji, 〇 ling
    """
)
_WORDS = _table(
    """
    重庆 chong qing, 厦门 xia men, 银行 yin hang, 旅行 lv xing, 会计 kuai ji, 音乐 yin yue, 乐器 yue qi, 西藏 xi zang,
    六安 lu an, 台州 tai zhou, 丽水 li shui, 番禺 pan yu, 蚌埠 beng bu, 东莞 dong guan, 天台 tian tai, 便宜 pian yi,
    人参 ren shen, 海参 hai shen, 重阳 chong yang, 单县 shan xian, 朝阳 chao yang, 成长 cheng zhang, 行动 xing dong,
    自行 zi xing, 飞行 fei xing, 发行 fa xing, 出行 chu xing, 进行 jin xing, 步行 bu xing, 航行 hang xing, 宝藏 bao zang,
    收藏 shou cang, 长辈 zhang bei, 家长 jia zhang, 自传 zi zhuan, 调查 diao cha, 调度 diao du, 房地产 fang di chan,
    大夫 dai fu
    """
)
_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))

# Surnames whose reading as a surname differs from the usual one of the character, or that dictionaries list second.
_SURNAMES = _table(
    """
    曾 zeng, 单 shan, 仇 qiu, 解 xie, 任 ren, 区 ou, 朴 piao, 查 zha, 盖 ge, 华 hua, 纪 ji, 缪 miao, 宁 ning, 乐 yue,
    覃 qin, 洗 xian, 冼 xian, 燕 yan, 尉 wei, 员 yun, 翟 zhai, 祭 zhai, 召 shao, 繁 po, 秘 bi, 逄 pang, 折 she, 黑 he,
    盛 sheng, 柏 bai, 卜 bu, 晁 chao, 种 chong, 褚 chu, 谌 chen, 郗 xi, 牟 mou, 幺 yao, 令 ling, 隗 wei, 尹 yin, 贾 jia,
    能 nai, 那 na, 娄 lou, 宓 mi, 乜 nie, 钭 tou, 应 ying, 车 che, 石 shi, 晟 cheng, 葛 ge, 哈 ha, 过 guo, 干 gan, 教 jiao,
    句 gou, 阚 kan, 郇 xun, 牛 niu, 瞿 qu, 佘 she, 冯 feng, 肖 xiao, 叶 ye, 于 yu, 余 yu, 俞 yu, 相 xiang, 行 xing,
    长 chang, 仉 zhang, 子 zi, 颜 yan, 重 chong, 朱 zhu, 万俟 mo qi, 尉迟 yu chi, 长孙 zhang sun, 单于 chan yu,
    澹台 tan tai, 令狐 ling hu, 鲜于 xian yu, 闻人 wen ren, 夏侯 xia hou, 诸葛 zhu ge, 赫连 he lian, 皇甫 huang fu,
    公孙 gong sun, 慕容 mu rong, 钟离 zhong li, 宇文 yu wen, 司徒 si tu, 司空 si kong, 司马 si ma, 上官 shang guan,
    欧阳 ou yang, 东方 dong fang, 独孤 du gu, 南宫 nan gong, 端木 duan mu, 百里 bai li, 呼延 hu yan, 轩辕 xuan yuan,
    太史 tai shi
    """
)


@lru_cache(maxsize=32_768)
def _reading(character: str) -> str:
    """Return the reading of one character in small letters, letters and figures as they are, nothing for what has no reading."""
    if character.isascii():
        return character.lower() if character.isalnum() else ""
    own = _CHARACTERS.get(character)
    if own is not None:
        return own
    return "".join(lazy_pinyin(character, errors="ignore")).replace("ü", "v").lower()


class Spelling(NamedTuple):
    """How a name reads: character by character, by first letters, and run together."""

    syllables: tuple[str, ...]
    initials: str
    full: str


@lru_cache(maxsize=8192)
def spelling(name: str) -> Spelling:
    """Return how `name` reads; remembered for a while, because an import asks half a dozen times for each name (AR-6)."""
    text = unicodedata.normalize("NFKC", name)
    readings = [_reading(character) for character in text]
    for match in _WORD.finditer(text):
        readings[match.start() : match.end()] = _WORDS[match[0]].split()
    return Spelling(tuple(readings), "".join([reading[:1] for reading in readings]), "".join(readings))


def syllables(name: str) -> tuple[str, ...]:
    """Return the reading of each character of `name` in order, '' for punctuation and characters without a known reading (AR-6).

    Readings are those of names of organisations: 重庆 chong qing, 银行 yin hang, 长城 chang cheng. ü is written v, as it is typed.
    """
    return spelling(name).syllables


def pinyin_initials(name: str) -> str:
    """Return the first letters of the readings: 'hwjsyxgs' for 华为技术有限公司; Latin letters and figures stay (AR-6)."""
    return spelling(name).initials


def pinyin_full(name: str) -> str:
    """Return the readings run together: 'huaweijishu' for 华为技术 (AR-6)."""
    return spelling(name).full


def person_pinyin(name: str) -> str:
    """Return the reading of a person's Chinese name with its surname's own reading: 'zeng guo fan', 'shan tian fang' (AR-6).

    Syllables are separated by spaces, so that people sort by it as in an address book.
    """
    text = unicodedata.normalize("NFKC", name).strip()
    for length in (2, 1):
        surname = text[:length]
        if len(text) > length - (length == 1) and surname in _SURNAMES:
            return " ".join([_SURNAMES[surname], *filter(None, syllables(text[length:]))])
    if text.isascii():
        return " ".join(text.lower().split())
    return " ".join(filter(None, syllables(text)))
