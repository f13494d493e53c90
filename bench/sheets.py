"""Printed sheets: one form against WeasyPrint alone, its size, and a batch."""

from __future__ import annotations

import time
from typing import Any

from bench.measure import Figure, Report
from bench.server import Server


def _html() -> str:
    from portal.printing.render import render_sheet_html
    from tests.printing.made import investigation_data, translate

    return render_sheet_html("investigation", "zh", investigation_data(), translate)


def one_form(_server: Server, report: Report, _count: int) -> None:
    """Measure one investigation form, warm: ours with template, checks and smaller fonts, against WeasyPrint on the finished HTML."""
    from weasyprint import HTML

    from portal.printing import render

    html = _html()

    def ours() -> bytes:
        return render.render_pdf(_html(), language="zh", title="交易开始调查书", author="bench")

    def alone() -> Any:
        fetcher = render.ClosedFetcher({}) if hasattr(render, "ClosedFetcher") else None
        return HTML(string=html, url_fetcher=fetcher).write_pdf(
            stylesheets=[render.stylesheet()], font_config=render.font_configuration(), pdf_variant="pdf/a-2b", pdf_tags=True
        )

    ours(), alone()
    value, floor = _cpu(ours, 8), _cpu(alone, 8)
    report.add(Figure("one-page form as PDF/A, warm", value, "ms CPU", floor, 1.1, by_ratio=True))
    report.add(Figure("its size", len(ours()) / 1024, "KB", None, 100))


def _cpu(work: Any, times: int) -> float:
    start = time.process_time()
    for _one in range(times):
        work()
    return (time.process_time() - start) * 1000 / times
