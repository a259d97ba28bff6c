"""The tables of who gets in: accounts, identities, sessions, links, tokens, failed tries, what was looked at.

Of passwords only hashes stand here, of tokens and links only fingerprints.
"""

import sqlalchemy as sa

from incidents.store.schema import Json, UtcDateTime, metadata

accounts = sa.Table(
    "accounts",
    metadata,
    sa.Column("person", sa.String, primary_key=True),
    sa.Column("password_hash", sa.String, comment="Argon2id (RFC 9106); none: signs in at the provider alone"),
    sa.Column("changed_at", UtcDateTime, nullable=False, comment="When the password was set"),
    sa.Column("disabled_at", UtcDateTime),
)

identities = sa.Table(
    "identities",
    metadata,
    sa.Column("issuer", sa.String, primary_key=True, comment="The sign-in provider"),
    sa.Column("subject", sa.String, primary_key=True, comment="Who they are there, for ever"),
    sa.Column("person", sa.String, nullable=False, comment="Who they are here"),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("groups", Json, nullable=False, comment="Those that the catalogue had, at the last sign-in"),
    sa.Column("taken_up_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False, comment="Last sign-in"),
    sa.Index("ix_identities_person", "person"),
)

sessions = sa.Table(
    "sessions",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="Fingerprint of the cookie"),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("how", sa.String, nullable=False, comment="password, link or provider"),
    sa.Column("address", sa.String, nullable=False),
    sa.Column("agent", sa.String, nullable=False, comment="What the browser calls itself"),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, nullable=False, comment="Last request, to the minute"),
    sa.Column("ended_at", UtcDateTime),
    sa.Index("ix_sessions_person", "person"),
)

sign_in_links = sa.Table(
    "sign_in_links",
    metadata,
    sa.Column("id", sa.String, primary_key=True, comment="Fingerprint of the link's secret part"),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("made_by", sa.String, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("used_at", UtcDateTime),
)

sign_in_failures = sa.Table(
    "sign_in_failures",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("person", sa.String, nullable=False, comment="As it was typed, cut"),
    sa.Column("address", sa.String, nullable=False),
    sa.Index("ix_sign_in_failures_at", "at"),
)

api_tokens = sa.Table(
    "api_tokens",
    metadata,
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("fingerprint", sa.String, nullable=False, unique=True, comment="Of its secret"),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False, comment="What it is for"),
    sa.Column("scope", Json, nullable=False, comment="Act: what may be done with it"),
    sa.Column("made_by", sa.String, nullable=False),
    sa.Column("made_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=False),
    sa.Column("seen_at", UtcDateTime, comment="Last request, to the minute"),
    sa.Column("revoked_at", UtcDateTime),
    sa.Index("ix_api_tokens_person", "person"),
)

senders = sa.Table(
    "senders",
    metadata,
    sa.Column("name", sa.String, primary_key=True, comment="As its signals call their source"),
    sa.Column("generation", sa.Integer, nullable=False, comment="Of its secret, which is not kept"),
    sa.Column("made_by", sa.String, nullable=False),
    sa.Column("renewed_at", UtcDateTime, nullable=False, comment="When it was given its secret"),
    sa.Column("seen_at", UtcDateTime, comment="When it last handed something in"),
    sa.Column("ended_at", UtcDateTime),
)

access_log = sa.Table(
    "access_log",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("person", sa.String, nullable=False),
    sa.Column("what", sa.String, nullable=False, comment="Access: a kind of access"),
    sa.Column("target", sa.String, nullable=False, comment="Whose, or which: a person, an item"),
    sa.Column("reason", sa.String, nullable=False),
    sa.Index("ix_access_log_at", "at"),
)
