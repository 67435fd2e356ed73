# The lake for Athena, QuickSight and Spark: a database in Glue's catalogue whose tables are the folders
# that the stages write, and views over them. Partitions are worked out of the names (projection), so
# there is no crawler and nothing to repair. Nothing here costs anything until somebody asks it.

variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "bucket" {
  description = "The lake."
  type        = string
}

variable "temporary" {
  description = "Whether it may be thrown away with what it remembers of queries."
  type        = bool
}

locals {
  database = replace("${var.name}-lake", "-", "_") # names with hyphens would have to be quoted
  lake     = "s3://${var.bucket}"
  results  = "athena/results/"
  amount   = "decimal(38,18)"

  intervals = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w"]

  # dt is the first day of what a file holds: for hours of a month, for days of a year.
  days = {
    "projection.enabled"          = "true"
    "projection.dt.type"          = "date"
    "projection.dt.format"        = "yyyy-MM-dd"
    "projection.dt.range"         = "2017-01-01,NOW"
    "projection.dt.interval"      = "1"
    "projection.dt.interval.unit" = "DAYS"
    "projection.symbol.type"      = "injected"
  }

  minute = [
    { name = "timestamp", glue = "timestamp", presto = "timestamp" },
    { name = "symbol", glue = "string", presto = "varchar" },
    { name = "total_count_b", glue = "bigint", presto = "bigint" },
    { name = "total_count_s", glue = "bigint", presto = "bigint" },
    { name = "total_btc_b", glue = "decimal(38,8)", presto = "decimal(38,8)" },
    { name = "total_btc_s", glue = "decimal(38,8)", presto = "decimal(38,8)" },
    { name = "total_usd_b", glue = "decimal(38,16)", presto = "decimal(38,16)" },
    { name = "total_usd_s", glue = "decimal(38,16)", presto = "decimal(38,16)" },
    { name = "avg_b", glue = "double", presto = "double" },
    { name = "avg_s", glue = "double", presto = "double" },
    { name = "dt", glue = "string", presto = "varchar" },
  ]
  candle = concat(
    [{ name = "start", glue = "timestamp", presto = "timestamp" }],
    [for name in ["open", "high", "low", "close", "volume"] : { name = name, glue = local.amount, presto = local.amount }],
    [for name in ["venue", "symbol", "interval"] : { name = name, glue = "string", presto = "varchar" }],
  )
  views = {
    minute_summary = { columns = local.minute, sql = trimspace(file("${path.module}/views/minute_summary.sql")) }
    closed_candles = { columns = local.candle, sql = trimspace(file("${path.module}/views/closed_candles.sql")) }
  }
}

resource "aws_glue_catalog_database" "lake" {
  name        = local.database
  description = "The market data of ${var.name}"
}

# A line is one message as the venue wrote it. Its fields differ by letters' case alone (t and T), which
# columns of a table cannot: the view takes them out of the text.
resource "aws_glue_catalog_table" "trades" {
  name          = "trades"
  description   = "Each line one message of a venue; ask for one or more symbols by name"
  database_name = aws_glue_catalog_database.lake.name
  table_type    = "EXTERNAL_TABLE"

  parameters = merge(local.days, {
    "EXTERNAL"                  = "TRUE"
    "projection.hh.type"        = "integer"
    "projection.hh.range"       = "0,23"
    "projection.hh.digits"      = "2"
    "storage.location.template" = "${local.lake}/trades/symbol=$${symbol}/dt=$${dt}/hh=$${hh}/"
  })

  dynamic "partition_keys" {
    for_each = ["symbol", "dt", "hh"]
    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = "${local.lake}/trades/"
    input_format  = "org.apache.hadoop.mapred.TextInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.HiveIgnoreKeyTextOutputFormat"

    columns {
      name = "message"
      type = "string"
    }

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe"
      parameters            = { "field.delim" = "\u0001" }
    }
  }
}

resource "aws_glue_catalog_table" "candles" {
  name          = "candles"
  description   = "The files as they are; closed_candles has each candle once. Ask for a venue and symbols by name"
  database_name = aws_glue_catalog_database.lake.name
  table_type    = "EXTERNAL_TABLE"

  parameters = merge(local.days, {
    "EXTERNAL"                   = "TRUE"
    "classification"             = "parquet"
    "projection.venue.type"      = "injected"
    "projection.interval.type"   = "enum"
    "projection.interval.values" = join(",", local.intervals)
    "storage.location.template"  = "${local.lake}/candles/venue=$${venue}/symbol=$${symbol}/interval=$${interval}/dt=$${dt}/"
  })

  dynamic "partition_keys" {
    for_each = ["venue", "symbol", "interval", "dt"]
    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = "${local.lake}/candles/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    dynamic "columns" {
      for_each = slice(local.candle, 0, 6)
      content {
        name = columns.value.name
        type = columns.value.glue
      }
    }

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
      parameters            = { "serialization.format" = "1" }
    }
  }
}

# As Athena itself writes a view down.
resource "aws_glue_catalog_table" "view" {
  for_each = local.views

  name               = each.key
  database_name      = aws_glue_catalog_database.lake.name
  table_type         = "VIRTUAL_VIEW"
  view_expanded_text = "/* Presto View */"
  view_original_text = "/* Presto View: ${base64encode(jsonencode({
    originalSql = each.value.sql
    catalog     = "awsdatacatalog"
    schema      = local.database
    columns     = [for column in each.value.columns : { name = column.name, type = column.presto }]
  }))} */"

  parameters = { presto_view = "true", comment = "Presto View" }

  storage_descriptor {
    dynamic "columns" {
      for_each = each.value.columns
      content {
        name = columns.value.name
        type = columns.value.glue
      }
    }

    ser_de_info {
      name = "-"
    }
  }
}

# No query reads more than 10 GB, so that a forgotten WHERE costs five cents.
resource "aws_athena_workgroup" "lake" {
  name          = "${var.name}-lake"
  description   = "The market data of ${var.name}"
  force_destroy = var.temporary

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = false
    bytes_scanned_cutoff_per_query     = 10 * 1024 * 1024 * 1024

    result_configuration {
      output_location = "${local.lake}/${local.results}"

      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }
}

output "database" {
  value = aws_glue_catalog_database.lake.name
}

output "workgroup" {
  value = aws_athena_workgroup.lake.name
}
