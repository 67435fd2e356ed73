"""librdkafka's own broker in a process of its own: the wire protocol over TCP, in memory only.

`python -m tests.market.kafka_broker` says its address and ends with its standard input. It makes
topics of four partitions by itself, and drops the oldest messages of a partition above about 5 MB:
tests assert that the lowest offset is still 0.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from confluent_kafka import Consumer, Producer, TopicPartition

PARTITIONS = 4
# The new group protocol joins at once; the old one of this broker takes three seconds.
JOINS_AT_ONCE = {"group.protocol": "consumer"}
_TIMEOUT = 60


@contextmanager
def kafka_broker() -> Iterator[str]:
    """The address of one that nobody else uses."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.market.kafka_broker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip()
    finally:
        process.stdin.close()
        process.wait(_TIMEOUT)
        process.stdout.close()


def lowest_offsets(address: str, topic: str) -> set[int]:
    """0 and nothing else, as long as the broker has not dropped anything."""
    consumer = Consumer({"bootstrap.servers": address, "group.id": "look"})
    try:
        return {
            consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_TIMEOUT)[0]
            for number in range(PARTITIONS)
        }
    finally:
        consumer.close()


if __name__ == "__main__":
    broker = Producer({"test.mock.num.brokers": 1, "log_level": 0})
    described = broker.list_topics(timeout=_TIMEOUT)
    print(",".join(f"{b.host}:{b.port}" for b in described.brokers.values()), flush=True)  # noqa: T201 - it says where it is
    sys.stdin.read()
