"""An MkDocs hook: turns the formulas of every page into MathML while the site is built.

Browsers draw MathML themselves, so that the site needs no script to show mathematics.
"""

import html
import re

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError


FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)


def on_page_content(content, page, config, files):
    def to_mathml(match):
        tag, delimiter, source = match.groups()
        # `split` is the same thing in LaTeX, and the one of the two that the converter knows.
        source = html.unescape(source).strip().replace("{aligned}", "{split}")
        try:
            formula = convert(source, display="block" if delimiter == "[" else "inline")
        except Exception as error:
            raise PluginError(f"{page.file.src_uri}: cannot read the formula {source!r}: {error!r}") from error
        # A command or an alignment that the converter does not know comes out as it went in.
        if "\\" in formula or "<mi>&</mi>" in formula:
            raise PluginError(f"{page.file.src_uri}: the formula {source!r} uses a command that is not known to MathML")
        return f'<{tag} class="math">{formula}</{tag}>'

    return FORMULA.sub(to_mathml, content)
