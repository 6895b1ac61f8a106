"""What is said in Chinese about labels that came from outside?"""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "outside.empty": "它的面单是空的。",
    "outside.web_page": "它的面单是网页。请在来源网站打印成 PDF。",
    "outside.message": "收到的不是面单而是消息。请重新获取。",
    "outside.unknown": "它的面单不是 ZPL、PDF 或 PNG。",
    "outside.locked": "它的面单有密码。请要一份没有密码的。",
    "outside.broken": "它的面单已损坏。请重新获取。",
    "outside.too_large": "它的面单文件太大。请只要这个包裹的。",
    "outside.several": "一个文件里有多张面单。请只要这个包裹的。",
    "outside.nothing_inside": "收到的文件里没有面单。",
    "outside.other_parcel": "它的面单是别的包裹的，没有打印。请重新购买。",
    "outside.no_code": "它的面单上读不到条码，没有打印。",
    "outside.no_place": "不知道面单在页面的哪里。请写进 sheets.toml。",
    "outside.does_not_fit": "它的面单比这台打印机的标签大。",
    "outside.other_dots": "它的面单是给别的分辨率的。请要本机的，或要 PDF。",
    "outside.dots_unknown": "它的面单没有写明分辨率。请要 PDF。",
    "outside.no_renderer": "本机打印它需要安装 packbench[render]。",
    "outside.cannot_draw": "它的面单无法在本机画出。请要 PDF。",
    "outside.too_slow": "画它的面单太久。请要别的格式。",
}
