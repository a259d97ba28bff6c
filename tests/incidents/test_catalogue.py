"""What the catalogue holds, and what it says about mistakes."""

from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from incidents.catalogue.load import FILES, Catalogue, check_catalogue, load_catalogue
from incidents.catalogue.teams import CATCH_ALL
from incidents.errors import NotFound
from incidents.incident.phases import Phase
from incidents.incident.severity import LEVELS, priority
from incidents.people import Person, Role

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "catalogue.md").read_text(encoding="utf-8")

LANGUAGES = "en de pt pl ru it he ar fa hi ur bn te ja th zh es fr nl und"

DSA_KEYWORDS = {
    "VIOLENCE": "COORDINATED_HARM INCITEMENT_VIOLENCE_HATRED",
    "RISK_FOR_PUBLIC_SECURITY": "ILLEGAL_ORGANIZATIONS RISK_PUBLIC_HEALTH TERRORIST_CONTENT",
    "NEGATIVE_EFFECTS_ON_CIVIC_DISCOURSE_OR_ELECTIONS": "MISINFORMATION_DISINFORMATION",
    "ILLEGAL_OR_HARMFUL_SPEECH": "DEFAMATION DISCRIMINATION HATE_SPEECH",
    "CYBER_VIOLENCE": "CYBER_BULLYING_INTIMIDATION CYBER_HARASSMENT CYBER_INCITEMENT CYBER_STALKING "
    "NON_CONSENSUAL_IMAGE_SHARING NON_CONSENSUAL_MATERIAL_DEEPFAKE",
    "PROTECTION_OF_MINORS": "CHILD_SEXUAL_ABUSE_MATERIAL GROOMING_SEXUAL_ENTICEMENT_MINORS",
    "SELF_HARM": "SELF_MUTILATION SUICIDE",
    "SCAMS_AND_FRAUD": "IMPERSONATION_ACCOUNT_HIJACKING INAUTHENTIC_ACCOUNTS PHISHING",
}
"""Which keywords the DSA Transparency Database documents for a category; its server does not check them."""


@pytest.fixture(scope="module")
def shipped() -> Catalogue:
    return load_catalogue()


# What ships.


def test_the_shipped_catalogue_has_no_problem() -> None:
    assert check_catalogue() == []


def test_a_site_that_does_not_exist_is_the_shipped_catalogue(tmp_path: Path, shipped: Catalogue) -> None:
    assert load_catalogue(tmp_path / "nowhere") == shipped


@pytest.mark.parametrize("language", LANGUAGES.split())
def test_every_language_has_a_team_with_a_lead_and_two_reviewers(shipped: Catalogue, language: str) -> None:
    team = shipped.team_for_language(language)
    assert language in team.languages
    members = shipped.members(team.id, drill=True)
    assert [p for p in members if Role.partner_lead in p.roles]
    reviewers = [p for p in members if Role.partner_reviewer in p.roles]
    assert len(reviewers) >= 2
    # Somebody of the drill cast reads it, so that no drill stops for want of a reader.
    assert [p for p in members if language in p.languages]


@pytest.mark.parametrize(
    ("language", "team"),
    [
        ("pt-BR", "iberia-latin-america"),
        ("zh_Hant_TW", "east-asia"),
        ("DE", "western-europe"),
        ("sw", "world"),
        ("und", "world"),
        ("", "world"),
        (None, "world"),
    ],
)
def test_a_language_that_no_team_reads_goes_to_the_catch_all(
    shipped: Catalogue, language: str | None, team: str
) -> None:
    assert shipped.team_for_language(language).id == team


def test_where_two_teams_read_a_language_the_first_gets_it(shipped: Catalogue) -> None:
    second = shipped.team("english").model_copy(update={"id": "second"})
    assert (
        shipped.model_copy(update={"teams": (*shipped.teams, second)}).team_for_language("en").id == "english"
    )


def test_without_a_catch_all_an_unread_language_is_not_found() -> None:
    with pytest.raises(NotFound, match=CATCH_ALL):
        Catalogue(version="").team_for_language("en")


def test_functional_teams_receive_asks_and_no_batches(shipped: Catalogue) -> None:
    for name in ("legal", "communications"):
        assert shipped.team(name).languages == ()
        assert shipped.members(name, drill=True)


