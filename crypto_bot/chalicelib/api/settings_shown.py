"""Settings -> rows that a page shows: no setting holds a secret, so that all can be shown."""

from chalicelib.settings import Settings


def shown_settings(settings: Settings, home: str) -> list[dict[str, str]]:
    """Group, name, value as people read it, and the variable of the environment."""
    account = settings.default_account()
    rows = [
        ("Where", "stage", settings.stage, "CRYPTO_BOT_STAGE"),
        ("Where", "home folder", home, "CRYPTO_BOT_HOME"),
        ("Where", "region", settings.region, "CRYPTO_BOT_REGION"),
        ("Where", "state table", settings.table_name, "TABLE_NAME"),
        ("Where", "lake bucket", settings.lake_bucket, "LAKE_BUCKET"),
        ("Trading", "live trading", settings.live_refusal or "allowed", "LIVE"),
        ("Trading", "tick", settings.execute_schedule, "EXECUTE_SCHEDULE"),
        ("Trading", "account of the environment", account.exchange if account else "", ""),
        ("Trading", "function for keys", ", ".join(settings.key_functions), "KEY_FUNCTIONS"),
        ("Webhook", "senders", _senders(settings), "WEBHOOK_SOURCES"),
        ("Market data", "stages", ", ".join(settings.market_functions), "MARKET_FUNCTIONS"),
        *(
            ("Market data", f"{name}, when", settings.market_schedules[name], f"{name}_schedule")
            for name in settings.market_functions
            if name in settings.market_schedules
        ),
        ("Telling", "log level", settings.log_level, "LOG_LEVEL"),
        ("Telling", "alarm topic", settings.alarm_topic, "ALARM_TOPIC_ARN"),
    ]
    return [
        {"group": group, "name": name, "value": value, "variable": variable.upper()}
        for group, name, value, variable in rows
    ]


def _senders(settings: Settings) -> str:
    return ", ".join(settings.webhook_sources) or "any address"
