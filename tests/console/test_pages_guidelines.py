"""The guideline of an incident in a browser: write, preview, publish, compare, and who has heard of it."""

from pathlib import Path

import pytest

from incidents.store.engine import Store
from incidents.store.guidelines import guidelines_of
from tests.console.browsing import Browser, statements_of, welcome
from tests.console.command_line import declared, run, write

HOSTILE = (
    "# <script>alert(1)</script> {{ 7*7 }}\n\n"
    "\u202eevil [a](javascript:alert(1)) ![x](https://evil.example/x.png)"
)


def published(home: Path, incident: str, **bodies: str) -> None:
    files = [
        word
        for language, body in bodies.items()
        for word in ("--file", str(write(home / f"{language}.md", body)), "--language", language)
    ]
    run("guideline", "publish", incident, *files, "--title", "Attack footage", "--as", "ada-l")


def versions(store: Store, incident: str) -> list[tuple[int, str, str]]:
    with store.read() as work:
        return [(each.version, each.language, each.body) for each in guidelines_of(work, incident)]


def test_a_guideline_is_written_looked_at_and_published_in_two_languages(
    visiting: Browser, store: Store
) -> None:
    incident = declared()
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "ada-l")
    assert page in visiting.get(f"/incidents/{incident}").text
    assert "No guideline is in force" in visiting.get(page).text
    english = {
        "language-0": "en",
        "body-0": "**Every** copy.\r\n\r\n| a | b |\r\n|--:|---|\r\n| 1 | 2 |",
    }
    seen = visiting.submit(page, f"{page}/publish", **english, do="preview")
    assert "<strong>Every</strong> copy." in seen.text
    assert '<td align="right">1</td>' in seen.text
    assert versions(store, incident) == []
    assert 'name="language-1"' in seen.text
    german = {"language-1": "de", "body-1": "Alle Kopien entfernen."}
    done = visiting.submit(page, f"{page}/publish", **english, **german, do="publish")
    assert "in force" in done.text
    assert "Alle Kopien entfernen." in done.text
    assert [each[:2] for each in versions(store, incident)] == [(1, "de"), (1, "en")]
    assert "\r" not in versions(store, incident)[1][2]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"body-0": " "}, "has no text"),
        ({"language-0": "English!"}, "is no language"),
        ({"language-1": "en", "body-1": "Again"}, "Each language stands in a version once"),
        ({"effective": "tomorrow"}, "is no time"),
        ({"body-0": "a\0b"}, "NUL"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_written_stays(
    visiting: Browser, store: Store, wrong: dict[str, str], said: str
) -> None:
    incident = declared()
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "ada-l")
    typed = {"title": "Attack footage", "language-0": "en", "body-0": "Remove it.", "do": "publish"}
    answer = visiting.submit(page, f"{page}/publish", **typed | wrong)
    assert answer.status_code in {400, 422}
    assert said in answer.text
    if answer.status_code == 422:
        assert 'value="Attack footage"' in answer.text
    assert versions(store, incident) == []


def test_two_who_write_the_next_version_do_not_replace_each_other(
    home: Path, visiting: Browser, store: Store
) -> None:
    incident = declared()
    published(home, incident, en="Remove it.")
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "ada-l")
    mine = {"was": "1", "language-0": "en", "body-0": "Remove every copy.", "do": "publish"}
    published(home, incident, en="Blur it.")
    late = visiting.post(f"{page}/publish", data=visiting.csrf | mine)
    assert late.status_code == 422
    assert "was published since you began" in late.text
    assert "Remove every copy.</textarea>" in late.text
    assert [each[0] for each in versions(store, incident)] == [1, 2]


