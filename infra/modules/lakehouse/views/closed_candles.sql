WITH ranked AS (
    SELECT
        *,
        CASE WHEN "$path" LIKE '%/compacted.parquet' THEN 0 ELSE 1 END AS newness
    FROM candles
)
SELECT
    start,
    max_by(open, newness) AS open,
    max_by(high, newness) AS high,
    max_by(low, newness) AS low,
    max_by(close, newness) AS close,
    max_by(volume, newness) AS volume,
    venue,
    symbol,
    "interval"
FROM ranked
GROUP BY start, venue, symbol, "interval"
