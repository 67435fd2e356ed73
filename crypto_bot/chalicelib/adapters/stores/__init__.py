"""The stores of ports.py, each written once over `Table`; SQLite and DynamoDB sit behind that.

Key layout (partition | sort | shelf | at). A row stands on one shelf at most. Times are
fixed-width UTC with microseconds and `#id` behind them, so that text order is time order and two
rows of one instant stay apart. `#` inside a name is escaped: see keys.py.

    signal#<id>          | signal                     | signals.open | due_at#id       not final
                                                      | signals.done | received_at#id  final
    quarantine           | slot#<number>              | quarantine   | received_at#id if filled
                         | list                       what lies in the slots, oldest first
    plan#<plan id>       | plan                       | plans        | created_at#id
                         | order#<symbol>#<leg>       | orders.held  | created_at#id   HELD
                                                      | orders       | created_at#id   all others
    account#<name>       | state                      | accounts.due | due_at#name     if any
    ledger#<account>     | portfolio
                         | entry#<id>                 | ledger#<account> | sequence, 12 digits
    config               | #head, account#<name>, strategy#<name>, subscription#<account>#<strategy>
    config.history       | version, 10 digits         what each version changed, never rewritten
    control              | halt, heartbeat, owner-tokens (all that open the API)
    deed#<id>            | deed                       | deeds | at#id   what was done over the API
    lease#<account>      | lease
    performance#<account>#<strategy> | at             | the partition's name | at
    bots                 | <name>                     a bot's versions
    bot.source#<name>    | <version>                  the text of one
    bot.tests#<name>#<version> | at                   | the partition's name | at
    deployments          | <name>                     "null" once it is deleted
    bot#<deployment>     | <symbol>                   a bot under way, "null" as above
    bot.trail#<deployment>#<symbol> | 0 to 7, signals its last candles, in a circle

What acts reads by key, consistently; shelves only say where to look, and may lag on DynamoDB.
An idle tick is two shelf queries (signals.open, accounts.due) and one put (heartbeat).
"""
