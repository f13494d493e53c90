"""Where things stand on the pages: names of groups beside their rows, long texts over pages, frames without white."""

import re

import pytest

from portal.printing.catalogue import SHEETS
from portal.printing.labels import Labels
from portal.printing.painting import STATIC, _lay_out
from portal.printing.render import _environment, render_sheet_html
from portal.printing.sales import _heads
from tests.printing import made
from tests.printing.anything import rendered
from tests.printing.test_sheets import MAKERS

LANGUAGES = ("zh", "en", "both")
LONG = ("premises_findings", "competitors", "credit_findings", "risks", "opinion")
BESIDE_OTHERS = ("loans", "funds_turnover", "reputation", "terms")
SAID = {"zh": "经走访其办公场所与仓库，𠮷田䶮先生陪同，未见失信记录。", "en": "Nothing unusual was found in the books of the company. "}


def descend(box):
    box = getattr(box, "_box", box)  # what is placed absolutely stands behind a placeholder
    yield box
    for child in getattr(box, "children", ()):
        yield from descend(child)


def of_class(box, name):
    return [one for one in descend(box) if one.element is not None and name in (one.element.get("class") or "").split() and own(one)]


def own(box):
    """Whether this is the element's own box, neither a wrapper of a table nor the text in it."""
    return type(box).__name__ in ("BlockBox", "FlexBox", "TableRowBox", "TableCellBox")


def lines(box):
    found = [one for one in descend(box) if type(one).__name__ == "LineBox"]
    return [line for line in found if any(getattr(text, "text", "").strip() for text in descend(line))]


def pages_of(data, name, language):
    document, _fetcher = _lay_out(made.order(render_sheet_html(name, language, data, made.translate), language))
    return [page._page_box for page in document.pages]


def said(language):
    return SAID["en" if language == "en" else "zh"]


def long_investigation(language, shift):
    """All texts long, and the first one a few lines longer, so that the page ends somewhere else each time."""
    found = dict.fromkeys(LONG, said(language) * 14)
    return made.investigation(customer={"main_business": "一\n" * (2 * shift)}, investigation=found)


def variants(language):
    for name, make in MAKERS.items():
        yield name, make()
    for name in ("investigation", "customer_card", "customer_status", "credit_change"):
        data = MAKERS[name]()
        data["document"] = {part: type(content)() for part, content in data["document"].items()}
        yield name, data
    for shift in (0, 5, 9):
        yield "investigation", long_investigation(language, shift)
    for length in (4, 24):
        yield "investigation", made.investigation(investigation={"expected_products": said(language) * length})
        yield "customer_card", made.customer_card(customer=dict.fromkeys(BESIDE_OTHERS, said(language) * length))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_text_does_not_fill_a_narrow_column_beside_white(language):
    for length, flows in ((1, False), (4, False), (24, True)):
        data = made.customer_card(customer=dict.fromkeys(BESIDE_OTHERS, said(language) * length))
        html = render_sheet_html("customer_card", language, data, made.translate)
        rows = [row for row in re.findall(r"<tr.*?</tr>", html, re.DOTALL) if said(language).strip() in row]
        assert all(row.count("<th") == 1 for row in rows) == (length > 1)
        assert all("s-flows" in row for row in rows) == flows


def test_a_group_has_room_for_its_name_where_it_stands_and_no_white_under_its_last_row():
    for name, data in variants("both"):
        pages = pages_of(data, name, "both")
        bands = [band for page in pages for band in of_class(page, "s-band")]
        for band, after in zip(bands, [*bands[1:], None][: len(bands)], strict=True):
            assert has_room(band, "both"), f"{name}: {band.element[0].text}"
            if after is not None and after.element is band.element:
                continue  # it goes on, and closes where the page ends
            last = max(one.position_y + one.height for one in descend(band) if type(one).__name__ == "TableBox")
            assert band.position_y + band.height - last < 1, f"{name}: {band.element[0].text}"
        names = {one.element for page in pages for one in descend(page) if one.element_tag == "h2" and own(one)}
        assert names == {band.element[0] for band in bands}


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_group_that_goes_on_has_its_name_in_the_middle_of_its_band_there_too(language):
    """Where the band is as high as a name; the outline leads to where the group begins."""
    goes_on = 0
    for shift in (0, 5, 9):
        begun = set()
        data = long_investigation(language, shift)
        for page in pages_of(data, "investigation", language):
            for band in of_class(page, "s-band"):
                names = [one for one in band.children if one.element_tag == "h2"]
                if band.height > 25 * 96 / 25.4:
                    (name,) = names
                    assert abs(name.position_y - band.position_y - band.height / 2) < 2  # by margin or turn this is its middle
                    if band.element in begun:
                        goes_on += 1
                        assert not name.bookmark_label
                begun.add(band.element)
    assert goes_on


