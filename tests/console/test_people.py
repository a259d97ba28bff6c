"""Who a door believes to be on its other side."""

import pytest

from console.people import acting_person, operator
from incidents.catalogue.load import load_catalogue
from incidents.catalogue.model import Catalogue
from incidents.errors import NotAuthorised
from incidents.people import Person, Role
from incidents.settings import Settings

MARIA = Person(id="maria", roles=frozenset({Role.commander}))
TOMASZ = Person(id="tomasz", roles=frozenset({Role.partner_reviewer}), team="english")


@pytest.fixture
def fresh() -> Catalogue:
    return load_catalogue()


@pytest.fixture
def team(fresh: Catalogue) -> Catalogue:
    return fresh.model_copy(update={"people": (MARIA, TOMASZ)})


@pytest.fixture(autouse=True)
def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: "Maria")


def test_the_named_person_acts_before_the_settings_and_the_login(team: Catalogue) -> None:
    settings = Settings(person="maria")
    assert acting_person(settings, team, "tomasz") == TOMASZ
    assert acting_person(settings, team) == MARIA
    assert acting_person(Settings(), team) == MARIA


def test_on_a_fresh_installation_the_operator_acts_with_every_role(fresh: Catalogue) -> None:
    acts = acting_person(Settings(), fresh)
    assert acts.id == "maria"
    assert acts.roles == frozenset(Role)
    assert acting_person(Settings(), fresh, "Maria") == acts
    assert acting_person(Settings(person="night-shift"), fresh).id == "night-shift"


def test_nobody_else_acts_on_a_fresh_installation(fresh: Catalogue) -> None:
    with pytest.raises(NotAuthorised, match=r"people\.yaml is empty, so maria alone acts"):
        acting_person(Settings(), fresh, "somebody")


def test_an_unknown_person_is_told_who_is_known_and_what_to_do(team: Catalogue) -> None:
    with pytest.raises(NotAuthorised, match=r"called eve(?s:.*)Known: maria, tomasz.*--as") as refused:
        acting_person(Settings(), team, "eve")
    assert refused.value.codes == ("PERSON_UNKNOWN",)


def test_the_drill_cast_acts_in_drills_alone(team: Catalogue, fresh: Catalogue) -> None:
    assert acting_person(Settings(), team, "ada", drill=True).id == "ada"
    assert acting_person(Settings(), fresh, "ada", drill=True).roles != frozenset(Role)
    with pytest.raises(NotAuthorised, match="drill cast"):
        acting_person(Settings(), team, "ada")


def test_a_login_name_that_is_no_id_is_made_one_and_never_the_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, told in {"Bo Riis": "bo-riis", "watchfloor": "watchfloor-operator", "ø": "operator"}.items():
        monkeypatch.setattr("getpass.getuser", lambda name=name: name)
        assert operator(Settings()).id == told
