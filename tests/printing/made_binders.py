"""Made data for the sheets of binders."""
# ruff: noqa: E501 - data in lines

from __future__ import annotations

from portal.printing import spines
from tests.printing.made import sheet

HEAD = {
    "customer_number": "KH2026000118",
    "customer": "深圳市\U00020bb7田䶮机电设备有限公司",
    "code": "KH2026000118-1",
    "title": "基本资料",
    "shelf": "2-A-03",
}
NUMBERS = ("0001-KH·2026-Y-KF-0001", "0001-KH·2026-Y-KF-0060")


def _of(number, document, **changes):
    return {"document": document, "steps": [], "sheet": sheet(**{"form_number": number, "state": None, **changes})}


def dossier_cover(**changes):
    """Data of the cover of a whole dossier."""
    return binder_cover(**{"form_number": "QMS-PM-31211", **changes})


def binder_cover(**changes):
    """Data of the cover of a binder."""
    facts = {
        "dates": "2026-01-05 — 2026-03-05", "years": "2026", "numbers": " — ".join(NUMBERS), "retention": "永久", "items": 60, "pages": 152,
        "confidentiality": "内部",
    }  # fmt: skip
    return _of("QMS-PM-31212", {"head": HEAD, **facts}, **changes)


def binder_contents(**changes):
    """Data of a contents list of several pages."""
    row = {
        "reference": "华运函〔2026〕12 号",
        "author": "深圳市华运机电设备有限公司",
        "title": "关于车位续租的函",
        "date": "20260305",
        "remarks": "附件",
    }
    return _of(
        "QMS-PM-31213", {"head": HEAD, "rows": [{**row, "page": f"{number}-{number + 2}"} for number in range(1, 150, 3)]}, **changes
    )


def binder_remarks(**changes):
    """Data of the remark sheet."""
    facts = {
        "lines": ["本卷共 60 件，编号 152 页。"],
        "said": "第 3 件缺页。",
        "filed_by": "王小敏",
        "checked_by": "",
        "filed_on": "2026-03-05",
    }
    return _of("QMS-PM-31214", {"head": HEAD, **facts}, **changes)


def enclosure(**changes):
    """Data of an interleaf."""
    facts = {
        "number": 7, "archive_number": NUMBERS[0], "title": "车位平面图", "author": "物业部", "reference": "", "date": "2026-03-05", "pages": "3",
        "retention": "永久", "confidentiality": "内部", "why": "纸质文件，无扫描件",
    }  # fmt: skip
    return _of(
        "QMS-PM-31215", {"head": HEAD, "enclosure": facts, "where": ["纸质原件存放于档案盒 KH2026000118-1，架位 2-A-03。"]}, **changes
    )


ROW = {
    "archive_number": NUMBERS[0], "reference": "华运函〔2026〕12 号", "author": "物业部", "title": "关于车位续租的函", "date": "20260305",
    "confidentiality": "内部", "pages": "3", "remarks": "",
}  # fmt: skip


def box_list(**changes):
    """Data of the list of what lies in a binder."""
    facts = {"head": {**HEAD, "fonds": "0001"}, "years": "2026", "retentions": "永久", "count": 30, "documents": [ROW] * 30}
    return _of("QMS-PM-31216", facts, **changes)


def _binders():
    return [
        {
            "code": f"KH2026000118-{number}", "customer": HEAD["customer"], "title": "基本资料" if number % 2 else "", "shelf": f"2-A-{number:02d}",
            "width_mm": (20, 30, 40, 50, 60)[number % 5], "count": 60, "years": "2026", "retentions": "永久", "retention": "永久",
            "numbers": " — ".join(NUMBERS), "first": NUMBERS[0], "last": NUMBERS[1], "address": f"https://example.org/binders/{number}",
        }
        for number in range(1, 13)
    ]  # fmt: skip


def binder_list(**changes):
    """Data of the register of binders."""
    return _of("QMS-PM-31217", {"binders": _binders(), "conditions": "", "count": 12}, **changes)


def document_list(**changes):
    """Data of the list of filed documents."""
    row = {**ROW, "customer": HEAD["customer"], "binder": "KH2026000118-1"}
    return _of("QMS-PM-31210", {"documents": [row] * 30, "conditions": "", "count": 30}, **changes)


def spine_labels(**changes):
    """Data of labels on several sheets."""
    return _of("QMS-PM-31218", {"binders": _binders(), "sheets": spines.sheets(_binders()), "count": 12}, **changes)


MAKERS = {
    make.__name__: make
    for make in (
        dossier_cover, binder_cover, binder_contents, binder_remarks, enclosure, box_list, binder_list, document_list,
        spine_labels,
    )
}  # fmt: skip
