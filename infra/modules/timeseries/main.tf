# Timestream (LiveAnalytics) for a copy of the time series that Grafana asks: load_candles writes, and
# nobody of this program reads. AWS has taken no new customers of it since June 2025.

variable "name" {
  description = "What everything here is called."
  type        = string
}

variable "memory_hours" {
  description = "How long a row is in memory, by its own time."
  type        = number
}

variable "days" {
  description = "How long a row is kept after that."
  type        = number
}

resource "aws_timestreamwrite_database" "series" {
  database_name = var.name
}

resource "aws_timestreamwrite_table" "candles" {
  database_name = aws_timestreamwrite_database.series.database_name
  table_name    = "candles"

  retention_properties {
    memory_store_retention_period_in_hours  = var.memory_hours
    magnetic_store_retention_period_in_days = var.days
  }

  # Candles come late: the first load has those of 90 days, and gaps are filled whenever a venue
  # answers. Without this, whatever is older than the memory's hours would be refused.
  magnetic_store_write_properties {
    enable_magnetic_store_writes = true
  }

  schema {
    composite_partition_key {
      type                  = "DIMENSION"
      name                  = "symbol"
      enforcement_in_record = "REQUIRED"
    }
  }
}

output "table" {
  value = "${aws_timestreamwrite_table.candles.database_name}.${aws_timestreamwrite_table.candles.table_name}"
}