def has_room(band, language):
    """Whether the name in a band, if it stands on this page, is no longer than the band."""
    for heading in (one for one in descend(band) if one.element_tag == "h2" and own(one)):
        turned = [line for line in lines(heading) if language == "en" or line.element.get("class") == "s-en"]
        stacked = sum(line.height for line in lines(heading) if line not in turned)
        if max(stacked, *(text_width(line) for line in turned), 0) > band.height:
            return False
    return True


def text_width(line):
    return sum(one.width for one in descend(line) if type(one).__name__ == "TextBox")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_long_text_has_lines_of_its_own_beside_its_label_on_every_page(language):
    goes_on = 0
    for shift in (0, 2, 5, 7):
        begun = set()
        data = long_investigation(language, shift)
        for page in pages_of(data, "investigation", language):
            for row in of_class(page, "s-text"):
                label, text = row.children
                if "s-flows" in row.element.get("class"):
                    assert len(lines(text)) >= 3
                    assert lines(label)
                    goes_on += row.element in begun
                    begun.add(row.element)
                else:
                    assert lines(label)
        assert len(begun) == render_sheet_html("investigation", language, data, made.translate).count("s-flows")
    assert goes_on


def test_a_group_of_one_row_is_as_high_as_its_name():
    body = '<tr><th scope="row">x</th><td>y</td></tr>'
    macros = '{% import "print/macros.html" as m with context %}{% call m.group(_("Proposed dealings")) %}<table class="s-grid"><tbody>'
    for language in LANGUAGES:
        for rows in (1, 2, 3):
            template = _environment().from_string(macros + body * rows + "</tbody></table>{% endcall %}")
            part = template.render(_=Labels(language, made.translate), lang=language)
            html = f'<article class="sheet sheet-{language}"><div class="sheet-frame">{part}</div></article>'
            document, _fetcher = _lay_out(made.order(html, language))
            (band,) = of_class(document.pages[0]._page_box, "s-band")
            assert has_room(band, language)
            assert band.height < 25 * 96 / 25.4


def beside_their_cells(page):
    """The words of a page that are wider than the cell they stand in, or end beyond the paper's margin."""
    for cell in (one for one in descend(page) if type(one).__name__ == "TableCellBox"):
        for line in lines(cell):
            text = "".join(getattr(one, "text", "") for one in descend(line)).strip()
            if text_width(line) > cell.padding_width() or cell.position_x + cell.width > page.margin_left + page.width + 1:
                yield text


@pytest.mark.parametrize("name", ["box_list", "document_list", "delivered_value", "gift_order", "gift_buying_list"])
def test_english_heads_stay_within_their_columns(app, name):
    html = rendered(SHEETS[name], "en")
    document, _fetcher = _lay_out(made.order(html, "en"))
    assert not [text for page in document.pages for text in beside_their_cells(page._page_box)]


def test_many_conditions_of_a_list_take_lines_and_leave_the_count_on_the_paper():
    data = made.customer_register(count=3)
    data["document"]["conditions"] = "客户等级：A；客户性质：普通企业；" * 8
    (page,) = pages_of(data, "customer_register", "zh")
    assert not list(beside_their_cells(page))


def test_a_long_english_name_of_a_group_stays_in_its_band(app):
    for name in ("proposal_assessment", "survey_questionnaire", "relation_assessment"):
        document, _fetcher = _lay_out(made.order(rendered(SHEETS[name], "en"), "en"))
        for heading in (one for page in document.pages for one in descend(page._page_box) if one.element_tag == "h2" and own(one)):
            band = 8 / 25.4 * 96
            assert sum(line.height for line in lines(heading)) <= band, f"{name}: {heading.element.text}"


