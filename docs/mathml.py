"""An MkDocs hook: turns the formulas of every page into MathML while the site is built.

Browsers draw MathML themselves, so that the site needs no script to show mathematics.
"""

import html
import re

from latex2mathml.converter import convert
from mkdocs.exceptions import PluginError


FORMULA = re.compile(r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>', re.DOTALL)

#: LaTeX that the converter does not know, and what means the same to it.
SYNONYMS = {"{aligned}": "{split}", r"\arg\min": r"\argmin", r"\arg\max": r"\argmax"}


def on_page_content(content, page, config, files):
    def to_mathml(match):
        tag, delimiter, source = match.groups()
        source = html.unescape(source).strip()
        for ours, known in SYNONYMS.items():
            source = source.replace(ours, known)
        try:
            formula = convert(source, display="block" if delimiter == "[" else "inline")
        except Exception as error:
            raise PluginError(f"{page.file.src_uri}: cannot read the formula {source!r}: {error!r}") from error
        # A command or an alignment that the converter does not know comes out as it went in.
        if "\\" in formula or "<mi>&</mi>" in formula:
            raise PluginError(f"{page.file.src_uri}: the formula {source!r} uses a command that is not known to MathML")
        return f'<{tag} class="math">{formula}</{tag}>'

    return FORMULA.sub(to_mathml, content)