def test_versions_are_compared_in_each_language(home: Path, visiting: Browser, store: Store) -> None:
    incident = declared()
    published(home, incident, en="Remove it.\n\nNews: keep.", fr="Supprimer.")
    published(home, incident, en="Remove every copy.\n\nNews: keep.", de="Entfernen.")
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "ada-l")
    told = visiting.get(f"{page}/changes?from=1&to=2").text
    assert "<ins>Remove every copy.</ins>" in told
    assert "<del>Remove it.</del>" in told
    assert "News: keep." not in told
    assert "Written in one of the two alone: de, fr." in told
    assert visiting.get(f"{page}/changes?from=1&to=9").status_code == 404
    assert visiting.get(f"{page}?version=9").status_code == 404
    old = visiting.get(f"{page}?version=1").text
    assert "Supprimer." in old
    assert '<span class="tag">superseded</span>' in old


def test_who_has_heard_of_which_version_is_shown(home: Path, visiting: Browser, store: Store) -> None:
    incident = declared()
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "ada-l")
    published(home, incident, en="Remove it.")
    assert "No team was asked" in visiting.get(page).text
    run("ask", incident, "--team", "english", "--text", "Read it", "--as", "ada-l")
    assert "not yet; due" in visiting.get(page).text
    run("acknowledge", f"ask:{incident}:english:1", "--note", "On it", "--as", "fay-e")
    assert "On it" in visiting.get(page).text
    assert "not yet; due" not in visiting.get(page).text


def test_partners_read_what_is_in_force_and_nothing_else(home: Path, visiting: Browser, store: Store) -> None:
    incident = declared()
    published(home, incident, en="Remove it.")
    published(home, incident, en="Blur it.")
    run("ask", incident, "--team", "english", "--text", "Read it", "--as", "ada-l")
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "dev-e")
    assert f'href="{page}"' in visiting.get("/").text
    for path in (page, f"{page}?version=1"):
        shown = visiting.get(path).text
        assert "Blur it." in shown
        assert "Remove it." not in shown
        assert "Who has heard" not in shown
        assert f"{page}/publish" not in shown
    assert visiting.get(f"{page}/changes?from=1&to=2").status_code == 403
    typed = {"was": "2", "language-0": "en", "body-0": "Allow it.", "do": "publish"}
    assert visiting.post(f"{page}/publish", data=visiting.csrf | typed).status_code == 403
    run("restrict", incident, "--reason", "Names of victims", "--as", "ada-l")
    assert visiting.get(page).status_code == 403


def test_a_reviewer_reads_but_does_not_write_it(visiting: Browser, store: Store) -> None:
    incident = declared()
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "bo-r")
    assert f"{page}/publish" not in visiting.get(page).text
    typed = {"was": "0", "language-0": "en", "body-0": "Allow it.", "do": "publish"}
    assert visiting.post(f"{page}/publish", data=visiting.csrf | typed).status_code == 403


def test_hostile_text_stays_text(visiting: Browser, store: Store) -> None:
    incident = declared()
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "ada-l")
    typed = {"title": HOSTILE[:40], "language-0": "en", "body-0": HOSTILE}
    shown = [visiting.submit(page, f"{page}/publish", **typed, do="preview")]
    shown.append(visiting.submit(page, f"{page}/publish", **typed, do="publish"))
    visiting.submit(page, f"{page}/publish", **typed | {"body-0": f"More {HOSTILE}"}, do="publish")
    shown.append(visiting.get(f"{page}/changes?from=1&to=2"))
    for answer in shown:
        assert answer.status_code == 200
        assert "<script" not in answer.text
        assert "<img" not in answer.text
        assert 'href="javascript' not in answer.text
        assert "{{ 7*7 }}" in answer.text


def test_as_many_statements_for_many_versions_as_for_one(home: Path, visiting: Browser, store: Store) -> None:
    incident = declared()
    page = f"/incidents/{incident}/guidelines"
    welcome(visiting, store, "ada-l")
    published(home, incident, en="Remove it.")
    few = statements_of(visiting, page)
    for number in range(4):
        published(home, incident, en=f"Remove it {number}.", de="Entfernen.")
        run("ask", incident, "--team", "english", "--text", f"Read {number}", "--as", "ada-l")
    assert statements_of(visiting, page) == few
