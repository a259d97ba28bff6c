"""A site's own catalogue files, and at which line a mistake in one of them is told."""

from collections.abc import Callable
from pathlib import Path

import pytest

from incidents.catalogue.load import FILES, SHIPPED, check_catalogue, load_catalogue
from incidents.errors import BadInput

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference" / "catalogue.md").read_text(encoding="utf-8")


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write files of a site, `write("teams.yaml", text)`, and give its folder."""

    def _write(name: str, text: str | bytes) -> Path:
        raw = text.encode() if isinstance(text, str) else text
        (tmp_path / name).write_bytes(raw)
        return tmp_path

    return _write


def found(site: Path) -> list[tuple[str, int, int, str]]:
    return [(Path(p.file).name, p.line, p.column, p.where) for p in check_catalogue(site)]


TEAMS = """\
version: 3
teams:
  - id: all
    title: Everybody
    languages: [en, und]
    channels: [desk]
    reviewers: 2
"""
CHANNELS = "version: 1\nchannels:\n  - {id: desk, kind: file, folder: outbox/desk}\n"
CAST = "version: 1\ndrill_people:\n  - {id: ada, roles: [commander]}\n"
PROTOCOL = """\
version: 1
protocols:
  - id: default
    version: 1
    title: Ours
    activation_types: [{id: a, title: A, sentence: A.}]
    entry_criteria: [{id: a, question: "A?"}]
    exit_criteria: [{id: a, question: "A?"}]
    stages: [{id: one, title: One, phase: declared, sentence: One.}]
    roles: [commander]
    notifications:
      - {id: n, whom: N, stage: two, team: nobody, sentence: N.}
    clocks:
      - {id: c, stage: three, minutes: 5, sentence: C.}
    debrief: {due_days: 1, questions: [{question: "A?"}]}
