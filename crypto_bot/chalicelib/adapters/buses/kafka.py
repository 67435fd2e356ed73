"""The bus on Kafka through librdkafka. Options are librdkafka's own, as the owner wrote them.

Partitions come and go in steps (cooperative, or KIP-848 with `group.protocol` = consumer). Offsets
are committed by the reader alone, with its note as their metadata. The time of a message is the
one at which this client published it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

from confluent_kafka import Consumer, KafkaError, KafkaException, Producer, TopicPartition
from confluent_kafka import Message as KafkaMessage

from chalicelib.domain.errors import StoreUnavailable
from chalicelib.domain.market.bus_message import Message, Position, Record
from chalicelib.market_ports.bus import Batch

Options = Mapping[str, Any]

_TIMEOUT: Final = 15.0
_FLUSH_TIMEOUT: Final = 30.0
_CHUNK: Final = 50_000
_PRODUCING: Final[Options] = {
    "acks": "all",
    "compression.type": "lz4",
    "delivery.report.only.error": True,
    "message.timeout.ms": int(_FLUSH_TIMEOUT * 1000),
    "queue.buffering.max.messages": 2 * _CHUNK,
}
_CONSUMING: Final[Options] = {
    "auto.offset.reset": "earliest",
    "enable.auto.commit": False,
    "enable.auto.offset.store": False,
}
# The new protocol has the broker choose, and refuses to hear how.
_CLASSIC: Final[Options] = {"partition.assignment.strategy": "cooperative-sticky"}
# To look, as no member of any group, and to be told where a partition ends.
_LOOKING: Final[Options] = {
    "group.id": "looking",
    "enable.partition.eof": True,
    "fetch.wait.max.ms": 10,
}
# Said of a group's reader; what is sent to a producer must not have it.
_READERS_ONLY: Final = ("group.", "session.", "heartbeat.", "max.poll.")
_LOOK_BACK: Final = 1_000_000
_FIRST_LOOK: Final = 1_000


class KafkaBus:
    """`Bus`. `options` needs "bootstrap.servers" and whatever the brokers ask for."""

    def __init__(self, options: Options) -> None:
        self._options = dict(options)
        sending = {k: v for k, v in options.items() if not k.startswith(_READERS_ONLY)}
        self._connecting = sending
        self._failures: list[str] = []
        with _trouble_named("connecting to Kafka"):
            self._producer = Producer({**sending, **_PRODUCING})

    def publish(self, topic: str, records: Sequence[Record]) -> None:
        """See `Bus.publish`."""
        for start in range(0, len(records), _CHUNK):
            chunk = [{"key": key, "value": value} for key, value in records[start : start + _CHUNK]]
            with _trouble_named(f"publishing to {topic}"):
                self._producer.produce_batch(topic, chunk, on_delivery=self._on_failure)
            self._flush(topic, [str(m["_error"]) for m in chunk if "_error" in m])

    def read(self, topic: str, group: str) -> "KafkaBusReader":
        """See `Bus.read`. A topic that is not there is made, where the brokers make topics."""
        with _trouble_named(f"reading {topic}"):
            self._producer.list_topics(topic, timeout=_TIMEOUT)
            return KafkaBusReader(self, self._options, topic, group)

    def newest(self, topic: str, key: bytes) -> bytes | None:
        """See `Bus.newest`."""
        with _trouble_named(f"looking into {topic}"):
            described = self._producer.list_topics(topic, timeout=_TIMEOUT).topics[topic]
            consumer = Consumer({**self._connecting, **_CONSUMING, **_LOOKING})
            try:
                found = _newest(consumer, topic, described.partitions, key)
            finally:
                consumer.close()
        return found.value() if found else None

    def forget(self, topic: str, group: str) -> None:
        """See `Bus.forget`: brokers keep messages for a time, whoever has not read them."""

    def send_to(self, topic: str, partition: int, record: Record) -> None:
        """To this partition, whatever its key."""
        with _trouble_named(f"publishing to {topic}"):
            self._producer.produce(
                topic,
                value=record.value,
                key=record.key,
                partition=partition,
                on_delivery=self._on_failure,
            )
        self._flush(topic, [])

    def close(self) -> None:
        """See `Bus.close`; everything was sent when it was published."""
        self._producer.close()

    def _flush(self, topic: str, failures: list[str]) -> None:
        left = self._producer.flush(_FLUSH_TIMEOUT)
        if left:
            self._producer.purge()
            failures.append(f"no answer for {left} messages within {_FLUSH_TIMEOUT:.0f} s")
        failures += self._failures
        self._failures.clear()
        if failures:
            raise StoreUnavailable(
                f"publishing to {topic} failed {len(failures)} times, first: {failures[0]}"
            )

    def _on_failure(self, error: KafkaError | None, _message: object) -> None:
        if error is not None:
            self._failures.append(error.str())


class KafkaBusReader:
    """`BusReader`: one member of a consumer group."""

    def __init__(self, bus: KafkaBus, options: Options, topic: str, group: str) -> None:
        self._bus, self._topic = bus, topic
        new_protocol = options.get("group.protocol") == "consumer"
        self._consumer = Consumer(
            {
                **({} if new_protocol else _CLASSIC),
                **options,
                **_CONSUMING,
                "group.id": group,
            }
        )
        self._next: dict[int, int] = {}
        self._begun: dict[int, Position] = {}
        self._lost: set[int] = set()
        self._kept: Message | None = None  # came after a change that is to be told first
        self._consumer.subscribe(
            [topic], on_assign=self._on_assign, on_revoke=self._on_revoke, on_lost=self._on_revoke
        )

    def poll(self, *, limit: int, wait: float) -> Batch:
        """See `BusReader.poll`."""
        messages: list[Message] = []
        message, self._kept = self._kept, None
        with _trouble_named(f"reading {self._topic}"):
            if message is None:
                message = self._take(wait)
            while message is not None:
                if self._begun or self._lost:
                    self._kept = message
                    break
                self._next[message.partition] = message.offset + 1
                messages.append(message)
                message = self._take(0) if len(messages) < limit else None
        begun, self._begun = self._begun, {}
        lost, self._lost = frozenset(self._lost), set()
        return Batch(messages=messages, lost=lost, begun=begun)

    def commit(self, partition: int, position: Position) -> None:
        """See `BusReader.commit`."""
        place = TopicPartition(self._topic, partition, position.offset, metadata=position.note)
        with _trouble_named(f"committing {self._topic} {partition}"):
            (done,) = self._consumer.commit(offsets=[place], asynchronous=False)
        if done.error is not None:
            raise StoreUnavailable(f"committing {self._topic} {partition} failed: {done.error}")

    def mark(self, partition: int, record: Record) -> None:
        """See `BusReader.mark`."""
        self._bus.send_to(self._topic, partition, record)

    def lag(self) -> int:
        """See `BusReader.lag`."""
        behind = 0
        with _trouble_named(f"reading {self._topic}"):
            for partition, offset in self._next.items():
                low, high = self._consumer.get_watermark_offsets(
                    TopicPartition(self._topic, partition), timeout=_TIMEOUT
                )
                behind += high - max(low, offset)
        return behind

    def close(self) -> None:
        """See `BusReader.close`."""
        self._consumer.close()

    def _take(self, wait: float) -> Message | None:
        taken = self._consumer.poll(wait)
        if taken is None:
            return None
        error = taken.error()
        if error is None:
            partition, offset, value = taken.partition(), taken.offset(), taken.value()
            if partition is None or offset is None:
                raise StoreUnavailable(f"{self._topic} gave a message without a place")
            return Message(partition, offset, taken.timestamp()[1], value or b"")
        if error.retriable() or error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            return None  # librdkafka goes on trying by itself
        raise KafkaException(error)

    def _on_assign(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        places = consumer.committed(places, timeout=_TIMEOUT)
        for place in places:
            self._begun[place.partition] = Position(max(place.offset, 0), place.metadata or "")
            self._next[place.partition] = max(place.offset, 0)
        consumer.incremental_assign(places)

    def _on_revoke(self, consumer: Consumer, places: list[TopicPartition]) -> None:
        for place in places:
            self._begun.pop(place.partition, None)
            self._next.pop(place.partition, None)
            self._lost.add(place.partition)
        consumer.incremental_unassign(places)


def _newest(
    consumer: Consumer, topic: str, partitions: Iterable[int], key: bytes
) -> KafkaMessage | None:
    """From the ends back, by steps that grow. Partitions may have been added: the latest counts."""
    bounds = {
        number: consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=_TIMEOUT)
        for number in partitions
    }
    behind, step = 0, _FIRST_LOOK
    while behind < _LOOK_BACK:
        windows = {
            number: (max(low, high - behind - step), high - behind)
            for number, (low, high) in bounds.items()
            if high - behind > low
        }
        if not windows:
            return None
        consumer.assign([TopicPartition(topic, n, start) for n, (start, _) in windows.items()])
        ends = {number: end for number, (_, end) in windows.items()}
        found = [m for m in _messages_before(consumer, ends) if m.key() == key]
        if found:
            return max(found, key=lambda m: (m.timestamp()[1], m.offset() or 0))
        behind, step = behind + step, 4 * step
    return None


def _messages_before(consumer: Consumer, ends: dict[int, int]) -> Iterator[KafkaMessage]:
    """Of each partition up to its end."""
    while ends:
        message = consumer.poll(_TIMEOUT)
        if message is None:
            raise StoreUnavailable(f"Kafka gave no message within {_TIMEOUT:.0f} s")
        partition, offset, error = message.partition(), message.offset(), message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:  # noqa: SLF001 - its name
            raise KafkaException(error)
        if partition not in ends:
            continue
        if error is None and offset is not None and offset < ends[partition]:
            yield message
        if error is not None or offset is None or offset >= ends[partition] - 1:
            del ends[partition]


@contextmanager
def _trouble_named(act: str) -> Iterator[None]:
    try:
        yield
    except KafkaException as error:
        raise StoreUnavailable(f"{act} failed: {error.args[0]}") from error
