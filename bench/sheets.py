"""Printed sheets: one form against WeasyPrint alone, its size, and a batch."""

from __future__ import annotations

import time
from typing import Any

from bench.measure import Figure, Report

LANGUAGE, TITLE = "zh", "交易开始调查书"


def one_form(report: Report) -> None:
    """Measure one investigation form, warm: ours with template, checks and smaller fonts, against WeasyPrint on the finished HTML."""
    from weasyprint import HTML

    from portal.printing import fonts, render
    from tests.printing import made

    data = made.investigation()
    assets = {"signature-1": made.signature_picture()}

    def html() -> str:
        return render.render_sheet_html("investigation", LANGUAGE, data, made.translate)

    finished = html()

    def ours() -> bytes:
        return render.render_pdf(html(), language=LANGUAGE, title=TITLE, author="bench", assets=assets)

    def alone() -> Any:
        source = HTML(string=finished, url_fetcher=render.ClosedFetcher(assets))
        document = source.render(font_config=fonts.font_configuration(), stylesheets=[render._stylesheet()])
        return document.write_pdf(pdf_variant="pdf/a-2b", pdf_tags=True)

    size = len(ours())
    alone()
    report.add(Figure("one-page form as PDF/A, warm", _cpu(ours, 6), "ms CPU", _cpu(alone, 6), 1.1, by_ratio=True))
    report.add(Figure("its size", size / 1024, "KB", None, 100))


def _cpu(work: Any, times: int) -> float:
    start = time.process_time()
    for _one in range(times):
        work()
    return (time.process_time() - start) * 1000 / times
