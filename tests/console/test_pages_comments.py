"""Comments on a retrospective, in a browser and at the command line."""

from incidents.settings import Settings
from incidents.store.comments import threads_of
from incidents.store.engine import Store
from incidents.store.reviews import find_review
from tests.console.browsing import Browser, browser, form_on, statements_of, welcome
from tests.console.command_line import run, told
from tests.console.reviewed import drafted

HOSTILE = "<script>alert(1)</script> {{ 7*7 }} \u202eevil"


def comment(visiting: Browser, incident: str, text: str, about: str = "") -> str:
    here = f"/retrospectives/{incident}/comments"
    return str(visiting.submit(here, f"{here}/write", text=text, about=about).text)


def test_a_thread_is_begun_answered_and_resolved(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    page = visiting.get(here).text
    assert f'href="{here}/comments?about=Impact#write"' in page
    assert "Comment on it" in page
    assert 'value="Impact"' in visiting.get(f"{here}/comments?about=Impact").text
    assert "Whose clock is this?" in comment(visiting, incident, "Whose clock is this?", "Impact")
    comment(visiting, incident, "It reads well")
    page = visiting.get(here).text
    assert "1 open comment" in page
    assert "All 2 threads" in page
    answered = visiting.submit(f"{here}/comments", f"{here}/comments/answer", text="The platform's").text
    assert answered.index("Whose clock") < answered.index("The platform&#39;s")
    fields = form_on(answered, f"{here}/comments/answer")
    empty = visiting.post(f"{here}/comments/resolve", data=fields | {"text": " "})
    assert empty.status_code == 422
    card = empty.text[empty.text.index('id="c1"') :]
    assert card.index("REASON_MISSING") < card.index("</article>")
    resolved = visiting.post(f"{here}/comments/resolve", data=fields | {"text": "Said under Impact"}).text
    assert resolved.index("It reads well") < resolved.index("Said under Impact")
    assert "open comment" not in visiting.get(here).text[: visiting.get(here).text.index('id="moves"')]


def test_a_place_that_the_version_has_not_is_refused_and_the_words_stay(
    visiting: Browser, store: Store
) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    refused = comment(visiting, incident, "Half an hour of writing", "Nowhere")
    assert "has no place" in refused
    assert "Half an hour of writing</textarea>" in refused
    assert 'value="Nowhere"' in refused


def test_open_comments_warn_who_signs_and_refuse_nobody(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    assert "You may sign all the same" not in visiting.get(here).text
    comment(visiting, incident, "Whose clock is this?", f"{incident}#1")
    page = visiting.get(here).text
    form = page[page.index('id="do-sign"') :]
    assert form.index("1 comment is open") < form.index("</form>")
    visiting.submit(here, f"{here}/sign", reason="It says what happened")
    with store.read() as work:
        assert find_review(work, incident).signed_by == "bo-r"
    assert "It reads well" in comment(visiting, incident, "It reads well")


def test_comments_are_seen_by_whom_the_document_is_and_nobody_else(
    settings: Settings, visiting: Browser, store: Store
) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    comment(visiting, incident, "Between ourselves", "Impact")
    here = f"/retrospectives/{incident}"
    assert "Between ourselves" not in visiting.get(f"{here}/for/public").text
    for ending in ("md", "html"):
        assert "Between ourselves" not in visiting.get(f"{here}/file.{ending}").text
        assert "omment" not in visiting.get(f"{here}/file.{ending}").text
    with browser(settings) as partner:
        assert welcome(partner, store, "cleo-l").get(f"{here}/comments").status_code == 403
    run("restrict", incident, "--reason", "Names of victims", "--as", "ada-l")
    assert visiting.get(f"{here}/comments").status_code == 403
    run("review", "comments", incident, "--as", "bo-r", code=1)


def test_the_command_line_says_the_same(visiting: Browser, store: Store) -> None:
    incident = drafted()
    word = ("review", "comment", incident, "--as", "bo-r")
    assert told(*word, "--text", "Whose clock is this?", "--about", "impact")["number"] == 1
    told(*word, "--text", "The platform's", "--answers", "1")
    assert run(*word, "--text", "x", "--answers", "1", "--about", "Impact", code=1).exit_code == 1
    rows = told("review", "comments", incident)
    assert [(row["number"], row["answers"], row["about"]) for row in rows] == [
        (1, None, "Impact"),
        (2, 1, "Impact"),
    ]
    run("review", "resolve", incident, "1", "--reason", "Said under Impact", "--as", "ada-l")
    assert told("review", "comments", incident) == []
    [first, _] = told("review", "comments", incident, "--all")
    assert first["resolved"] == "ada-l: Said under Impact"


def test_hostile_text_stays_text(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}/comments"
    comment(visiting, incident, HOSTILE)
    visiting.submit(here, f"{here}/answer", text=HOSTILE)
    fields = form_on(visiting.get(here).text, f"{here}/answer")
    visiting.post(f"{here}/resolve", data=fields | {"text": HOSTILE})
    page = visiting.get(here).text
    assert page.count("&lt;script&gt;alert(1)") == 3
    assert "<script" not in page
    assert "\u202e" not in page
    assert "{{ 7*7 }}" in page
    assert "<script" not in visiting.get(f"{here}?about=%3Cscript%3Ealert(1)").text


def test_a_page_asks_the_database_as_often_for_many_as_for_one(visiting: Browser, store: Store) -> None:
    incident = drafted()
    welcome(visiting, store, "bo-r")
    here = f"/retrospectives/{incident}"
    comment(visiting, incident, "One", "Impact")
    few = [statements_of(visiting, path) for path in (here, f"{here}/comments")]
    for number in range(5):
        comment(visiting, incident, f"And {number}", "Impact")
    assert [statements_of(visiting, path) for path in (here, f"{here}/comments")] == few
    with store.read() as work:
        assert len(threads_of(work, incident)) == 6