"""


def own_site(write: Write) -> Path:
    """A site with one team, which none of the shipped protocols and people know."""
    write("channels.yaml", CHANNELS)
    write("drill_people.yaml", CAST)
    write("detection.yaml", "version: 1\ndetection_rules: []\n")
    write("protocols.yaml", PROTOCOL.replace("two", "one").replace("three", "one").replace("nobody", "all"))
    return write("teams.yaml", TEAMS)


def test_a_file_of_the_site_replaces_the_shipped_one_whole(write: Write) -> None:
    ours = load_catalogue(own_site(write))
    assert [team.id for team in ours.teams] == ["all"]
    assert ours.policies == load_catalogue().policies


def test_the_version_changes_with_the_content_and_not_with_the_layout(write: Write) -> None:
    site = own_site(write)
    was = load_catalogue(site).version
    assert len(was) == 12
    write("teams.yaml", "# a comment\n\n" + TEAMS.replace("[en, und]", "['en',   und]"))
    assert load_catalogue(site).version == was
    write("teams.yaml", TEAMS.replace("Everybody", "All of us"))
    assert load_catalogue(site).version != was


def test_a_shipped_file_that_does_not_fit_the_site_says_which_file_to_bring(write: Write) -> None:
    write("channels.yaml", CHANNELS)
    problems = check_catalogue(write("teams.yaml", TEAMS))
    advice = "put your own drill_people.yaml beside your teams.yaml"
    assert [p for p in problems if p.file == str(SHIPPED / "drill_people.yaml") and advice in p.message]


def test_a_person_is_reminded_in_a_channel_that_there_is(write: Write) -> None:
    site = own_site(write)
    people = "version: 1\npeople:\n  - {id: maria, roles: [reviewer], channel: desk}\n"
    write("people.yaml", people)
    known = load_catalogue(site)
    assert known.reached("maria") == known.reached("reviewer") == known.reached("all") == ("desk",)
    assert known.reached("ada", drill=True) == ()
    write("people.yaml", people.replace("channel: desk", "channel: pigeon"))
    assert found(site) == [("people.yaml", 3, 45, "people[0].channel")]


def test_country_codes_and_numbers_mean_what_they_look_like(write: Write) -> None:
    site = own_site(write)
    write("teams.yaml", TEAMS.replace("[en, und]", "[no, on, und]"))
    assert load_catalogue(site).team("all").languages == ("no", "on", "und")


# Mistakes, each with its line.


@pytest.mark.parametrize(
    ("text", "line", "column", "where", "message"),
    [
        # YAML itself
        ("version: 1\nteams: [\n", 3, 1, "", "this is not YAML"),
        ("version: 1\nteams:\n\t- a\n", 3, 1, "", "this is not YAML"),
        ("version: 1\n---\nversion: 1\n", 2, 1, "", "this is not YAML"),
        ("version: 1\nteams: &a []\nmore: *a\n", 2, 8, "", "anchors and aliases"),
        ("version: 1\nteams: *a\n", 2, 8, "", "anchors and aliases"),
        ("version: 1\nteams: []\x01\n", 2, 10, "", "control character"),
        (b"version: 1\n# caf\xe9\n", 2, 6, "", "not UTF-8"),
        ("version: 1\n".encode("utf-16"), 1, 1, "", "not UTF-8"),
        ("[" * 5000, 1, 1, "", "nested too deeply"),
        # the outline of the file
        ("", 1, 1, "", "this is empty"),
        ("# nothing\n", 1, 1, "", "this is empty"),
        ("- id: all\n", 1, 1, "", "this is a list"),
        ("\nteams\n", 2, 1, "", "this is a single value"),
        (TEAMS.replace("version: 3\n", ""), 1, 1, "version", "`version` is missing"),
        ("version: 1\n", 1, 1, "teams", "`teams` is missing"),
        ("version: 1\nteams: []\n", 2, 8, "teams", "at least one"),
        ("version: 1\nteams: {}\n", 2, 8, "teams", "must be a list"),
        (TEAMS.replace("version: 3", 'version: "3"'), 1, 10, "version", "whole number from 1, not '3'"),
        (TEAMS.replace("version: 3", "version: 0"), 1, 10, "version", "whole number from 1, not 0"),
        (TEAMS.replace("version: 3", "version: true"), 1, 10, "version", "whole number from 1, not True"),
        (TEAMS + "extra: 1\n", 8, 1, "extra", "`extra` is not a field here"),
        # the entries
        (TEAMS + "version: 4\n", 8, 1, "version", "`version` is given twice"),
        (TEAMS + "    title: Again\n", 8, 5, "teams[0].title", "`title` is given twice"),
        (TEAMS + "    ? [a]\n    : b\n", 8, 7, "teams[0]", "a key must be a word"),
        (TEAMS.replace("Everybody", "!!set {}"), 4, 12, "teams[0].title", "should be a valid string"),
        (TEAMS.replace("Everybody", "!secret x"), 4, 12, "teams[0].title", "the tag !secret is not used"),
        (TEAMS + "    batchsize: 5\n", 8, 5, "teams[0].batchsize", "is it `batch_size`?"),
        (TEAMS + "    zzz: 5\n", 8, 5, "teams[0].zzz", "`zzz` is not a field here"),
        (TEAMS + "    batch_size: many\n", 8, 17, "teams[0].batch_size", "valid integer, not 'many'"),
        (TEAMS + '    batch_size: "5"\n', 8, 17, "teams[0].batch_size", "valid integer, not '5'"),
        (TEAMS + "    batch_size: 0\n", 8, 17, "teams[0].batch_size", "greater than or equal to 1, not 0"),
        (TEAMS + "    batch_size:\n", 8, 16, "teams[0].batch_size", "valid integer, not None"),
        (TEAMS + "    batch_size: 5.5\n", 8, 17, "teams[0].batch_size", "valid integer"),
        (TEAMS.replace("    title: Everybody\n", ""), 3, 5, "teams[0].title", "`title` is missing"),
        (TEAMS.replace("[en, und]", "[en, und, xxxx]"), 5, 26, "teams[0].languages[2]", "match pattern"),
        (TEAMS.replace("[en, und]", "und"), 5, 16, "teams[0].languages", "valid array, not 'und'"),
        (TEAMS + "  - nobody\n", 8, 5, "teams[1]", "must be a mapping"),
        (TEAMS + TEAMS.split("teams:\n")[1], 8, 9, "teams[1].id", "the id `all` is taken at line 3"),
        # between entries
        (TEAMS.replace("[desk]", "[desk, phone]"), 6, 22, "teams[0].channels[1]", "not among the channels"),
        (TEAMS.replace(", und", ""), 3, 3, "teams", "no team takes `und`"),
        (TEAMS.replace("    reviewers: 2\n", ""), 3, 5, "teams[0].reviewers", "how many reviewers?"),
    ],
)
def test_a_mistake_is_told_with_its_line(
    write: Write, text: str | bytes, line: int, column: int, where: str, message: str
) -> None:
    site = own_site(write)
    write("teams.yaml", text)
    problems = [p for p in check_catalogue(site) if p.file == str(site / "teams.yaml")]
    assert [(p.line, p.column, p.where) for p in problems if message in p.message] == [(line, column, where)]


def test_an_approver_is_a_role_or_a_team(write: Write) -> None:
    site = own_site(write)
    text = (site / "protocols.yaml").read_text(encoding="utf-8")
    write("protocols.yaml", text + "    approvals: [{audience: public, by: [all, policy, nobody]}]\n")
    [problem] = check_catalogue(site)
    assert "`nobody` is neither a role nor among the teams" in problem.message


def test_a_question_of_the_debrief_goes_to_a_role_or_a_team(write: Write) -> None:
    site = own_site(write)
    text = (site / "protocols.yaml").read_text(encoding="utf-8")
    asked = "[{ask: policy, question: 'A?'}, {ask: all, question: 'B?'}, {ask: nobody, question: 'C?'}]"
    write("protocols.yaml", text.replace('[{question: "A?"}]', asked))
    [problem] = check_catalogue(site)
    assert problem.where.endswith("debrief.questions[2].ask")
    assert "`nobody` is neither a role nor among the teams" in problem.message


def test_a_mistake_in_one_file_is_not_told_again_in_others(write: Write) -> None:
    site = own_site(write)
    write("teams.yaml", "version: 1\nteams: [\n")
    assert [name for name, *_ in found(site)] == ["teams.yaml"]


def test_the_check_goes_on_after_the_first_mistake(write: Write) -> None:
    site = own_site(write)
    write("teams.yaml", TEAMS.replace("Everybody", "''") + "    pace: 3\n    ack_minutes: soon\n")
    write(
        "channels.yaml", CHANNELS + "  - {id: post, kind: pigeon}\n  - {id: wire}\n  - {id: Desk, kind: file}\n"
    )
    assert found(site) == [
        ("channels.yaml", 4, 22, "channels[1].kind"),
        ("channels.yaml", 5, 5, "channels[2].kind"),
        ("channels.yaml", 6, 5, "channels[3].folder"),
        ("channels.yaml", 6, 10, "channels[3].id"),
        ("teams.yaml", 4, 12, "teams[0].title"),
        ("teams.yaml", 8, 5, "teams[0].pace"),
        ("teams.yaml", 9, 18, "teams[0].ack_minutes"),
    ]


def test_a_channel_is_checked_against_its_kind(write: Write) -> None:
    site = own_site(write)
    more = """\
  - {id: hook, kind: webhook, url: "nowhere", secret: legal}
  - {id: mail, kind: email, to: []}
  - {id: talk, kind: chat}
  - {id: both, kind: chat, url: "https://chat.example.org/x", secret: talk}
  - {id: extra, kind: file, folder: x, url: "https://example.org"}
