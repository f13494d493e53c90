"""Rows of sign-in, profile, staff and delegation."""

from tests.access import Row, everyone

_OPEN = {"anonymous": 200, "owner": 200, "colleague": 200, "stranger": 200, "supervisor": 200, "other_supervisor": 200, "manager": 200}
_AWAY = {key: 303 for key in _OPEN}

ROWS = [
    Row("healthz", "/healthz", **_OPEN),
    Row("readyz", "/readyz", **_OPEN),
    Row("metrics", "/metrics", **_OPEN),
    Row("home.htmx_asset", "/assets/htmx-2.0.10.js", **_OPEN),
    Row("accounts.sign_in", "/sign-in", **{**_AWAY, "anonymous": 200}),
    Row("accounts.begin_session", "/sign-in", "POST", data={"account": "", "password": ""}, **{key: 422 for key in _OPEN}),
    Row("accounts.sign_out", "/sign-out", "POST", **_AWAY),
    Row("accounts.language", "/language", "POST", data={"language": "en"}, **_AWAY),
    everyone("accounts.password", "/profile/password"),
    everyone("accounts.password", "/profile/password", "POST", 422),
]