def test_no_page_but_the_last_is_left_half_empty():
    data = made.investigation(customer={"main_business": SAID["zh"] * 60}, investigation=dict.fromkeys(LONG, SAID["zh"] * 60))
    data["document"]["contacts"] = made.CONTACTS * 20
    pages = pages_of(data, "investigation", "both")
    for page in pages[:-1]:
        foot = max(band.position_y + band.height for band in of_class(page, "s-band"))
        assert foot > page.height * 0.6


@pytest.mark.parametrize(("across", "width"), [("", 794), (".sheet-landscape", 1123)])
def test_the_preview_is_never_wider_than_its_place(across, width):
    css = (STATIC / "print.css").read_text()
    rule = re.compile(rf"@container sheet-stage \(max-width: ([\d.]+)px\) {{ \.sheet{re.escape(across)} {{ zoom: ([\d.]+); }} }}")
    steps = [(float(place), float(zoom)) for place, zoom in rule.findall(css)]
    for place in range(290, 1130):
        # The last rule that holds counts.
        zoom = next((zoom for least, zoom in reversed(steps) if place <= least), 1)
        assert zoom * width <= place or place >= width
        assert zoom * width > place * 0.8 or place > width


def test_a_group_that_begins_at_the_foot_of_a_page_has_room_for_its_name_there():
    rows = '<tr><th scope="row">x</th><td>y</td></tr>' * 6
    macros = (
        '{% import "print/macros.html" as m with context %}{% call m.group(_("State of business"), flows=True) %}<table class="s-grid">'
    )
    part = (
        _environment()
        .from_string(macros + f"<tbody>{rows}</tbody></table>{{% endcall %}}")
        .render(_=Labels("zh", made.translate), lang="zh")
    )
    begun = set()
    for above in range(36, 50):
        html = f'<article class="sheet sheet-zh">{"<p>一</p>" * above}<div class="sheet-frame">{part}</div></article>'
        document, _fetcher = _lay_out(made.order(html))
        bands = [band for page in document.pages for band in of_class(page._page_box, "s-band")]
        assert has_room(bands[0], "zh")
        begun.add(len(bands))
    assert begun == {1, 2}


PAPER = {"": 170, "s-list-inside": 170 - 11, "landscape": 273, "large": 396}
"""Millimetres between the margins; a list in a group has the band of a sheet in both languages beside it."""
TEXT_ROOM, CELL_ROOM = 40, 20


def tables_of(html):
    """The width classes of the columns of each list; a column without one is ""."""
    for classes, columns in re.findall(r'<table class="s-grid (s-list[^"]*)"><colgroup>(.*?)</colgroup>', html):
        yield "s-list-inside" if "s-list-inside" in classes else "", re.findall(r'<col(?: class="([a-z0-9-]+)")?>', columns)


