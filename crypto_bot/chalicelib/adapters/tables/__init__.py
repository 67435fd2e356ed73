"""The TradeFlowTable port: SQLite for one machine, MySQL or MariaDB for more."""
