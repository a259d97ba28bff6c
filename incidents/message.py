"""A message to a partner team, complete before anybody tries to deliver it."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class Message(BaseModel):
    """What is delivered, word for word; the same key is the same message, however often it is sent."""

    model_config = ConfigDict(frozen=True)

    key: str = Field(description="Idempotency key, e.g. `ask:INC-12:legal:1`.")
    event: str = Field(description="What happened, in the grammar subject.object.past-tense.")
    subject: str = Field(description="One line.")
    text: str = Field(description="Plain text or Markdown, rendered from a template. Never text of posts.")
    facts: dict[str, str | int | bool | None] = Field(
        default_factory=dict, description="The same facts for a machine (webhook payload)."
    )
    at: datetime = Field(description="When the message was written, aware.")


class Receipt(BaseModel):
    """That a channel took a message, and what it called it."""

    model_config = ConfigDict(frozen=True)

    channel: str
    reference: str
