"""Options that the commands of a sweep share: what it looks for, and where the posts lie."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

Words = list[str] | None


@dataclass(frozen=True)
class ScopeOptions:
    """What a sweep looks for. The fields are named as those of a scope, but for the file."""

    terms: Annotated[
        Words,
        typer.Option(
            "--term",
            help="""A word or phrase; '"storm clinic"~5' finds both near each other. May be given again.""",
        ),
    ] = None
    hashtags: Annotated[Words, typer.Option("--hashtag", help="A hashtag, with or without its #.")] = None
    domains: Annotated[Words, typer.Option("--domain", help="A host, with all its subdomains.")] = None
    urls: Annotated[Words, typer.Option("--url", help="A host with a path; everything below it is found.")] = (
        None
    )
    patterns: Annotated[Words, typer.Option("--pattern", help="A regular expression.")] = None
    accounts: Annotated[
        Words, typer.Option("--account", help="An author, all of whose posts are brought in.")
    ] = None
    media: Annotated[Words, typer.Option(help="A hash of a picture or video: pdq:… or md5:….")] = None
    examples: Annotated[
        Words, typer.Option("--like", help="The text of a post, to find others like it. May be given again.")
    ] = None
    languages: Annotated[Words, typer.Option("--language", help="Only this language (BCP 47).")] = None
    regions: Annotated[Words, typer.Option("--region", help="Only this region (ISO 3166, two letters).")] = None
    excluded_terms: Annotated[Words, typer.Option("--exclude", help="A word whose posts are left out.")] = None
    since: Annotated[str | None, typer.Option(help="First moment, e.g. 2026-01-15T08:00Z.")] = None
    until: Annotated[str | None, typer.Option(help="First moment after it.")] = None
    scope: Annotated[Path | None, typer.Option(help="A YAML file with these fields; options add to it.")] = None


@dataclass(frozen=True)
class SourceOptions:
    """Where posts lie."""

    posts: Annotated[
        Path | None, typer.Option(help="The posts: CSV, JSONL or Parquet, or a folder of them.")
    ] = None
    sql_url: Annotated[str | None, typer.Option(help="Or a database that holds them, as SQLAlchemy URL.")] = (
        None
    )
    table: Annotated[str | None, typer.Option(help="Its table or view.")] = None
    column: Annotated[Words, typer.Option(metavar="OURS=THEIRS", help="A column that is named otherwise.")] = (
        None
    )
    platform: Annotated[
        str | None, typer.Option(help="Or a platform that is searched, by the URL of its API.")
    ] = None
    query: Annotated[str | None, typer.Option(help="What the platform is asked for, in its own words.")] = None
    secret: Annotated[
        str | None,
        typer.Option(
            help="Name of the secret that the platform takes; its value is a setting, never typed here."
        ),
    ] = None
