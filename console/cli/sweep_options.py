"""Options that the commands of a sweep share: what it looks for, and where the posts lie."""

from pathlib import Path
from typing import Annotated

import typer

Words = list[str] | None

Term = Annotated[
    Words,
    typer.Option(
        help="""A word or phrase; '"storm clinic"~5' finds both near each other. May be given again."""
    ),
]
Hashtag = Annotated[Words, typer.Option(help="A hashtag, with or without its #.")]
Domain = Annotated[Words, typer.Option(help="A host, with all its subdomains.")]
Url = Annotated[Words, typer.Option(help="A host with a path; everything below it is found.")]
Pattern = Annotated[Words, typer.Option(help="A regular expression.")]
Account = Annotated[Words, typer.Option(help="An author, all of whose posts are brought in.")]
Media = Annotated[Words, typer.Option(help="A hash of a picture or video: pdq:… or md5:….")]
Like = Annotated[
    Words, typer.Option("--like", help="The text of a post, to find others like it. May be given again.")
]
Language = Annotated[Words, typer.Option(help="Only this language (BCP 47).")]
Region = Annotated[Words, typer.Option(help="Only this region (ISO 3166, two letters).")]
Excluded = Annotated[Words, typer.Option("--exclude", help="A word whose posts are left out.")]
Since = Annotated[str | None, typer.Option(help="First moment, e.g. 2026-01-15T08:00Z.")]
Until = Annotated[str | None, typer.Option(help="First moment after it.")]
ScopeFile = Annotated[
    Path | None, typer.Option("--scope", help="A YAML file with these fields; options add to it.")
]

Posts = Annotated[Path | None, typer.Option(help="The posts: CSV, JSONL or Parquet, or a folder of them.")]
SqlUrl = Annotated[str | None, typer.Option(help="Or a database that holds them, as SQLAlchemy URL.")]
Table = Annotated[str | None, typer.Option(help="Its table or view.")]
Column = Annotated[Words, typer.Option(metavar="OURS=THEIRS", help="A column that is named otherwise.")]
Platform = Annotated[str | None, typer.Option(help="Or a platform that is searched, by the URL of its API.")]
Query = Annotated[str | None, typer.Option(help="What the platform is asked for, in its own words.")]
Secret = Annotated[
    str | None,
    typer.Option(help="Name of the secret that the platform takes; its value is a setting, never typed here."),
]

FIELDS = (
    *("terms", "hashtags", "domains", "urls", "patterns", "accounts", "media", "examples"),
    *("languages", "regions", "excluded_terms", "since", "until"),
)
"""Fields of a scope that have an option, in the order in which the commands take them."""
