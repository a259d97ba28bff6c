"""Which clauses a reviewer is offered first."""

from incidents.catalogue.load import load_catalogue
from incidents.settings import Settings
from incidents.sweeps.choices import NEAREST, choices

POLICIES = load_catalogue(Settings().catalogue_folder).policies


def test_the_incident_s_own_policy_comes_first_and_its_family_next() -> None:
    found = choices(POLICIES, "violence.threat")
    assert [choice.key for choice in found[:2]] == ["violence.threat/specific", "violence.threat/general"]
    assert {choice.policy.partition(".")[0] for choice in found[:NEAREST]} == {"violence"}
    assert sorted(choice.key for choice in found) == sorted(
        f"{policy.id}/{clause.id}" for policy in POLICIES for clause in policy.clauses
    )


def test_without_a_policy_they_come_as_the_catalogue_has_them() -> None:
    for about in (None, "no.such"):
        assert choices(POLICIES, about)[0].policy == POLICIES[0].id