"""
    write("channels.yaml", CHANNELS + more)
    assert found(site) == [
        ("channels.yaml", 4, 36, "channels[1].url"),
        ("channels.yaml", 5, 33, "channels[2].to"),
        ("channels.yaml", 6, 5, "channels[3]"),
        ("channels.yaml", 7, 5, "channels[4]"),
        ("channels.yaml", 8, 40, "channels[5].url"),
    ]


def test_a_protocol_is_checked_for_its_teams_stages_and_roles(write: Write) -> None:
    site = own_site(write)
    write("protocols.yaml", PROTOCOL.replace("roles: [commander]", "roles: [captain]"))
    assert found(site) == [
        ("protocols.yaml", 10, 13, "protocols[0].roles[0]"),
        ("protocols.yaml", 12, 33, "protocols[0].notifications[0].stage"),
        ("protocols.yaml", 12, 44, "protocols[0].notifications[0].team"),
        ("protocols.yaml", 14, 24, "protocols[0].clocks[0].stage"),
    ]


def test_the_default_protocol_must_be_there(write: Write) -> None:
    site = own_site(write)
    text = (site / "protocols.yaml").read_text().replace("id: default", "id: ours")
    write("protocols.yaml", text)
    assert found(site) == [("protocols.yaml", 3, 3, "protocols")]


SEVERITIES = """\
version: 1
severities:
  - id: sev1
    title: Critical
    sentence: All of it.
    clocks: {acknowledge_minutes: 1, brief_minutes: 1, assess_gate_minutes: 1, stand_down_gate_minutes: 1,
             action_due_days: 1}
    review_days: {evidence: 1, draft: 1, interviews: 2, reading: 3, approvals: 3, signature: 4, publication: 4}
priority_rules:
  - {id: one, sentence: One., when: [{harm: 4}], severity: sev1}
  - {id: rest, sentence: Rest., when: [{}], severity: sev1}
"""


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [
        ("[{}], severity: sev1", "[{}], severity: sev2", (11, 55, "priority_rules[1].severity")),
        ("[{}]", "[{harm: 1}]", (11, 39, "priority_rules[1].when")),
        ("[{harm: 4}]", "[{harm: 4}, {}]", (10, 37, "priority_rules[0].when")),
        ("harm: 4", "harm: 5", (10, 45, "priority_rules[0].when[0].harm")),
        ("harm: 4", "any_jurisdiction: [de]", (10, 58, "priority_rules[0].when[0].any_jurisdiction[0]")),
        ("reading: 3", "reading: 4", (8, 18, "severities[0].review_days")),
        ("action_due_days: 1", "action_due_days: 0", (7, 31, "severities[0].clocks.action_due_days")),
    ],
)
def test_a_priority_rule_is_checked(write: Write, was: str, now: str, expected: tuple[int, int, str]) -> None:
    assert check_catalogue(write("severities.yaml", SEVERITIES)) == []
    site = write("severities.yaml", SEVERITIES.replace(was, now))
    assert found(site) == [("severities.yaml", *expected)]


def test_a_detection_rule_is_checked_for_its_policy_its_protocol_and_a_trigger(write: Write) -> None:
    text = """\
