"""The contract of all channels, and that the operator's page about them tells the truth."""

import re
from pathlib import Path

import pytest
import yaml
from pydantic import HttpUrl, TypeAdapter

from incidents.catalogue.channels import Channel, ChatChannel, EmailChannel, FileChannel, WebhookChannel
from incidents.settings import Settings
from tasks.partners import Partner, open_partner
from tasks.partners.chat import ChatPartner
from tasks.partners.file import FilePartner
from tasks.partners.mail import MailPartner
from tasks.partners.webhook import WebhookPartner

PAGE = (Path(__file__).parents[2] / "docs/howto/channels.md").read_text(encoding="utf-8")
ADDRESS = HttpUrl("https://partner.example/hook")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(
    ("channel", "kind"),
    [
        (WebhookChannel(id="a", kind="webhook", url=ADDRESS, secret="legal"), WebhookPartner),
        (ChatChannel(id="a", kind="chat", url=ADDRESS), ChatPartner),
        (EmailChannel(id="a", kind="email", to=("cleo@legal.example",)), MailPartner),
        (FileChannel(id="a", kind="file", folder=Path("outbox")), FilePartner),
    ],
)
def test_every_kind_of_channel_has_its_partner(channel: Channel, kind: type) -> None:
    partner: Partner = open_partner(channel, Settings())
    assert isinstance(partner, kind)


def test_the_page_shows_a_channel_of_every_kind_that_the_catalogue_takes() -> None:
    shown = [entry for block in blocks("yaml") for entry in yaml.safe_load(block)["channels"]]
    channels = TypeAdapter(list[Channel]).validate_python(shown)
    assert {channel.kind for channel in channels} == {"file", "webhook", "chat", "email"}


def test_every_setting_on_the_page_exists() -> None:
    named = {name.lower() for name in re.findall(r"WATCHFLOOR_([A-Z_]+?)(?:__\w+)?\b", PAGE)}
    assert named
    assert named <= set(Settings.model_fields)
