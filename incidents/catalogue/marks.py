"""What a YAML file says, and at which line and column it says it.

The reader is narrower than YAML on purpose, so that every value stands where it is used and means what
it looks like: no anchors, aliases or tags, no duplicate keys, and only `true` and `false` are booleans
(YAML 1.1 also takes the country code `no` and the time `12:30` for something else).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.composer import Composer, ComposerError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader, ReaderError
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

Path = tuple[str | int, ...]
"""The way to a value, e.g. `("policies", 3, "clauses", 0, "id")`."""


@dataclass(frozen=True)
class Mark:
    """A place in a file; both count from 1."""

    line: int
    column: int


START = Mark(1, 1)


@dataclass(frozen=True)
class Fault:
    """Something wrong at one place of one file."""

    mark: Mark
    where: str
    message: str


@dataclass
class Document:
    """The plain values of a file, with the mark of every value and of every key."""

    content: Any = None
    values: dict[Path, Mark] = field(default_factory=dict)
    keys: dict[Path, Mark] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def known(self, path: Path) -> Path:
        """The path without the parts that the file does not have."""
        found: Path = ()
        for part in path:
            if (*found, part) in self.values:
                found = (*found, part)
        return found

    def mark(self, path: Path) -> Mark:
        """Where the value stands, or the nearest value around it."""
        return self.values.get(self.known(path), START)

    def key_mark(self, path: Path) -> Mark:
        """Where the key of the value stands, or the value where it has none."""
        return self.keys.get(path) or self.mark(path)


def spell(path: Path) -> str:
    """A path as people write it: `policies[3].clauses[0].id`."""
    spelled = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return spelled.removeprefix(".")


class _PlainResolver(BaseResolver):
    """The core schema of YAML 1.2, without octal and hexadecimal numbers."""


for _tag, _pattern, _first in [
    ("null", r"(?:~|null|)$", "~n"),
    ("bool", r"(?:true|false)$", "tf"),
    ("int", r"[-+]?[0-9]{1,18}$", "-+0123456789"),
    ("float", r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$", "-+.0123456789"),
]:
    _PlainResolver.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(_pattern), [*_first, *([""] if _tag == "null" else [])]
    )


class _Composer(Reader, Scanner, Parser, Composer, _PlainResolver):
    def __init__(self, text: str) -> None:
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        _PlainResolver.__init__(self)

    def compose_node(self, parent: Node | None, index: Any) -> Node | None:  # noqa: ANN401  PyYAML's own
        event = self.peek_event()  # type: ignore[no-untyped-call]  # the stubs leave it bare
        if getattr(event, "anchor", None) is not None:
            problem = "anchors and aliases are not used here: write the value where it belongs"
            raise ComposerError(None, None, problem, event.start_mark)
        return super().compose_node(parent, index)


def read(raw: bytes) -> Document:
    """The document in the bytes of a YAML file. Never raises: what is wrong is in its `faults`."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _unreadable(_mark_at(raw[: error.start].decode("latin-1")), "this is not UTF-8 text")
    try:
        return _document(text)
    except ReaderError as error:
        return _unreadable(_mark_at(text[: error.position]), "a control character is not allowed")
    except yaml.MarkedYAMLError as error:
        return _unreadable(_problem_mark(error), f"this is not YAML: {error.problem or error.context}")
    except RecursionError:
        return _unreadable(START, "values are nested too deeply")


def _document(text: str) -> Document:
    node, document = _Composer(text).get_single_node(), Document()
    if node is not None:
        document.content = _value(node, (), document)
    return document


def _unreadable(mark: Mark, message: str) -> Document:
    return Document(faults=[Fault(mark, "", message)])


def _mark_at(before: str) -> Mark:
    return Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def _problem_mark(error: yaml.MarkedYAMLError) -> Mark:
    mark = error.problem_mark or error.context_mark
    return START if mark is None else Mark(mark.line + 1, mark.column + 1)


def _mark_of(node: Node) -> Mark:
    return Mark(node.start_mark.line + 1, node.start_mark.column + 1)


def _value(node: Node, path: Path, document: Document) -> Any:  # noqa: ANN401  a file holds anything
    document.values[path] = _mark_of(node)
    if isinstance(node, MappingNode):
        return {key: _value(value, (*path, key), document) for key, value in _pairs(node, path, document)}
    if isinstance(node, SequenceNode):
        return [_value(value, (*path, index), document) for index, value in enumerate(node.value)]
    return _scalar(node, path, document)


def _pairs(node: MappingNode, path: Path, document: Document) -> Iterator[tuple[str, Node]]:
    """The entries of a mapping; a key that is no text, or comes twice, is a fault and left out."""
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, ScalarNode):
            document.faults.append(Fault(_mark_of(key), spell(path), "a key must be a word"))
            continue
        here = (*path, key.value)
        if key.value in seen:
            document.faults.append(Fault(_mark_of(key), spell(here), f"`{key.value}` is given twice"))
            continue
        seen.add(key.value)
        document.keys[here] = _mark_of(key)
        yield key.value, value


def _scalar(node: Node, path: Path, document: Document) -> str | int | float | bool | None:
    text = str(node.value)
    match node.tag.removeprefix("tag:yaml.org,2002:"):
        case "str":
            return text
        case "int":
            return int(text)
        case "float":
            return float(text)
        case "bool":
            return text == "true"
        case "null":
            return None
    document.faults.append(Fault(_mark_of(node), spell(path), f"the tag {node.tag} is not used here"))
    return text