def test_the_columns_of_every_list_fit_the_paper_and_leave_room_for_words(app):
    css = (STATIC / "print.css").read_text()
    widths = {name: float(width) for name, width in re.findall(r"\.sheet \.(s-[a-z0-9]+) { width: ([\d.]+)mm; }", css)}
    seen = set()
    for name, sheet in SHEETS.items():
        # The columns of the office registers are declared: tests/registers/test_sheets.py.
        if name.startswith("register_") or sheet.cut or name in ("dossier_cover", "binder_cover"):
            continue
        given = {}
        if name == "survey_answers":
            given["questions"] = [[str(number), "x"] for number in range(12)]
        elif name == "sales_months":
            _heads(given, Labels("both", made.translate))
        for kind, columns in [*tables_of(rendered(sheet, "both", **given)), *tables_of(rendered(sheet, "en", **given))]:
            seen.add(name)
            place = "large" if sheet.large else "landscape" if sheet.landscape else kind
            fixed = sum(widths[column] for column in columns if column)  # KeyError: a class that the stylesheet does not know
            free = columns.count("")
            assert fixed <= PAPER[place], name
            assert not free or PAPER[place] - fixed >= max(TEXT_ROOM, CELL_ROOM * free), name
    assert {name for name in SHEETS if name.endswith("_list") and not name.startswith("register_")} <= seen


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_page_cuts_closes_under_its_last_row_with_its_name_beside_it(language):
    data = made.customer_card()
    data["document"]["contacts"] = made.CONTACTS * 4
    pages = pages_of(data, "customer_card", language)
    assert len(pages) == 2
    for page in pages:
        for band in of_class(page, "s-band"):
            rows = [one for one in descend(band) if type(one).__name__ == "TableRowBox"]
            assert band.position_y + band.height - max(row.position_y + row.height for row in rows) < 2
            for name in (one for one in descend(band) if one.element_tag == "h2" and own(one)):
                # Of a turned name the top is where its middle comes to stand.
                middle = name.border_box_y() + (name.border_height() / 2 if language != "en" else 0)
                assert abs(middle - band.position_y - band.height / 2) < 12
    # Neither a single row nor the signatures alone stand on the last page.
    assert len([one for one in descend(pages[1]) if one.element_tag == "th" and type(one).__name__ == "TableCellBox"]) >= 3


def test_a_customer_card_is_one_page_in_chinese_with_its_code_on_one_line():
    data = made.customer_card()
    data["document"]["customer"] = {**made.CUSTOMER, "credit_code": "91MMWW00MA5DW1WM3W", "industry": "信息传输、软件和信息技术"}
    (page,) = pages_of(data, "customer_card", "zh")
    for words in ("91MMWW00MA5DW1WM3W", "信息传输、软件和信息技术"):
        assert words in [getattr(one, "text", "") for one in descend(page)]


def test_a_customer_card_is_one_page_in_english_too():
    assert len(pages_of(made.customer_card(), "customer_card", "en")) == 1


def test_heads_of_signature_boxes_beside_each_other_are_of_one_height():
    first, *others = made.STEPS
    data = made.investigation(steps=[{**first, "title": "Supervisor of customer relations"}, *others])
    heads = [one for page in pages_of(data, "investigation", "en") for one in of_class(page, "s-box-head")]
    assert len(heads) == len(data["steps"]) > 1
    assert len(lines(heads[0])) > len(lines(heads[1]))
    assert len({round(one.border_height()) for one in heads}) == 1
    boxes = [one for page in pages_of(data, "investigation", "en") for one in of_class(page, "s-box")]
    assert {round(one.border_box_y()) for one in boxes} == {round(heads[0].border_box_y() + heads[0].border_height())}


def test_a_single_row_or_a_note_never_stands_alone_on_a_page():
    for count in range(12, 40):
        pages = pages_of(made.customer_register(count=count), "customer_register", "zh")
        if len(pages) > 1:
            numbers = [text for one in descend(pages[-1]) if (text := getattr(one, "text", "")).startswith("KH")]
            assert len(numbers) >= 2
            return


def test_line_breaks_that_were_typed_are_kept():
    (page,) = pages_of(made.investigation(investigation={"expected_products": "电动工具\n五金配件"}), "investigation", "zh")
    first, second = (
        next(one.position_y for one in descend(page) if getattr(one, "text", "") == words) for words in ("电动工具", "五金配件")
    )
    assert second > first


def test_a_box_to_tick_stays_with_its_word():
    macros = '{% import "print/macros.html" as m with context %}{{ m.ticks([_("Version")] * 9) }}'
    for language in LANGUAGES:
        part = _environment().from_string(macros).render(_=Labels(language, made.translate), lang=language)
        for width in range(30, 90, 4):
            style = f"<style>td {{ width: {width}mm; }}</style>"
            html = f'{style}<article class="sheet sheet-{language}"><table class="s-grid"><tr><td>{part}</td></tr></table></article>'
            document, _fetcher = _lay_out(made.order(html, language))
            said = ["".join(getattr(text, "text", "") for text in descend(line)) for line in lines(document.pages[0]._page_box)]
            assert not [text for text in said if text.strip("\u3000 ").endswith("□")]
