"""The site's standards on receiving visitors (SV-21, ST-1): importing this adds them to the table."""

from __future__ import annotations

from portal.rules import reception
from portal.rules.message import N_
from portal.rules.reception import CLASSES, IMPORTANT, MAJOR, NOBODY, ORDINARY
from portal.rules.standard_choices import Choice
from portal.rules.standards import Standard, add

GROUP = "reception"
_SIGNING = N_("Rules for review and approval (AP-3)")
_ALL = N_("Rules for receiving visitors, classes (SV-21)")
_ORDINARY = N_("Rules for receiving visitors, ordinary customers (SV-21)")
_IMPORTANT = N_("Rules for receiving visitors, important customers (SV-21)")
_MAJOR = N_("Rules for receiving visitors, major customers (SV-21)")
_PASSES = N_("Rules for receiving visitors, passes and photographs (SV-21)")


def _listed(*entries: tuple[str, str, str]) -> list[Choice]:
    return [{"code": code, "zh": zh, "en": en, "active": True} for code, zh, en in entries]


AREAS = _listed(
    ("showroom", "产品展厅", "Showroom"),
    ("meeting", "会议区", "Meeting rooms"),
    ("grounds", "厂区通道", "Grounds"),
    ("canteen", "餐厅", "Canteen"),
    ("laboratory", "检测室", "Laboratory"),
)
LANGUAGES = _listed(
    ("mandarin", "普通话", "Mandarin"),
    ("cantonese", "粤语", "Cantonese"),
    ("english", "英语", "English"),
    ("japanese", "日语", "Japanese"),
    ("other", "其他（另配翻译）", "Another (with an interpreter)"),
)
POSTS = _listed(
    ("chairman", "董事长", "Chairman"), ("general_manager", "总经理", "General manager"),
    ("deputy_general_manager", "副总经理", "Deputy general manager"), ("customer_director", "客户总监", "Customer director"),
)  # fmt: skip

for _grade, _title, _start in (
    ("A", N_("Class proposed for visitors of grade A"), MAJOR),
    ("B", N_("Class proposed for visitors of grade B"), IMPORTANT),
    ("C", N_("Class proposed for visitors of grade C"), ORDINARY),
    ("none", N_("Class proposed for visitors without a grade"), ORDINARY),
):
    add(Standard(f"reception.class.{_grade}", _title, "visitor_class", _start, GROUP, _ALL, codes=tuple(CLASSES)))

add(
    Standard(
        "reception.refused_up_to", N_("Groups of ordinary customers up to this size, itself included, are not received"), "integer", 10,
        GROUP, _ORDINARY, unit=N_("visitors"), minimum=0, maximum=reception.MOST_VISITORS,
    )
)  # fmt: skip

for _service, _title, _start, _clause in (
    (reception.ACCOMPANIED, N_("Accompanied are visitors from this class up"), IMPORTANT, _ORDINARY),
    (reception.EXPLAINED, N_("Explained to are visitors from this class up"), IMPORTANT, _ORDINARY),
    (reception.WORKSHOP, N_("The workshop is shown to visitors from this class up"), IMPORTANT, _ORDINARY),
    (reception.ROOM, N_("A meeting room that holds them is kept for visitors from this class up"), IMPORTANT, _IMPORTANT),
    (reception.TEA, N_("Tea is given to visitors from this class up"), IMPORTANT, _IMPORTANT),
    (reception.SOUVENIR, N_("A souvenir each is given to visitors from this class up"), IMPORTANT, _IMPORTANT),
    (reception.REHEARSAL, N_("Rehearsed are visits from this class up"), MAJOR, _MAJOR),
    (reception.MEAL, N_("A meal is given to visitors from this class up"), MAJOR, _MAJOR),
    (reception.MANAGEMENT, N_("A member of the management accompanies visitors from this class up"), MAJOR, _MAJOR),
):
    add(Standard(f"reception.from.{_service}", _title, "visitor_class", _start, GROUP, _clause, codes=(*CLASSES, NOBODY)))

for _class, _title, _days, _clause in (
    (ORDINARY, N_("Working days ahead on which a visit of ordinary customers is applied for at the latest"), 0, _ORDINARY),
    (IMPORTANT, N_("Working days ahead on which a visit of important customers is applied for at the latest"), 5, _IMPORTANT),
    (MAJOR, N_("Working days ahead on which a visit of major customers is applied for at the latest"), 5, _MAJOR),
):
    add(
        Standard(
            f"reception.days.{_class}", _title, "days", _days, GROUP, _clause, unit=N_("working days"), minimum=0, maximum=60,
        )
    )  # fmt: skip

for _cost, _title, _start, _clause in (
    (reception.TEA, N_("Tea for one visitor"), "15.00", _IMPORTANT),
    (reception.SOUVENIR, N_("Souvenir for one visitor"), "50.00", _IMPORTANT),
    (reception.MEAL, N_("Meal for one visitor"), "80.00", _MAJOR),
):
    add(Standard(f"reception.cost.{_cost}", _title, "amount", _start, GROUP, _clause, unit=N_("yuan"), minimum=0, maximum=5000))

add(
    Standard(
        "reception.most_days", N_("Most days of a visit"), "days", 5, GROUP, _PASSES, unit=N_("days"), minimum=1, maximum=31,
    )
)  # fmt: skip
add(
    Standard(
        "reception.notice_days", N_("Days before which a rehearsal stands in the inbox"), "days", 2, GROUP, _MAJOR, unit=N_("days"),
        minimum=0, maximum=30,
    )
)  # fmt: skip

_REVIEW = {"type": "portal", "role": "supervisor", "meaning": "review"}
_APPROVAL = {"type": "portal", "role": "manager", "meaning": "approve"}
add(
    Standard(
        "chain.reception", N_("Approval chain: reception of visitors"), "chain",
        [
            {"case": "important_and_major", "when": {"visitors": [IMPORTANT, MAJOR]}, "steps": [_REVIEW, _APPROVAL]},
            {"case": "photographs", "when": {"photographs": ["asked"]}, "steps": [_REVIEW, _APPROVAL]},
            {"case": "others", "when": {}, "steps": [{"type": "portal", "role": "supervisor", "meaning": "approve"}]},
        ],
        "approvals", _SIGNING, facts=("visitors", "photographs"),
    )
)  # fmt: skip
add(Standard("choices.visit_area", N_("Areas that visitors may enter"), "choices", AREAS, "lists", _PASSES))
add(Standard("choices.visit_language", N_("Languages of receptions"), "choices", LANGUAGES, "lists", _ALL))
add(Standard("choices.management_post", N_("Posts of the management"), "choices", POSTS, "lists", _MAJOR))
