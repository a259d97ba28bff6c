"""Where a partner team is reached: one shape a kind of channel, as written in the catalogue."""

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl

ESCALATIONS: Final = "escalations"
"""Id of the channel to which everything goes that nobody answered in time."""

DIGEST: Final = "digest"
"""Id of the channel that is sent what each month brought. Where there is none, a file is all there is."""

TRACKER: Final = "tracker"
"""Id of the channel that is told of action items. Where there is none, nobody is told."""


class _Channel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str = Field(pattern=r"^[a-z][a-z0-9-]*$")


class WebhookChannel(_Channel):
    """A partner's HTTP endpoint, signed as Standard Webhooks specifies."""

    kind: Literal["webhook"]
    url: HttpUrl
    secret: str = Field(
        description="Name of the secret in the settings, e.g. `legal`; never the secret itself."
    )


class ChatChannel(_Channel):
    """An incoming webhook of Slack or Mattermost."""

    kind: Literal["chat"]
    url: HttpUrl | None = None
    secret: str | None = Field(None, description="Name of the secret that holds the whole address.")


class EmailChannel(_Channel):
    """One or more mailboxes, through the mail server of the settings."""

    kind: Literal["email"]
    to: tuple[str, ...] = Field(min_length=1)


class FileChannel(_Channel):
    """A folder, one file a message. The default: it needs no other system."""

    kind: Literal["file"]
    folder: Path = Field(description="Relative to the home folder, unless absolute.")


Channel = Annotated[WebhookChannel | ChatChannel | EmailChannel | FileChannel, Field(discriminator="kind")]
