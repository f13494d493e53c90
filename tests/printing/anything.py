"""Every sheet of the catalogue without its records: what is asked of its document is there, or is not, whatever it is."""

from __future__ import annotations

from functools import cache

from jinja2 import ChainableUndefined, ChoiceLoader, DictLoader

from portal.printing.labels import Labels, html_lang
from portal.printing.render import _environment
from tests.printing import made


class Nothing(ChainableUndefined):
    """What is absent, also where it is called."""

    def __call__(self, *args, **kwargs):
        return self


class Anything:
    """A text that has every part, and is a list of one such pair; "0", as the version of a standard nobody changed."""

    text = "0"

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, name):
        return self

    def __call__(self, *args, **kwargs):
        return self

    def __iter__(self):
        return iter([Pair()])

    def __len__(self):
        return 1

    def __radd__(self, before):
        return before

    def __str__(self):
        return self.text

    def __eq__(self, other):
        return self.text == str(other)

    def __hash__(self):
        return hash(self.text)


class Pair(Anything):
    def __iter__(self):
        return iter([Anything(), Anything()])


_CHARTS = "".join(
    f'{{% macro {name}() %}}{{{{ varargs and kwargs and "" }}}}{{% endmacro %}}' for name in ("bars", "abc_curve", "over_time")
)
_PARTS = {"thanks_letter": {"parts": [["zh", "x", "x"], ["en", "x", "x"]]}}


class Parts:
    def __init__(self, given, absent):
        self.__dict__.update(given)
        self._absent = absent

    def __getattr__(self, name):
        return self._absent


@cache
def _sheets():
    environment = _environment().overlay(undefined=Nothing)
    environment.loader = ChoiceLoader([DictLoader({"components/charts.html": _CHARTS}), environment.loader])
    return environment


def rendered(declared, language, *, filled=True, **document):
    """The HTML of a sheet of the catalogue; parts of its document may be given."""
    parts = Parts({**_PARTS.get(declared.name, {}), **document}, Anything() if filled else Nothing())
    return (
        _sheets()
        .get_template(f"print/{declared.template}")
        .render(
            document=parts,
            steps=made.STEPS,
            sheet=made.sheet(subject="x"),
            _=Labels(language, made.translate),
            declared=declared,
            lang=language,
            html_lang=html_lang(language),
            fragment=False,
            asset_url=str,
        )
    )
