WITH told AS (
    SELECT
        symbol,
        dt,
        json_extract_scalar(message, '$.e') AS kind,
        CAST(COALESCE(json_extract_scalar(message, '$.a'), json_extract_scalar(message, '$.t')) AS bigint) AS id,
        CAST(json_extract_scalar(message, '$.T') AS bigint) AS at_ms,
        CAST(json_extract_scalar(message, '$.p') AS decimal(19, 8)) AS price,
        CAST(json_extract_scalar(message, '$.q') AS decimal(19, 8)) AS quantity,
        json_extract_scalar(message, '$.m') = 'true' AS sold
    FROM trades
    WHERE json_extract_scalar(message, '$.e') IN ('aggTrade', 'trade')
),
each_once AS (
    SELECT symbol, dt, MAX(at_ms) AS at_ms, MAX(price) AS price, MAX(quantity) AS quantity, bool_or(sold) AS sold
    FROM told
    GROUP BY symbol, dt, kind, id
),
summed AS (
    SELECT
        CAST(from_unixtime(60 * (at_ms / 60000)) AS timestamp) AS "timestamp",
        symbol,
        dt,
        COUNT(*) FILTER (WHERE NOT sold) AS total_count_b,
        COUNT(*) FILTER (WHERE sold) AS total_count_s,
        CAST(COALESCE(SUM(quantity) FILTER (WHERE NOT sold), 0) AS decimal(38, 8)) AS total_btc_b,
        CAST(COALESCE(SUM(quantity) FILTER (WHERE sold), 0) AS decimal(38, 8)) AS total_btc_s,
        CAST(COALESCE(SUM(price * quantity) FILTER (WHERE NOT sold), 0) AS decimal(38, 16)) AS total_usd_b,
        CAST(COALESCE(SUM(price * quantity) FILTER (WHERE sold), 0) AS decimal(38, 16)) AS total_usd_s
    FROM each_once
    GROUP BY at_ms / 60000, symbol, dt
)
SELECT
    "timestamp",
    symbol,
    total_count_b,
    total_count_s,
    total_btc_b,
    total_btc_s,
    total_usd_b,
    total_usd_s,
    CAST(total_usd_b AS double) / NULLIF(CAST(total_btc_b AS double), 0) AS avg_b,
    CAST(total_usd_s AS double) / NULLIF(CAST(total_btc_s AS double), 0) AS avg_s,
    dt
FROM summed
