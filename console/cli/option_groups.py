"""Let several commands take the same options: a command takes a group, and Typer sees the options in it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Any, get_type_hints


def with_groups(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of the dataclasses that it takes.

    A field's type is the option's, `Annotated` with what Typer needs, and its default the option's default.
    """
    hints = get_type_hints(command, include_extras=True)
    groups = {name: hint for name, hint in hints.items() if is_dataclass(hint) and isinstance(hint, type)}

    @wraps(command)
    def grouped(**given: object) -> None:
        made = {
            name: group(**{field.name: given.pop(field.name) for field in fields(group)})
            for name, group in groups.items()
        }
        command(**given, **made)

    grouped.__signature__ = Signature(list(_options(command, groups)))  # type: ignore[attr-defined]
    return grouped


def _options(command: Callable[..., None], groups: Mapping[str, type[Any]]) -> Iterator[Parameter]:
    """The parameters of the command in their order, and where it takes a group, the options in it."""
    for taken in signature(command).parameters.values():
        if taken.name not in groups:
            yield taken.replace(kind=Parameter.KEYWORD_ONLY)
            continue
        group = groups[taken.name]
        hints = get_type_hints(group, include_extras=True)
        for field in fields(group):
            yield Parameter(
                field.name, Parameter.KEYWORD_ONLY, default=field.default, annotation=hints[field.name]
            )
