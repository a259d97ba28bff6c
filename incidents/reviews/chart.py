"""A picture: a Vega-Lite specification, an SVG made without a browser, and the same in words.

The specification is the picture: a page draws it with Vega, a document has it as SVG. Colours are few, dark
enough on white and light enough on black, and told apart by place and shape in greyscale as well. What
stands in a picture stands in the tables of the document, too.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any, Final

VEGA_LITE: Final = "6.4"
"""Version of the grammar. Another one draws other bytes."""

INK, SOFT, ACCENT, WARN = "#6e7781", "#9ba6b2", "#4a90d9", "#a8431a"
"""All but the grid's are readable on white and on black (3 : 1, WCAG 2.2); the last two differ in grey, too."""

Spec = dict[str, Any]

_CONFIG: Final[Spec] = {
    "background": None,
    "font": "sans-serif",
    "axis": {"labelColor": INK, "titleColor": INK, "gridColor": SOFT, "gridOpacity": 0.3, "tickColor": SOFT},
    "legend": {"labelColor": INK, "titleColor": INK},
    "text": {"color": INK},
    "view": {"stroke": None},
}
_NOT_IN_XML: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""XML 1.0, production 2."""
WIDTH: Final = 720
"""Pixels."""

UTC_TIME: Final[Spec] = {"type": "temporal", "scale": {"type": "utc"}}
TIME_AXIS: Final[Spec] = {**UTC_TIME, "axis": {"format": "%d %b %H:%M", "title": "UTC"}}


@dataclass(frozen=True)
class Chart:
    """One picture."""

    name: str
    """For a file: `crisis`."""
    title: str
    words: str
    """What is to be seen, for whoever does not see it."""
    spec: Spec

    def svg(self) -> str:
        """The picture as SVG; the same chart gives the same bytes."""
        return _drawn(self.json())

    def json(self) -> str:
        """The specification as JSON, for whoever draws it elsewhere."""
        return json.dumps(_drawable(self.spec), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


@cache
def drawing_script() -> str:
    """What draws a specification in a browser: Vega, Vega-Lite and Vega-Embed, as one script of about 900 kB.

    It defines `vegaEmbed`. The engine that draws for documents brings it, so that both are of one version.
    """
    import vl_convert  # noqa: PLC0415 - as above

    made: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=VEGA_LITE)
    return made


@lru_cache(maxsize=64)
def _drawn(spec: str) -> str:
    """Drawn once: it takes a tenth of a second and more, and the same specification gives the same picture."""
    import vl_convert  # noqa: PLC0415 - it brings an engine of its own, and few processes draw

    drawn: str = vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE)
    return drawn


def _drawable(part: Any) -> Any:  # noqa: ANN401 - a specification is JSON
    """The same without characters that XML does not have: the engine that draws ends the process on them."""
    if isinstance(part, dict):
        return {name: _drawable(value) for name, value in part.items()}
    if isinstance(part, list):
        return [_drawable(value) for value in part]
    return _NOT_IN_XML.sub("", part) if isinstance(part, str) else part


def chart(name: str, title: str, words: str, spec: Mapping[str, Any]) -> Chart:
    """A chart of this specification, in the colours of all; one of several parts says how wide they are."""
    schema = f"https://vega.github.io/schema/vega-lite/v{VEGA_LITE.partition('.')[0]}.json"
    sized = spec if "vconcat" in spec else {"width": WIDTH, **spec}
    return Chart(name, title, words, {"$schema": schema, "description": words, "config": _CONFIG, **sized})


def iso(at: datetime) -> str:
    """A time as a specification has it."""
    return at.isoformat()
