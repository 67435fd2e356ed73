"""Where the owner is told: SNS, Telegram, Discord, Slack, or a webhook of his own."""
