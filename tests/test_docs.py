"""The documents say what the code does: commands, settings, phases, codes, links and the README's drill."""

import ast
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from console.cli.commands import app
from console.cli.failures import hoisted
from incidents.catalogue.load import load_catalogue
from incidents.incident.incident import WAIVABLE
from incidents.incident.phases import NEXT, OPEN, SENTENCES, Phase
from incidents.settings import Settings
from tests.drill_run import DrillRun, masked
from tests.reference_pages import PAGES

ROOT = Path(__file__).parents[1]
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
NAMES = [str(path.relative_to(ROOT)) for path in DOCS]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))

WORDS = (
    *("Signal", "Candidate", "Incident", "Phase", "Severity", "Commander", "Partner", "Ask", "Acknowledgement"),
    *("Guideline", "Brief", "Sweep", "Scope", "Item", "Cluster", "Batch", "Lease", "Decision", "Certificate"),
    *("Action", "Reversal", "Timeline", "Entry", "Milestone", "Review", "Factor", "ActionItem"),
    *("Retrospective", "Shift", "Handover", "Drill"),
)
"""The words of the domain, each of which means one thing."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
HERE_DOCUMENT = re.compile(r"<<'?(\w+)'?\n.*?^\1$", re.MULTILINE | re.DOTALL)
IS_OPERATOR = re.compile(r"[|&;<>()]+")
WITHOUT_A_STACK = ("make help", "watchfloor --help", "watchfloor --version")
"""Commands of the README that are run here as they stand."""
ELSEWHERE = {
    "make drill": "the fixture first_drill",
    "make test": "this very run",
    "make up": "tests/console/test_stack.py and every test of a site",
}
"""Commands of the README that other tests run, and which."""


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


README = read(ROOT / "README.md")


def blocks(text: str, *languages: str) -> list[str]:
    return [body for language, body in FENCE.findall(text) if language in languages]


def typed(text: str) -> Iterator[list[str]]:
    """Every command of the text's code blocks, word by word, without what the shell does with it."""
    for block in blocks(text, "sh", "text", "console"):
        for line in HERE_DOCUMENT.sub("", block).splitlines():
            if not re.match(r"(\$ )?(\w+=\S+ )*(watchfloor|make|tail|python|\.venv)\b", line):
                continue
            lexer = shlex.shlex(line.removeprefix("$ "), posix=True, punctuation_chars=True)
            lexer.whitespace_split = True
            yield from parts(list(lexer))


def parts(words: list[str]) -> Iterator[list[str]]:
    """The commands of a pipe, without redirections and variables in front."""
    command: list[str] = []
    skips = False
    for word in [*words, "|"]:
        if IS_OPERATOR.fullmatch(word):
            skips = word in {">", "<", "<<"}
            if not skips:
                yield command
                command = []
        elif skips:
            skips = False
        elif command or not re.match(r"\w+=", word):
            command.append(word)


def leaf(words: list[str]) -> tuple[Any, list[str]]:
    """The command that the words lead to, and what is left of them for it."""
    command: Any = get_command(app)
    rest = hoisted(words)
    while (rest and rest[0] in {"--as", "--json"}) or (rest and rest[0].startswith("--as=")):
        rest = rest[2:] if rest[0] == "--as" else rest[1:]
    while rest and rest[0] in getattr(command, "commands", {}):
        command, rest = command.commands[rest[0]], rest[1:]
    return command, rest


def options_of(command: Any) -> set[str]:
    return {opt for param in command.params for opt in [*param.opts, *param.secondary_opts]} | {"--help"}


def typed_in(name: str) -> list[list[str]]:
    return [command for command in typed(read(ROOT / name)) if command]


