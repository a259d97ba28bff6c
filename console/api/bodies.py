"""What bodies of requests have in common."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Short = Annotated[str, Field(max_length=2_000, description="Without content of posts.")]
"""A line for the record."""

VersionNumber = Annotated[int, Field(ge=1, lt=2**31)]

Item = Annotated[str, Field(min_length=1, max_length=500, description="Id of a post.")]


class Sent(BaseModel):
    """A body whose every field is known: one that is not is refused, and not passed over."""

    model_config = ConfigDict(extra="forbid")


class Because(Sent):
    """Why somebody does it; the record keeps it."""

    reason: Short
