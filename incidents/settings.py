"""Where Watchfloor keeps its state and how it reaches the world, read once from the environment.

The only module that looks at environment variables. An entry point (a command, a flow's process)
calls `Settings()` once and passes the result down.
"""

from pathlib import Path
from typing import Literal

from pydantic import Field, HttpUrl, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting, each as WATCHFLOOR_<NAME> in the environment. docs/reference/settings.md lists them."""

    model_config = SettingsConfigDict(env_prefix="WATCHFLOOR_", env_nested_delimiter="__", frozen=True)

    home: Path = Field(Path("var"), description="Folder of all state: database, Prefect's own, drills, logs.")
    database_url: str | None = Field(
        None, description="SQLAlchemy URL of the store. Default: SQLite in the home folder."
    )
    catalogue: Path | None = Field(
        None,
        description="Folder of YAML files that replace the shipped ones by name. Default: catalogue/ in home.",
    )
    templates: Path | None = Field(
        None,
        description="Folder of templates that replace the shipped ones by path. Default: templates/ in home.",
    )
    person: str | None = Field(None, description="Who is acting, where a command is given no --as.")
    api_host: str = Field("127.0.0.1", description="Address on which the API listens.")
    api_port: int = Field(4280, description="Port on which the API listens.", ge=1, le=65535)
    sender_key: SecretStr | None = Field(
        None,
        description="What the secrets of senders of signals are derived from; at least 32 random characters."
        " Default: made at first use and kept in the home.",
        min_length=32,
    )
    oidc_issuer: str | None = Field(
        None,
        description="A provider of OpenID Connect at which people sign in, by its issuer, e.g."
        " https://login.example/realms/crisis. Default: none, and passwords alone.",
    )
    oidc_client_id: str | None = Field(None, description="What Watchfloor is called there.")
    oidc_client_secret: SecretStr | None = Field(
        None, description="Its secret there. Default: none, for a client that is registered as public."
    )
    oidc_name: str = Field("your organisation", description="What the sign-in page calls the provider.")
    oidc_scope: str = Field(
        "openid profile", description="Scopes that are asked for, with `openid` among them."
    )
    oidc_groups_claim: str = Field("groups", description="Claim of the ID token that lists a person's groups.")
    oidc_link_claim: str | None = Field(
        None,
        description="Claim that holds ids of people.yaml, e.g. preferred_username, where nobody can choose one."
        " Default: none; `subject` in people.yaml links.",
    )
    oidc_timeout_seconds: float = Field(
        5.0, description="Longest wait for one answer of the provider, in seconds.", gt=0
    )
    prefect_port: int = Field(
        4281, description="Port on which `watchfloor up` starts Prefect's server.", ge=1, le=65535
    )
    prefect_api_url: str | None = Field(
        None, description="A Prefect server run elsewhere. Default: the one that `watchfloor up` starts."
    )
    prefect_ui_url: HttpUrl | None = Field(
        None,
        description="Where people reach Prefect's pages, e.g. http://127.0.0.1:4281; an incident's page"
        " links its flow runs there. Default: no links.",
    )
    poll_seconds: int = Field(1, description="How often the worker looks for flow runs, in seconds.", ge=1)
    beat_seconds: float = Field(10.0, description="How often a live flow run says so, in seconds.", gt=0)
    dead_after_seconds: float = Field(
        60.0, description="Silence after which `watch` takes a running flow for dead, in seconds.", gt=0
    )
    allow_private_addresses: bool = Field(
        False, description="Let webhooks reach loopback and private addresses (tests, an internal partner)."
    )
    partner_timeout_seconds: float = Field(
        10.0, description="Longest wait for one answer of a partner's system, in seconds.", gt=0
    )
    platform_timeout_seconds: float = Field(
        60.0, description="Longest wait for one page of a platform's posts, in seconds.", gt=0
    )
    platform_attempts: int = Field(
        8, description="How often one page of a platform's posts is asked for before it is given up.", ge=1
    )
    platform_requests_per_second: float = Field(
        5.0, description="Most pages that are asked of a platform in a second.", gt=0
    )
    platform_actions: bool = Field(
        False,
        description="Let `watchfloor sweep act` have a platform carry out plans. Off: they are exported.",
    )
    scan_runner: Literal["threads", "processes", "dask"] = Field(
        "threads", description="What scans the parts of a sweep's posts: threads, processes or a Dask cluster."
    )
    scan_workers: int = Field(1, description="How many parts of a sweep's posts are scanned at once.", ge=1)
    dask_address: str | None = Field(
        None,
        description="Scheduler of a Dask cluster, e.g. tcp://10.0.0.5:8786. Default: workers on this machine.",
    )
    smtp_host: str | None = Field(None, description="Mail server. Without it e-mail channels are refused.")
    smtp_port: int = Field(25, description="Port of the mail server.", ge=1, le=65535)
    smtp_starttls: bool = Field(False, description="Ask the mail server for TLS before anything is sent.")
    smtp_user: str | None = Field(None, description="Name at the mail server, where it asks for one.")
    smtp_password: SecretStr | None = Field(None, description="Password at the mail server.")
    mail_from: str = Field("watchfloor@localhost", description="Sender of e-mail.")
    secrets: dict[str, SecretStr] = Field(
        default_factory=dict,
        description="Secrets that channels name, e.g. WATCHFLOOR_SECRETS__LEGAL (names in lower case).",
    )
    model_url: str | None = Field(
        None,
        description="A language model for drafts of prose, by the address of its chat-completions API without"
        " that last part, e.g. https://models.example/v1. Default: none, and nothing is sent.",
    )
    model_name: str | None = Field(None, description="Which model to ask there.")
    model_key: SecretStr | None = Field(None, description="Key for it, where it asks for one.")
    model_timeout_seconds: float = Field(
        60.0, description="Longest wait for one answer of the language model, in seconds.", gt=0
    )
    translate_url: str | None = Field(
        None,
        description="A translator for posts in the review queue, by the address of its LibreTranslate API, e.g."
        " https://translate.example. Texts of posts are sent there. Default: none, and nothing is sent.",
    )
    translate_key: SecretStr | None = Field(None, description="Key for it, where it asks for one.")
    translate_timeout_seconds: float = Field(
        10.0, description="Longest wait for one translation, in seconds.", gt=0
    )
    dead_man_url: str | None = Field(
        None, description="Called by `watch` after each audit that passed; silence there is the alarm."
    )

    @property
    def store_url(self) -> str:
        """The SQLAlchemy URL of the store."""
        return self.database_url or f"sqlite:///{(self.home / 'watchfloor.db').absolute()}"

    @property
    def prefect_url(self) -> str:
        """The address of Prefect's API, without a slash at its end."""
        return (self.prefect_api_url or f"http://127.0.0.1:{self.prefect_port}/api").rstrip("/")

    @property
    def prefect_ui(self) -> str | None:
        """The address of Prefect's pages, without a slash at its end; None where people are not led there."""
        url = self.prefect_ui_url
        return None if url is None else str(url).partition("?")[0].partition("#")[0].rstrip("/")

    @property
    def catalogue_folder(self) -> Path:
        """The folder in which a site keeps its own catalogue files."""
        return self.catalogue or self.home / "catalogue"

    @property
    def templates_folder(self) -> Path:
        """The folder in which a site keeps its own templates."""
        return self.templates or self.home / "templates"
