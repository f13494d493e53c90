"""A rule names an office register: on its page, on the dossier, in the register of customers (AR-8)."""

from __future__ import annotations

import html
from typing import Any

import pytest

from portal import clock
from portal.database import db
from portal.dossier_count import count_dossiers
from portal.models import standard as standards
from portal.rules.standard_words import in_words
from portal.rules.standards import STANDARDS
from tests import factories
from tests.approving import person
from tests.registers.samples import entry

pytestmark = pytest.mark.usefixtures("app")
SWITCH = "register.emergency-contacts"


def text_of(browser: Any, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return str(answer.get_data(as_text=True))


def test_a_manager_ticks_a_register_and_the_dossier_asks_for_an_entry(as_: Any) -> None:
    browser, rules = as_("mgr1"), "/standards/dossier.rules"
    assert f'name="required-{SWITCH}/ordinary"' in text_of(browser, f"{rules}/new-version")
    form = {f"retention-{row['code']}": row["retention"] for row in standards.value("dossier.rules")}
    form |= {f"retention-{SWITCH}": "", f"required-{SWITCH}/ordinary": "on", "retention-register.keys-in-custody": ""}
    form |= {"reason": "须登记紧急联络人", "from_date": clock.today().isoformat(), "expect": "0"}
    preview = browser.post(f"{rules}/new-version", data={**form, "do": "preview"})
    assert preview.status_code == 200
    form["value_json"] = html.unescape(preview.get_data(as_text=True).partition('name="value_json" value="')[2].partition('"')[0])
    assert browser.post(f"{rules}/new-version", data={**form, "do": "save"}).status_code == 303
    assert standards.value("dossier.rules")[-1] == {"code": SWITCH, "retention": "", "required": ["ordinary"]}
    assert "客户紧急联络表" in text_of(browser, rules)

    customer = factories.customer("rep1", nature="ordinary")
    count_dossiers()
    rep, dossier = as_("rep1"), f"/customers/{customer.id}/dossier"
    link = f"/registers/emergency-contacts/new?customer={customer.id}"
    assert link in text_of(rep, dossier)
    assert customer.number in text_of(rep, link)
    assert customer.full_name in text_of(rep, "/customers?missing=documents")
    entry("emergency-contacts", customer=customer)
    shown = text_of(rep, dossier)
    assert link not in shown
    assert f'href="/customers/{customer.id}/registers"' in shown
    assert customer.full_name not in text_of(rep, "/customers?missing=documents").partition('id="list"')[2]


def test_a_rule_in_words_names_the_registers() -> None:
    rules = [*standards.value("dossier.rules"), {"code": SWITCH, "retention": "", "required": ["ordinary"]}]
    standards.set_value("dossier.rules", rules, by=person("mgr1"), reason="试")
    db.session.commit()
    assert str(in_words(STANDARDS["dossier.rules"], rules)) == "12 kinds, of which 3 are required; 1 office registers"