COMMANDS = [
    pytest.param(command[1:], id=f"{name}: {shlex.join(command)}"[:110])
    for name in NAMES
    for command in typed_in(name)
    if command[0] == "watchfloor"
]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_in_a_code_block_can_be_typed(words: list[str]) -> None:
    """Click itself parses it: names, options, arguments that are needed, and kinds of values."""
    command, rest = leaf(words)
    if not rest and getattr(command, "no_args_is_help", False):
        pytest.fail("this prints help alone")
    if rest in (["--help"], ["--version"]):
        return
    assert command.make_context("watchfloor", list(rest), resilient_parsing=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_command_in_a_sentence_exists(name: str) -> None:
    prose = FENCE.sub("", read(ROOT / name))
    for quoted in INLINE.findall(prose):
        if not quoted.startswith("watchfloor ") or "…" in quoted:
            continue
        command, rest = leaf(shlex.split(quoted)[1:])
        assert not (getattr(command, "commands", None) and rest and not rest[0].startswith("-")), quoted
        assert {word for word in rest if word.startswith("--")} <= options_of(command), quoted


@pytest.mark.parametrize("name", NAMES)
def test_a_make_target_exists_with_its_variables(name: str) -> None:
    makefile = read(ROOT / "Makefile")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    variables = set(re.findall(r"\$\(([A-Z]+)\)", makefile))
    prose = [shlex.split(quoted) for quoted in INLINE.findall(FENCE.sub("", read(ROOT / name)))
             if quoted.startswith("make ") and "…" not in quoted]  # fmt: skip
    for words in [command for command in [*typed_in(name), *prose] if command and command[0] == "make"]:
        assert words[1] in targets, words
        assert {word.partition("=")[0] for word in words[2:]} <= variables, words


def test_every_command_of_the_readme_is_run_by_a_test() -> None:
    shown = {" ".join(command) for command in typed_in("README.md")}
    assert shown <= {*WITHOUT_A_STACK, *ELSEWHERE}, "say here which test runs it"


@pytest.mark.parametrize("command", WITHOUT_A_STACK)
def test_a_command_of_the_readme_runs(command: str) -> None:
    words = command.split()
    if words[0] == "watchfloor":
        words = [sys.executable, "-c", "from console.cli import main; main()", *words[1:]]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def excerpt(text: str, language: str, mark: str) -> list[str]:
    """The lines of the block that holds `mark`, without prompts, blank lines and what is left out."""
    block = next(block for block in blocks(text, language) if mark in block)
    return [line for line in block.splitlines() if line.strip() and not line.startswith(("$ ", "…"))]


def missing(wanted: list[str], found: list[str]) -> list[str]:
    """The lines that do not come, in this order, among those that were found; both masked."""
    left = iter([masked(line) for line in found])
    return [line for line in wanted if masked(line) not in left]


def test_the_drill_of_the_readme_is_what_a_drill_prints(first_drill: DrillRun) -> None:
    shown = excerpt(README, "text", "$ make drill")
    assert len(shown) > 15
    assert missing(shown, [*first_drill.stderr.splitlines(), *first_drill.stdout.splitlines()]) == []


def test_the_retrospective_of_the_readme_is_what_a_drill_wrote(first_drill: DrillRun) -> None:
    shown = excerpt(README, "markdown", "# Retrospective")
    assert len(shown) > 8
    assert missing(shown, first_drill.read("retrospective.md").splitlines()) == []


def test_a_line_that_a_drill_does_not_print_is_found_out() -> None:
    assert missing(["a", "c"], ["a", "b", "c"]) == []
    assert missing(["wall time: 38 s", "c", "a"], ["wall time: 1 min", "a", "b", "c"]) == ["a"]
    assert missing(["phase: closed"], ["phase: reviewing"]) == ["phase: closed"]


@pytest.mark.parametrize("name", ["README.md", "docs/reference/phases.md"])
def test_the_picture_of_the_lifecycle_is_the_table_of_moves(name: str) -> None:
    picture = next(block for block in blocks(read(ROOT / name), "mermaid") if "stateDiagram" in block)
    drawn = set(re.findall(r"^\s*(\w+) --> (\w+)", picture, re.MULTILINE))
    assert drawn == {(was.value, to.value) for was, following in NEXT.items() for to in following}


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_is_explained_in_the_words_of_the_code(phase: Phase) -> None:
    glossary, page = read(ROOT / "docs" / "glossary.md"), read(PAGES / "phases.md")
    assert f"### {phase.value}\n{SENTENCES[phase]}\n" in glossary
    row = next(line for line in page.splitlines() if line.startswith(f"| {phase.value} |"))
    assert SENTENCES[phase] in row
    assert row.endswith("| yes |" if phase in OPEN else "| no |")


@pytest.mark.parametrize("word", WORDS)
def test_every_word_is_in_the_glossary(word: str) -> None:
    assert re.search(rf"^### {word}\n\S", read(ROOT / "docs" / "glossary.md"), re.MULTILINE)


def test_every_refusal_says_what_to_do() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \| \S", read(PAGES / "phases.md"), re.MULTILINE)
    assert sorted(listed) == sorted(set(listed))
    assert set(listed) == codes()


def test_the_codes_that_can_be_waived_are_named_as_such() -> None:
    sentence = next(line for line in read(PAGES / "phases.md").splitlines() if "can be waived by" in line)
    assert set(re.findall(r"[A-Z]+_[A-Z_]+", sentence)) == WAIVABLE


def codes() -> set[str]:
    """The code of every Refusal that is made anywhere in our rooms."""
    found = set()
    for room in ("incidents", "tasks", "console", "flows"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(read(path))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                    code = next(iter([*node.args[:1], *(k.value for k in node.keywords if k.arg == "code")]))
                    found |= {n.value for n in ast.walk(code) if isinstance(n, ast.Constant)}
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "_refused":
                    found |= {
                        n.value for n in node.args if isinstance(n, ast.Constant) and str(n.value).isupper()
                    }
    return {str(code) for code in found}


@pytest.mark.parametrize("name", NAMES)
def test_every_variable_that_is_named_is_a_setting(name: str) -> None:
    known = {f"WATCHFLOOR_{field.upper()}" for field in Settings.model_fields}
    named = set(re.findall(r"\bWATCHFLOOR_[A-Z_]*[A-Z]", read(ROOT / name)))
    assert {each for each in named if not each.startswith("WATCHFLOOR_SECRETS")} <= known


def test_the_commander_is_told_the_clocks_that_ship(tmp_path: Path) -> None:
    page = read(ROOT / "docs" / "howto" / "commander.md")
    for severity in load_catalogue(tmp_path).severities:
        clocks = severity.clocks
        minutes = (clocks.assess_gate_minutes, clocks.acknowledge_minutes, clocks.stand_down_gate_minutes)
        cells = [f"{m // 60} h" if m >= 120 else f"{m} min" for m in minutes]
        assert f"| {severity.id} | {' | '.join(cells)} |" in page


@pytest.mark.parametrize("name", NAMES)
def test_links_lead_somewhere(name: str) -> None:
    path = ROOT / name
    for target in LINK.findall(FENCE.sub("", read(path))):
        place, _, anchor = target.partition("#")
        if "://" in target:
            continue
        found = (path.parent / place).resolve() if place else path
        assert found.exists(), target
        if anchor:
            assert anchor in anchors(read(found)), target


def anchors(text: str) -> set[str]:
    """The anchors that code hosts give to the headings of a page."""
    headings = HEADING.findall(FENCE.sub("", text))
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("name", NAMES)
def test_files_of_ours_that_are_named_are_there(name: str) -> None:
    rooms = r"(?:incidents|tasks|flows|console|templates|tests|docs|benchmarks)"
    for quoted in INLINE.findall(FENCE.sub("", read(ROOT / name))):
        if re.fullmatch(rf"{rooms}/[\w./-]*", quoted):
            assert (ROOT / quoted).exists(), quoted


def test_decisions_are_numbered_without_gaps() -> None:
    assert [path.name[:4] for path in DECISIONS] == [f"{n:04d}" for n in range(1, len(DECISIONS) + 1)]


@pytest.mark.parametrize("path", DECISIONS, ids=[path.stem for path in DECISIONS])
def test_a_decision_says_why_and_what_else_on_a_page(path: Path) -> None:
    text = read(path)
    assert text.startswith(f"# {path.name[:4]}: ")
    wanted = ["Context", "Choice", "What else was looked at", "Consequences"]
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == wanted
    assert len(text.split()) < 500


def test_every_benchmark_is_reported() -> None:
    page = read(ROOT / "docs" / "benchmarks.md")
    for path in (ROOT / "benchmarks").glob("[!_]*.py"):
        assert f"`benchmarks/{path.name}`" in page


@pytest.mark.parametrize("name", NAMES)
def test_nothing_of_one_machine_is_in_it(name: str) -> None:
    text = read(ROOT / name)
    assert not re.search(r"(?<![\w.:/])/(?:work|root|tmp|home|Users)/", text)
    assert not re.search(r"index-url|registry\.|/simple\b", text)
