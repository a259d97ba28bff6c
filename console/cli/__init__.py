"""The command line `watchfloor`: one module a noun, put together in `commands`."""

from console.cli.commands import app


def main() -> None:
    """Run the command that was typed; the script `watchfloor` calls this."""
    app(prog_name="watchfloor")
