# The candles of the whole lake -> checked, resampled and derived from, as Parquet below series/: what
# load_candles does hour by hour, by Spark over everything at once, for lakes that outgrow a function.
# The code is that of the release in the lake bucket, so both decide the same.

locals {
  job       = "${var.name}-spark-job"
  lake      = "s3://${var.lake_bucket_name}"
  lake_arn  = "arn:${var.partition}:s3:::${var.lake_bucket_name}"
  script    = "spark/transform_candles.py"
  release   = "host/release.tar.gz"
  intervals = ["1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "1w"]

  # Glue starts a job with no empty words.
  chosen = {
    "--intervals"  = lookup(var.environment, "SERIES_INTERVALS", "")
    "--indicators" = lookup(var.environment, "SERIES_INDICATORS", "")
  }
}

resource "aws_s3_object" "script" {
  bucket      = var.lake_bucket_name
  key         = local.script
  source      = "${path.module}/files/transform_candles.py"
  source_hash = filemd5("${path.module}/files/transform_candles.py")
}

# One run at a time: each writes all. What was compacted under its hands is read again by the retry.
resource "aws_glue_job" "candles" {
  name              = local.job
  description       = "candles/ to series/, as load_candles would"
  role_arn          = aws_iam_role.job.arn
  glue_version      = "5.0" # Spark 3.5, Python 3.11
  worker_type       = var.worker_type
  number_of_workers = var.workers
  timeout           = 120 # minutes
  max_retries       = 1

  command {
    name            = "glueetl"
    python_version  = "3"
    script_location = "${local.lake}/${local.script}"
  }

  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = merge(
    {
      "--lake"                = local.lake
      "--release"             = "${local.lake}/${local.release}"
      "--job-bookmark-option" = "job-bookmark-disable"
      "--TempDir"             = "${local.lake}/spark/temporary/"
    },
    { for word, value in local.chosen : word => value if value != "" },
  )

  depends_on = [aws_iam_role_policy.job, aws_s3_object.script]
}

resource "aws_glue_trigger" "nightly" {
  name     = local.job
  type     = "SCHEDULED"
  schedule = var.schedule

  actions {
    job_name = aws_glue_job.candles.name
  }
}

# For Athena, where the lakehouse has a catalogue; partitions are worked out of the names.
resource "aws_glue_catalog_table" "series" {
  count = var.database == "" ? 0 : 1

  name          = "series"
  description   = "Candles with what is derived from them. Ask for a venue and symbols by name"
  database_name = var.database
  table_type    = "EXTERNAL_TABLE"

  parameters = {
    "EXTERNAL"                    = "TRUE"
    "classification"              = "parquet"
    "projection.enabled"          = "true"
    "projection.venue.type"       = "injected"
    "projection.symbol.type"      = "injected"
    "projection.interval.type"    = "enum"
    "projection.interval.values"  = join(",", local.intervals)
    "projection.dt.type"          = "date"
    "projection.dt.format"        = "yyyy-MM-dd"
    "projection.dt.range"         = "2017-01-01,NOW"
    "projection.dt.interval"      = "1" # months of minutes, years of the rest: both on a first
    "projection.dt.interval.unit" = "MONTHS"
    "storage.location.template"   = "${local.lake}/series/venue=$${venue}/symbol=$${symbol}/interval=$${interval}/dt=$${dt}/"
  }

  dynamic "partition_keys" {
    for_each = ["venue", "symbol", "interval", "dt"]
    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = "${local.lake}/series/"
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    columns {
      name = "start"
      type = "timestamp"
    }

    dynamic "columns" {
      for_each = ["open", "high", "low", "close", "volume"]
      content {
        name = columns.value
        type = "decimal(38,18)"
      }
    }

    columns {
      name = "return"
      type = "double"
    }

    columns {
      name = "indicators"
      type = "map<string,double>"
    }

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
      parameters            = { "serialization.format" = "1" }
    }
  }
}

output "name" {
  value = aws_glue_job.candles.name
}
