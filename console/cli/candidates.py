"""An incident that is described by hand, and an impact, as they are typed at the command line."""

from dataclasses import dataclass

from pydantic import ValidationError

from console.cli.options import ImpactOptions
from incidents.errors import BadInput
from incidents.incident.severity import Impact
from incidents.store.by_hand import Described


@dataclass(frozen=True)
class CandidateForm:
    """What somebody typed of an incident that nothing detected."""

    title: str | None
    policy: str | None
    protocol: str | None
    impact: ImpactOptions

    @property
    def says_more_than_title(self) -> bool:
        """Whether anything was typed that an existing candidate has already."""
        return self.impact.is_given or any((self.policy, self.protocol))


def changed_impact(was: Impact, typed: ImpactOptions) -> Impact:
    """The impact with what was typed of it."""
    given = {name: value for name, value in vars(typed).items() if value is not None}
    try:
        return Impact.model_validate(was.model_dump() | given)
    except ValidationError as error:
        wrong = ", ".join(str(each["input"]) for each in error.errors())
        raise BadInput(f"A country is two letters (ISO 3166), such as DE; not {wrong}.") from error


def describe(form: CandidateForm) -> Described:
    """What was typed, as a description of an incident."""
    return Described(
        title=form.title or "",
        impact=changed_impact(Impact(), form.impact),
        policy=form.policy,
        protocol=form.protocol,
    )