version: 1
detection_rules:
  - id: one
    sentence: One.
    match: {policies: [no.such]}
    group_by: [policy]
    impact: {harm: 1, jurisdictions: [de, DE]}
    policy: no.such
    protocol: none
"""
    site = write("detection.yaml", text)
    assert found(site) == [
        ("detection.yaml", 3, 5, "detection_rules[0]"),
        ("detection.yaml", 5, 24, "detection_rules[0].match.policies[0]"),
        ("detection.yaml", 8, 13, "detection_rules[0].policy"),
        ("detection.yaml", 9, 15, "detection_rules[0].protocol"),
    ]
    assert "at least one of trusted_source" in check_catalogue(site)[0].message


def test_people_are_checked_for_their_team_and_kept_apart_from_the_cast(write: Write) -> None:
    text = """\
version: 1
people:
  - {id: ada, roles: [commander]}
  - {id: eve, roles: [partner_reviewer]}
  - {id: joe, roles: [partner_lead], team: nowhere}
  - {id: kim, roles: [boss], phone: "1"}
  - {id: mia, roles: [reviewer]}
"""
    site = write("people.yaml", text)
    assert found(site) == [
        ("people.yaml", 3, 10, "people[0].id"),
        ("people.yaml", 4, 23, "people[1].roles[0]"),
        ("people.yaml", 5, 44, "people[2].team"),
        ("people.yaml", 6, 23, "people[3].roles[0]"),
        ("people.yaml", 6, 30, "people[3].phone"),
    ]


def test_a_phase_has_one_checklist(write: Write) -> None:
    one = "{id: %s, version: 1, phase: closed, items: [{id: a, text: A.}]}"
    site = write("checklists.yaml", f"version: 1\nchecklists:\n  - {one % 'a'}\n  - {one % 'b'}\n")
    assert found(site) == [("checklists.yaml", 4, 32, "checklists[1].phase")]


def test_a_duplicate_id_is_found_at_any_depth(write: Write) -> None:
    text = (SHIPPED / "policies.yaml").read_text().replace("- id: coordination", "- id: call-to-act")
    problems = check_catalogue(write("policies.yaml", text))
    assert [(p.line, p.where, p.message) for p in problems] == [
        (14, "policies[0].clauses[1].id", "the id `call-to-act` is taken at line 12")
    ]


def test_a_file_with_a_slip_in_its_name_is_told(write: Write) -> None:
    write("README.md", "ours")
    site = write("policy.yaml", "version: 1\n")
    assert found(site) == [("policy.yaml", 1, 1, "")]
    assert "policies.yaml" in check_catalogue(site)[0].message


def test_a_site_that_is_a_file_is_told(write: Write) -> None:
    assert "this is a file" in check_catalogue(write("policies", "") / "policies")[0].message


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "teams.yaml").mkdir()
    assert [p.message for p in check_catalogue(tmp_path)] == ["this cannot be read: Is a directory"]


def test_loading_lists_every_problem_on_a_line_of_its_own(write: Write) -> None:
    site = own_site(write)
    write("teams.yaml", TEAMS.replace("[desk]", "[phone]") + "    batchsize: 3\n")
    with pytest.raises(BadInput) as refused:
        load_catalogue(site)
    lines = [
        "/teams.yaml:6: teams[0].channels[0]: `phone` is not among the channels of channels.yaml",
        "/teams.yaml:8: teams[0].batchsize: `batchsize` is not a field here; is it `batch_size`?",
    ]
    assert str(refused.value).splitlines()[1:] == [f"{site}{line}" for line in lines]
    # The reference shows these very lines.
    assert "\n".join(f"catalogue{line}" for line in lines) in REFERENCE


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("odd", ["{}", "[]", "[[]]", "[{}]", "[{id: []}]", "[1, null, {id: {a: 1}}]", "text"])
def test_odd_shapes_are_told_and_never_crash(write: Write, name: str, odd: str) -> None:
    text = "version: 1\n" + "".join(f"{key}: {odd}\n" for key in FILES[name])
    for problem in check_catalogue(write(name, text)):
        assert problem.line >= 1
        assert problem.message
