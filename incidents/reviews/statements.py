"""What does a document state, and what does it rest each statement on?

A document is Markdown as `compose` writes it, perhaps with sentences that people added. A statement is a
sentence, a list item, a row of a table or a picture. Its evidence are the references in it, `INC-12#7`; in a
paragraph a reference also covers the sentences before it, back to the reference before that; and rows without
one rest on those of the paragraph above their table. What is set in italics explains the document, or says
that there is nothing, and states nothing about the incident; nor do the names of a table's columns. A
quotation, set off by `>`, is what a person says.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

_REFERENCE = re.compile(r"`([A-Z]+-\d+#\d+)`")
_MORE = re.compile(r" and \d+ more\b")
_TIME = r"\d{4}-\d\d-\d\d(?: \d\d:\d\d(?::\d\d)?)?"
_NUMBER = re.compile(rf"(?<![\w.#-])(?:{_TIME}|\d[\d,]*(?:\.\d+)?)(?![\w-])")
_SENTENCE_ENDS = re.compile(r"(?<=[.?!”*)])(?<=[.?!].|.[.?!])\s+(?=[A-Z“*`\d])")
_LIST_OF_REFERENCES = re.compile(r"\(\s*(?:[,;]|to|\s)*\)|(?<=:)[\s,;]+(?=\.)|(?:,\s*)+(?=[.|]|$)")
_ITALIC = re.compile(r"^\*[^*].*[^*]\*\.?$")
_TABLE_RULE = re.compile(r"^\|[\s:|-]+\|$")
_PICTURE = re.compile(r"^!\[.*\]\([^)]*\)$")
_HEADING = re.compile(r"^(#{1,6}) (.+)$")


@dataclass(frozen=True)
class Statement:
    """One thing that a document says."""

    section: str
    """The heading of the second level that it stands under; empty before the first."""
    line: int
    """Where it begins, from 1."""
    text: str
    """As it stands, without its references."""
    refs: tuple[str, ...]
    """What it rests on."""
    explains: bool = False
    """It is about the document, not about the incident."""
    is_testimony: bool = False
    """It is a person's own words."""

    @property
    def names_columns(self) -> bool:
        """Whether it is the first line of a table."""
        return self.explains and self.text.startswith("|")

    @property
    def is_picture(self) -> bool:
        """Whether it is a picture, of which the alternative text says what is to be seen."""
        return bool(_PICTURE.match(self.text))

    @property
    def numbers(self) -> tuple[str, ...]:
        """The numbers and times in it, without the commas between thousands, in order."""
        return tuple(found.replace(",", "") for found in _NUMBER.findall(self.text))

    @property
    def shape(self) -> str:
        """The statement with every number taken out: what it says, of whatever amount."""
        return _NUMBER.sub("#", self.text)


def sections_of(markdown: str) -> list[str]:
    """The headings of the second level, in order."""
    headings = (_HEADING.match(line) for line in markdown.splitlines())
    return [found[2].strip() for found in headings if found and len(found[1]) == 2]


def references_in(text: str) -> tuple[str, ...]:
    """The entries that a text cites, in order."""
    return tuple(_REFERENCE.findall(text))


def statements(markdown: str) -> list[Statement]:
    """Every statement of a document, in order."""
    found: list[Statement] = []
    introduced: tuple[str, ...] = ()
    for block in _blocks(markdown):
        stated = _stated(block, introduced)
        found += stated
        if block.kind not in ("row", "columns"):
            introduced = stated[-1].refs if block.kind == "prose" else ()
    return found


@dataclass(frozen=True)
class _Block:
    """Lines that belong together; a heading has no text."""

    section: str
    kind: str
    lines: tuple[tuple[int, str], ...]

    @property
    def text(self) -> str:
        return " ".join(_said(line) for _, line in self.lines)

    @property
    def is_testimony(self) -> bool:
        return self.kind.startswith("quoted")

    def line_of(self, offset: int) -> int:
        """The line in which a place of the text stands."""
        for number, line in self.lines:
            offset -= len(_said(line)) + 1
            if offset < 0:
                return number
        return self.lines[-1][0]


def _blocks(markdown: str) -> Iterator[_Block]:
    section = ""
    numbered = enumerate(markdown.splitlines(), start=1)
    for kind, grouped in groupby(numbered, key=lambda numbered_line: _kind(numbered_line[1])):
        lines = tuple(grouped)
        if kind == "heading":
            section = next(iter(sections_of("\n".join(line for _, line in lines[::-1]))), section)
        if kind == "table":
            ruled = len(lines) > 1 and _TABLE_RULE.match(lines[1][1])
            if ruled:
                yield _Block(section, "columns", lines[:1])
            yield from (_Block(section, "row", (line,)) for line in lines[2 if ruled else 0 :])
        elif kind in ("item", "quoted item", "picture"):
            yield from (_Block(section, kind, (line,)) for line in lines)
        elif kind != "blank":
            yield _Block(section, kind, lines)


def _said(line: str) -> str:
    """A line without the mark of a quotation."""
    return re.sub(r"^>\s?", "", line).strip()


def _kind(line: str) -> str:
    if not line.strip():
        return "blank"
    if _HEADING.match(line):
        return "heading"
    if line.startswith("|"):
        return "table"
    if line.startswith(">"):
        within = _kind(_said(line))
        return within if within == "blank" else f"quoted {within}"
    if _PICTURE.match(line):
        return "picture"
    return "item" if re.match(r"(?:\d+\.|[-*]) ", line) else "prose"


def _stated(block: _Block, introduced: tuple[str, ...]) -> list[Statement]:
    if block.kind == "heading":
        return []
    if block.kind not in ("columns", "prose", "quoted prose"):
        own = references_in(block.text)
        return [_statement(block, block.text, own or (introduced if block.kind == "row" else ()))]
    if _explains(block, block.text):
        return [_statement(block, block.text, (), explains=True)]
    sentences = _SENTENCE_ENDS.split(block.text)
    cited = [references_in(each) for each in sentences]
    rests = [next((refs for refs in cited[place:] if refs), ()) for place in range(len(sentences))]
    stated = [
        _statement(block, text, refs, explains=_explains(block, text))
        for text, refs in zip(sentences, rests, strict=True)
    ]
    return [each for each in stated if each.text != "Evidence: ."] or stated[-1:]


def _explains(block: _Block, text: str) -> bool:
    return block.kind == "columns" or (block.kind == "prose" and bool(_ITALIC.match(text)))


def _statement(block: _Block, text: str, refs: tuple[str, ...], *, explains: bool = False) -> Statement:
    bare = _LIST_OF_REFERENCES.sub("", _MORE.sub("", _REFERENCE.sub("", text)))
    line = block.line_of(block.text.find(text))
    return Statement(block.section, line, " ".join(bare.split()), refs, explains, block.is_testimony)
