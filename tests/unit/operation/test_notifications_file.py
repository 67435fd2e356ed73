"""notifications.toml: what it may say, and sentences for what it must not."""

import pytest

from chalicelib.domain.errors import SettingsError
from chalicelib.domain.operation.channel import Channel, ChannelKind, Notifications
from chalicelib.domain.operation.configuration import parse_notifications
from chalicelib.domain.operation.notice import Severity

TOPIC = "arn:aws:sns:eu-west-1:123456789012:crypto-bot-prod-alarms"
FULL = f"""
most_per_hour = 5
summary_hour = "never"

[channels.phone]
kind = "telegram"
secret = "telegram-bot"
least = "P1"

[channels.mail]
kind = "sns"
topic = "{TOPIC}"
"""


def test_everything_that_a_file_may_say():
    assert parse_notifications(FULL, "n.toml") == Notifications(
        channels=(
            Channel(
                name="phone",
                kind=ChannelKind.TELEGRAM,
                secret="telegram-bot",
                least=Severity.P1,
            ),
            Channel(name="mail", kind=ChannelKind.SNS, topic=TOPIC),
        ),
        most_per_hour=5,
        summary_hour=None,
    )


def test_a_topic_of_the_stage_need_not_be_named():
    [channel] = parse_notifications('[channels.mail]\nkind = "sns"', "n.toml").channels
    assert channel == Channel(name="mail", kind=ChannelKind.SNS)


def test_an_empty_file_ends_all_telling():
    assert parse_notifications("", "n.toml") == Notifications()


SLACK = '[channels.a]\nkind = "slack"\n'


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("sumary_hour = 7", "n.toml line 1: sumary_hour is not known here; did you mean"),
        (
            "summary_hour = 24",
            'summary_hour is 24, but must be a whole number of hours, or "never"',
        ),
        ("most_per_hour = 0", "most_per_hour is 0, but must be a whole number of messages from 1"),
        ("[channels.a]", "n.toml line 1: channels.a has no kind; every one needs it"),
        (
            '[channels.a]\nkind = "pigeon"',
            "line 2: channels.a.kind is 'pigeon', but must be one of",
        ),
        (SLACK, "line 1: channels.a has no secret; every one needs it"),
        (f'{SLACK}secret = "s"\ntopic = "{TOPIC}"', "is not for slack, which needs its secret"),
        ('[channels.a]\nkind = "sns"\ntopic = "alarms"', "must be the topic's name as AWS has it"),
        (f'[channels.a]\nkind = "sns"\ntopic = "{TOPIC}"\nsecret = "s"', "is not for sns"),
        (f'{SLACK}secret = "s"\nleast = "P3"', "channels.a.least is 'P3', but must be one of P1"),
        (f'{SLACK}url = "https://x.test"', "channels.a.url is not known here"),
        ('[channels."a b"]\nkind = "slack"\nsecret = "s"', "has a name that is not up to 64"),
        (
            "".join(f'[channels.c{n}]\nkind = "slack"\nsecret = "s"\n' for n in range(11)),
            "channels has 11 channels; 10 are the most",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, sentence: str):
    with pytest.raises(SettingsError) as refused:
        parse_notifications(text, "n.toml")
    assert sentence in str(refused.value)
