"""The portal with one page more: the floor of a list, a bare signed-in Flask page that shows the same 50 rows from memory.

It is signed in and drawn like all pages, but does not ask how much waits for the reader: that is the portal's own work, and part of what
is measured.
"""

from __future__ import annotations

from typing import Any

from flask import g, render_template

from portal.permissions import Permission, requires
from wsgi import app

ROWS = [
    {
        "number": f"C2026{number:07d}",
        "name": f"深圳恒达精密机械{number}有限公司",
        "team": "客户一科",
        "owner": "专员一",
        "grade": "A",
        "state": "on the register",
        "telephone": "0755-20000001",
        "changed": "2026-03-05",
    }
    for number in range(50)
]
PAGE = """{% extends 'base.html' %}{% block title %}Bare{% endblock %}{% block content %}<h1>Bare</h1>
<table class="table"><tbody>{% for row in rows %}<tr>
<td><a href="/customers/{{ loop.index }}">{{ row.number }}</a></td><td title="{{ row.name }}">{{ row.name }}</td>
<td>{{ row.team }}</td><td>{{ row.owner }}</td><td>{{ row.grade }}</td><td>{{ row.state }}</td>
<td>{{ row.telephone }}</td><td>{{ row.changed }}</td></tr>{% endfor %}
</tbody></table>{% endblock %}"""


_page = app.jinja_env.from_string(PAGE)


def bare() -> Any:
    """Show the rows."""
    g.waiting_counts = []
    return render_template(_page, rows=ROWS)


app.add_url_rule("/bench/bare", "bench.bare", requires(Permission.HOME_READ)(bare))
