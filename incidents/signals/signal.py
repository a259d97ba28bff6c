"""What a signal is, and when two of them are the same."""

import hashlib
import json
from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue, ValidationError

from incidents.errors import BadInput

LARGEST = 1_000_000
"""Characters of payload that one signal may carry; a larger one names where the rest lies."""


class NewSignal(BaseModel):
    """A signal as a source hands it in. Content of posts does not belong here: refer to it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1, max_length=100, description="Who says so, e.g. `user-reports`.")
    kind: str = Field("report", min_length=1, max_length=100, description="What it is, e.g. `spike`.")
    title: str = Field(min_length=1, max_length=500, description="One line, without content of posts.")
    fingerprint: str | None = Field(
        None, max_length=500, description="What it is about; the same matter, the same fingerprint."
    )
    event_at: AwareDatetime = Field(description="When it happened, with its zone.")
    reach: int = Field(0, ge=0, lt=2**31, description="Views or reports, as the source counts them.")
    payload: dict[str, JsonValue] = Field(default_factory=dict, description="Whatever else it says.")

    def about(self) -> str:
        """The fingerprint that groups it: the source's own, or one made of source, kind and title."""
        return self.fingerprint or _sha256([self.source, self.kind, self.title])[:16]

    def content_hash(self) -> str:
        """SHA-256 (hex) of what it says. The time it was handed in is not part of it."""
        return _sha256(self.model_dump(mode="json", exclude={"fingerprint"}))


class Signal(BaseModel):
    """A signal as the store keeps it."""

    model_config = ConfigDict(frozen=True, from_attributes=True, extra="ignore")

    id: int
    source: str
    kind: str
    title: str
    fingerprint: str
    standing: str
    reach: int
    event_at: datetime
    received_at: datetime
    payload: dict[str, Any]
    incident_id: str | None
    drill: str

    def field(self, name: str) -> str | None:
        """A field of the signal, or with dots of its payload, as text; None where it is not there."""
        if "." not in name and name in {"source", "kind", "title", "fingerprint"}:
            return str(getattr(self, name))
        value: Any = self.payload
        for part in name.removeprefix("payload.").split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return None if value is None else str(value)


def read_signal(text: str, *, origin: str) -> NewSignal:
    """The signal that a JSON text holds. BadInput names the file (`origin`), the field and what to do."""
    if len(text) > LARGEST:
        raise BadInput(f"{origin}: {len(text):,} characters is too large for a signal. Refer to the content.")
    if "\\u0000" in text or "\x00" in text:
        raise BadInput(f"{origin}: it holds a NUL character, which no database keeps. Remove it.")
    try:
        return NewSignal.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'the text'}: {e['msg']}" for e in error.errors())
        raise BadInput(f"{origin}: this is not a signal. {wrong}. Nothing was kept.") from error


def _sha256(value: object) -> str:
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode()).hexdigest()
