"""The frame of every page: language, policy, versions of files, compression, weight, errors told to fragments."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
from flask import Flask

from portal import assets, config
from portal.models import audit
from portal.models.notice import notify
from portal.rules.message import Message
from tests import factories

HTML_LIMIT, COMPRESSED_LIMIT = 60 * 1024, 15 * 1024
FIRST_VISIT = 6


def _addresses(html: str) -> set[str]:
    return set(re.findall(r'<(?:link|script|img)[^>]+(?:href|src)="([^"]+)"', html))


def test_home_is_light_and_fetches_little(as_: Any, staff: dict[str, Any], app: Flask) -> None:
    from portal.database import db

    for number in range(30):
        customer = factories.customer("rep1", full_name=f"北京市海淀区某某科技发展有限责任公司第{number}分公司")
        audit.write("change", "changed", actor=staff["rep1"], record=customer, label=customer.full_name)
        notify(staff["mgr1"], Message("Overdue"), link="/")
    db.session.commit()
    response = as_("mgr1").get("/", headers={"Accept-Encoding": "gzip"})
    body = response.get_data()
    html = gzip.decompress(body)
    assert "某某科技" in html.decode()
    assert len(html) <= HTML_LIMIT
    assert len(body) <= COMPRESSED_LIMIT
    assert 1 + len(_addresses(html.decode())) <= FIRST_VISIT


def test_static_files_carry_their_version_and_are_kept(client: Any) -> None:
    html = client.get("/sign-in").get_data(as_text=True)
    ours = [address for address in _addresses(html) if "/static/" in address]
    assert len(ours) >= 4
    for address in ours:
        response = client.get(address, headers={"Accept-Encoding": "gzip"})
        assert response.status_code == 200, address
        assert "v=" in address
        assert response.headers["Cache-Control"] == assets.KEPT
        if len(response.get_data()) > assets.SMALLEST:
            assert response.headers["Content-Encoding"] == "gzip"


def test_a_wrong_version_is_not_kept(client: Any) -> None:
    assert client.get("/static/portal.css?v=000000000000").headers["Cache-Control"] == "no-cache"


def test_compressed_and_plain_say_the_same(client: Any) -> None:
    plain = client.get("/static/portal.css").get_data()
    pressed = client.get("/static/portal.css", headers={"Accept-Encoding": "gzip"})
    assert gzip.decompress(pressed.get_data()) == plain
    assert "Accept-Encoding" in pressed.headers["Vary"]


def test_length_of_a_compressed_page_varies(client: Any) -> None:
    """The same page twice has not the same length, or its length would tell of the token in it (BREACH)."""
    lengths = {len(client.get("/sign-in", headers={"Accept-Encoding": "gzip"}).get_data()) for _ in range(12)}
    assert len(lengths) > 1


def test_htmx_comes_only_in_the_version_of_the_configuration(client: Any) -> None:
    address = f"/assets/htmx-{config.HTMX_VERSION}.js"
    response = client.get(address)
    assert "immutable" in response.headers["Cache-Control"]
    assert client.get("/assets/htmx-1.0.0.js").status_code == 404


@pytest.mark.parametrize(("asset", "expected"), [("cdn", config.HTMX_URL), ("local", f"/assets/htmx-{config.HTMX_VERSION}.js")])
def test_htmx_asset_by_configuration(app: Flask, client: Any, monkeypatch: pytest.MonkeyPatch, asset: str, expected: str) -> None:
    monkeypatch.setitem(app.config, "HTMX_ASSET", asset)
    html = client.get("/sign-in").get_data(as_text=True)
    assert f'src="{expected}"' in html
    assert (f'integrity="{config.HTMX_INTEGRITY}"' in html) == (asset == "cdn")


@pytest.mark.parametrize(("language", "lang"), [("zh_Hans_CN", "zh-CN"), ("en", "en")])
def test_lang_is_the_language_of_the_page(client: Any, language: str, lang: str) -> None:
    client.set_cookie("language", language)
    assert f'<html lang="{lang}">' in client.get("/sign-in").get_data(as_text=True)


def test_error_is_a_page_and_for_a_fragment_a_message(as_: Any) -> None:
    browser = as_("rep1")
    page = browser.get("/nowhere")
    assert page.status_code == 404
    assert "<!doctype html>" in page.get_data(as_text=True)
    part = browser.get("/nowhere", headers={"HX-Request": "true"})
    assert part.status_code == 404
    assert part.headers["HX-Retarget"] == "#messages"
    assert "<!doctype" not in part.get_data(as_text=True)


def test_who_is_refused_something_is_led_back_to_the_page_it_was_sent_from(as_: Any) -> None:
    browser = as_("mgr1")

    def refused(came: str) -> str:
        answer = browser.post("/gradings/1999/publication", headers={"Referer": came})
        assert answer.status_code == 404
        return str(answer.get_data(as_text=True))

    assert 'href="/gradings?x=1">返回原页面' in refused("http://localhost/gradings?x=1")
    for came in ("http://elsewhere.example/gradings", "http://localhost/gradings/1999/publication", "http://localhost/nowhere", ""):
        assert "返回原页面" not in refused(came), "another site, an address that only takes forms, no page"
    assert "返回原页面" not in browser.get("/nowhere", headers={"Referer": "http://localhost/gradings"}).get_data(as_text=True)


def test_errors_that_no_page_was_written_for_are_told_in_the_readers_language(as_: Any) -> None:
    answer = as_("rep1").get("/static/icon.svg", headers={"Range": "bytes=9999999-"})
    assert answer.status_code == 416
    assert "无法处理该请求" in answer.get_data(as_text=True)


def test_current_place_is_marked(as_: Any) -> None:
    html = as_("rep1").get("/").get_data(as_text=True)
    rail = html[html.index('<nav class="rail"') : html.index("</nav>", html.index('<nav class="rail"'))]
    assert rail.count('aria-current="page"') == 1


def test_unknown_picture_is_refused() -> None:
    assert "<path" in assets.icon_svg("house")
    with pytest.raises(KeyError):
        assets.icon_svg("no-such-picture")