def test_every_team_is_reached_through_a_folder_of_its_own(shipped: Catalogue) -> None:
    for team in shipped.teams:
        channel = shipped.channel(team.channels[0])
        assert channel.kind == "file"
        assert channel.folder == Path("outbox") / team.id


def test_real_use_starts_with_nobody_and_a_drill_with_its_cast(shipped: Catalogue) -> None:
    assert shipped.people == ()
    with pytest.raises(NotFound, match="no person ada"):
        shipped.person("ada")
    ada = shipped.person("ada", drill=True)
    assert type(ada) is Person
    assert ada.roles == {Role.commander, Role.analyst}
    assert shipped.person("bo", drill=True).roles == {Role.reviewer}
    assert shipped.person("cleo", drill=True).roles == {Role.policy}


def test_every_phase_has_a_checklist(shipped: Catalogue) -> None:
    for phase in Phase:
        assert shipped.items_to_check(phase)


def test_the_drill_cast_can_fill_the_roles_of_every_protocol(shipped: Catalogue) -> None:
    held = {role for person in shipped.drill_people for role in person.roles}
    for protocol in shipped.protocols:
        assert set(protocol.roles) <= held


def test_the_protocols_that_ship(shipped: Catalogue) -> None:
    assert [protocol.id for protocol in shipped.protocols] == ["default", "gifct", "elections", "unrest"]
    assert shipped.protocol().id == "default"
    for protocol in shipped.protocols:
        questions = [*protocol.entry_criteria, *protocol.exit_criteria]
        assert all(criterion.question.endswith("?") for criterion in questions)


def test_worse_severities_have_shorter_clocks(shipped: Catalogue) -> None:
    clocks = [each.clocks.model_dump() | each.review_days.model_dump() for each in shipped.severities]
    assert [severity.id for severity in shipped.severities] == ["sev1", "sev2", "sev3", "sev4"]
    for name in clocks[0]:
        numbers = [clock[name] for clock in clocks]
        assert numbers == sorted(set(numbers)), name


def test_dsa_keywords_belong_to_their_category(shipped: Catalogue) -> None:
    for policy in shipped.policies:
        dsa = policy.crosswalk.dsa
        allowed = DSA_KEYWORDS.get(dsa.category.removeprefix("STATEMENT_CATEGORY_"), "").split()
        assert {word.removeprefix("KEYWORD_") for word in dsa.keywords} <= set(allowed), policy.id


def test_what_detection_proposes_is_urgent_where_an_attack_is_reported(shipped: Catalogue) -> None:
    [proposed] = [rule.impact for rule in shipped.detection_rules if rule.id == "attack-alert"]
    assert priority(proposed, shipped.priority_rules).severity == "sev1"


@pytest.mark.parametrize(
    "lookup",
    ["policy", "severity", "protocol", "team", "channel", "person"],
)
def test_what_is_not_there_is_not_found(shipped: Catalogue, lookup: str) -> None:
    with pytest.raises(NotFound, match="nonsense"):
        getattr(shipped, lookup)("nonsense")


# The reference.


def models(kind: object) -> list[type[BaseModel]]:
    """Every model within a type, outermost first."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        inner = [field.annotation for field in kind.model_fields.values()]
        return [kind, *(model for annotation in inner for model in models(annotation))]
    return [model for argument in get_args(kind) for model in models(argument)]


MODELS = list(dict.fromkeys(m for lists in FILES.values() for kind in lists.values() for m in models(kind)))


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_the_reference_has_every_field_of_every_model(model: type[BaseModel]) -> None:
    section = REFERENCE.split(f"\n### {model.__name__}\n")[1].split("\n#")[0]
    rows = {row.split(" |")[0]: row for row in section.splitlines() if row.startswith("| `")}
    assert list(rows) == [f"| `{name}`" for name in model.model_fields]
    for name, about in model.model_fields.items():
        assert rows[f"| `{name}`"].endswith(f"| {about.description} |" if about.description else "|")


def test_the_reference_has_every_file_every_list_and_every_step_of_impact() -> None:
    for name, lists in FILES.items():
        section = REFERENCE.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert all(f"| `{key}` |" in section for key in lists)
    for levels in LEVELS.values():
        for step, level in enumerate(levels):
            assert f"| {step} | {level.name} | {level.sentence} |" in REFERENCE
