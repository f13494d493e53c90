"""Printed sheets: one form against WeasyPrint alone, its size, and a batch."""

from __future__ import annotations

import time
from typing import Any

from bench.measure import Figure, Report
from bench.server import cpu_of

TITLE = "交易开始调查书"


def one_form(report: Report) -> None:
    """Measure one investigation form, warm: ours with template, checks and smaller fonts, against WeasyPrint on the finished HTML."""
    from weasyprint import HTML

    from portal.printing import fonts, painting, render
    from portal.printing.order import Order
    from portal.printing.press import Pool
    from tests.printing import made

    data = made.investigation()
    assets = {"signature-8": made.signature_picture()}
    pool = Pool()

    def html() -> str:
        return render.render_sheet_html("investigation", "zh", data, made.translate)

    finished = html()

    def ours() -> bytes:
        return pool.print(Order(html(), lang="zh-CN", title=TITLE, author="bench", assets=assets)).content

    def alone() -> Any:
        source = HTML(string=finished, url_fetcher=painting.ClosedFetcher(assets))
        document = source.render(font_config=fonts.font_configuration(), stylesheets=[painting._stylesheet()])
        return document.write_pdf(pdf_variant="pdf/a-2b", pdf_tags=True)

    size = len(ours())
    ours()
    for _warm in range(2):
        alone()
    report.add(Figure("one-page form as PDF/A, warm", _cpu(ours, 6, pool.processes), "ms CPU", _cpu(alone, 6, []), 1.1, by_ratio=True))
    report.add(Figure("its size", size / 1024, "KB", None, 100))
    pool.close()


def _cpu(work: Any, times: int, others: list[int]) -> float:
    """Return the CPU milliseconds of one `work`, of this process and of `others` that it works through."""
    start = time.process_time() + sum(map(cpu_of, others))
    for _one in range(times):
        work()
    return (time.process_time() + sum(map(cpu_of, others)) - start) * 1000 / times
