# The ten figures of one stage, each with what its alarm is set on.

variable "name" {
  description = "The dashboard's name."
  type        = string
}

variable "stage" {
  description = "Whose figures."
  type        = string
}

variable "region" {
  description = "Where the figures are."
  type        = string
}

locals {
  columns = 3
  size    = { width = 8, height = 5 }
  figures = [
    "TickHeartbeat", "OldestOpenSignalSec", "OrdersHeld", "UnknownOrderAgeSec", "LedgerDrift",
    "BreakerOpen", "KeyAuthErrors", "Webhook5xx", "SignalsQuarantined", "DailyLossStop",
  ]
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name

  dashboard_body = jsonencode({
    widgets = [
      for place, figure in local.figures : {
        type   = "metric"
        x      = place % local.columns * local.size.width
        y      = floor(place / local.columns) * local.size.height
        width  = local.size.width
        height = local.size.height
        properties = {
          title   = figure
          region  = var.region
          metrics = [["crypto-bot", figure, "stage", var.stage]]
          stat    = figure == "TickHeartbeat" ? "Sum" : "Maximum"
          period  = 300
          yAxis   = { left = { min = 0 } }
        }
      }
    ]
  })
}
