"""A platform to try things on: the reference server of the protocol that an HTTP source speaks."""

from pathlib import Path
from typing import Annotated

import typer

from console.cli import printing
from console.cli.door import Door
from console.cli.options import example
from incidents.sweeps.posts import read_posts

app = typer.Typer(help="A made-up platform for tests and drills.", no_args_is_help=True)


@app.callback()
def platform() -> None:
    """Keep `serve` a word of its own, though it is the only one."""


@app.command(epilog=example("watchfloor platform serve --posts posts.parquet --port 4290 --rate 5"))
def serve(
    ctx: typer.Context,
    posts: Annotated[Path, typer.Option(help="Its posts: CSV, JSONL or Parquet.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 4290,
    rate: Annotated[
        float | None, typer.Option(min=0.001, help="Requests a second that it takes. Without it, any number.")
    ] = None,
    secret: Annotated[
        str | None, typer.Option(help="Secret that holds the bearer token. Without it, none is asked for.")
    ] = None,
) -> None:
    """Serve the posts of a file as a platform does, with faults on request, until Ctrl-C.

    Sweep it with `watchfloor sweep start --platform http://127.0.0.1:4290`, and
    WATCHFLOOR_ALLOW_PRIVATE_ADDRESSES=true where the flows run. docs/reference/platform.md has the protocol.
    """
    import uvicorn  # noqa: PLC0415  the web's libraries take half a second that no other command needs

    from console.platform import make_platform  # noqa: PLC0415

    made = make_platform(read_posts(posts), token=_token(ctx, secret), rate=rate)
    printing.print_lines([f"The platform listens on http://127.0.0.1:{port}. Ctrl-C stops it."])
    uvicorn.run(made, host="127.0.0.1", port=port, log_level="warning")


def _token(ctx: typer.Context, secret: str | None) -> str | None:
    if secret is None:
        return None
    value = Door.of(ctx).settings.secrets.get(secret.lower())
    if value is None:
        raise typer.BadParameter(f"Set WATCHFLOOR_SECRETS__{secret.upper()} to the token first.")
    return value.get_secret_value()
