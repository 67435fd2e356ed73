variable "stage" {
  description = "dev (sandbox and virtual accounts only) or prod. Each has a state of its own: its workspace has the same name."
  type        = string

  validation {
    condition     = contains(["dev", "prod"], var.stage)
    error_message = "stage must be dev or prod: terraform apply -var-file=dev.tfvars, or prod.tfvars."
  }
}

variable "protected" {
  description = "Whether tables, secrets and the lake resist being destroyed; without a word, prod's do and dev's do not. To give up prod, apply with false first."
  type        = bool
  default     = null
}

# --- tables ---------------------------------------------------------------------------------

variable "capacity" {
  description = "Units per second of each table and index; without an entry, the stage's own numbers in tables.tf."
  type        = map(object({ read = number, write = number }))
  default     = {}

  validation {
    condition     = length(setsubtract(keys(var.capacity), ["state", "shelf", "market"])) == 0
    error_message = "capacity names something else than state, shelf (the index of state) and market."
  }
}

variable "capacity_limit" {
  description = "The most units of reading, and of writing, that this stage's tables and indexes may have together. 17 for prod and 8 for dev are the 25 that are free, in sum of an account; an account with one stage can give it all 25. Each unit above costs $0.47 a month for writing and $0.09 for reading."
  type        = number
  default     = null
}

# --- secrets, lake, logs --------------------------------------------------------------------

variable "secret_names" {
  description = "Containers to make in Secrets Manager, without values: crypto-bot secrets put fills them. Each costs $0.40 a month. None are needed where the keys are in Parameter Store, which is free."
  type        = set(string)
  default     = ["exchange"]

  validation {
    condition     = alltrue([for name in var.secret_names : can(regex("^[A-Za-z0-9_.-]{1,64}$", name))])
    error_message = "secret_names holds a name with other characters than letters, digits, _ . and -; the stage's prefix is put before it."
  }
}

variable "lake_noncurrent_days" {
  description = "How long the lake bucket keeps an object that was deleted or replaced."
  type        = number
  default     = 30
}

variable "lake_noncurrent_market_days" {
  description = "The same for trades and candles, whose files and notes of progress are replaced all the time: a note for each symbol and minute."
  type        = number
  default     = 1
}

variable "market_functions" {
  description = "Functions of market data that get a log group with an end; without a word those that MARKET_FUNCTIONS of crypto_bot/.chalice/config.json names. Free."
  type        = set(string)
  default     = null

  validation {
    condition     = alltrue([for name in coalesce(var.market_functions, []) : can(regex("^[a-z_]+$", name))])
    error_message = "market_functions holds a name that is none: docs/market-data.md lists them."
  }
}

variable "log_retention_days" {
  description = "How long CloudWatch keeps the functions' logs."
  type        = number
  default     = 30
}

variable "s3_use_path_style" {
  description = "For stand-ins of S3 that know buckets by path only; AWS does without."
  type        = bool
  default     = false
}

# --- being told -----------------------------------------------------------------------------

variable "alarm_email" {
  description = "Address that gets alarms and budget notices, once it has confirmed AWS's mail; empty for none. Free."
  type        = string
  default     = ""
}

variable "alarms" {
  description = "Whether this stage has the ten alarms; without a word, prod has and dev has not. An account has ten alarms and ten figures free; ten more alarms cost $1.00 a month, and their ten figures $3.00."
  type        = bool
  default     = null
}

variable "quarantine_alarm" {
  description = "An eleventh alarm, for alerts that could not be understood. The bot tells its owner of them anyway. It costs $0.10 a month."
  type        = bool
  default     = false
}

variable "tick_minutes" {
  description = "Minutes between two ticks, as EXECUTE_SCHEDULE has it: without a good tick for two of them, the alarm goes."
  type        = number
  default     = 1

  validation {
    condition     = var.tick_minutes >= 1 && var.tick_minutes <= 720 && floor(var.tick_minutes) == var.tick_minutes
    error_message = "tick_minutes must be a whole number from 1 to 720: an alarm looks back a day at most."
  }
}

variable "monthly_budget" {
  description = "US dollars a month for the whole account; a notice comes at half of it and when it will not suffice. 0 for no budget. Free."
  type        = number
  default     = 5
}

# --- opt-ins --------------------------------------------------------------------------------

variable "github_repository" {
  description = "OWNER/NAME whose workflows may deploy this stage, without stored keys; empty for none. Needs infra/account. Free."
  type        = string
  default     = ""

  validation {
    condition     = var.github_repository == "" || can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.github_repository))
    error_message = "github_repository must be OWNER/NAME, such as jane/crypto-bot."
  }
}

variable "state_bucket" {
  description = "The bucket of infra/account that holds Terraform's state, for the workflows of github_repository to reach."
  type        = string
  default     = ""
}

variable "egress" {
  description = "A fixed address for the functions' calls to exchanges: none; instance, a NAT instance for $7.36 a month; or gateway, a NAT gateway for $36.50 a month and $0.045 per GB."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "instance", "gateway"], var.egress)
    error_message = "egress must be none, instance or gateway."
  }
}

variable "host" {
  description = "An EC2 host with a fixed address that ticks in place of the schedule: $11.02 a month."
  type        = bool
  default     = false
}

variable "host_instance_type" {
  description = "ARM instance type of the host. The price above is that of t4g.micro, which has 1 GB."
  type        = string
  default     = "t4g.micro"
}

variable "host_workers" {
  description = "What the host runs beside the bot: names that crypto-bot worker --help lists, such as archive."
  type        = set(string)
  default     = []

  validation {
    condition     = alltrue([for name in var.host_workers : can(regex("^[a-z][a-z-]*$", name))])
    error_message = "host_workers holds a name that is none: crypto-bot worker --help lists them."
  }
}

variable "host_environment" {
  description = "More variables for the bot on the host, such as { LIVE = \"yes\" }; no secrets, they stand in Terraform's state."
  type        = map(string)
  default     = {}
}

variable "dashboard" {
  description = "A CloudWatch dashboard of the ten figures, which dev then has as metrics, too. The first three of an account are free, each further one costs $3.00 a month."
  type        = bool
  default     = false
}

# --- opt-ins of the market data, docs/market-data.md -------------------------------------------

variable "lakehouse" {
  description = "Glue's catalogue of trades and candles, and an Athena workgroup, for queries, QuickSight and Grafana: $0.00 a month, and $5 for each TB that queries read."
  type        = bool
  default     = false
}

variable "spark_job" {
  description = "A Spark job on Glue that works out the series of the whole lake each night, for lakes that outgrow a function: $4.40 a month where it takes ten minutes; 44 cents for each worker and hour."
  type        = bool
  default     = false
}

variable "spark_job_schedule" {
  description = "When a run of spark_job begins, as Glue has it; after the compaction."
  type        = string
  default     = "cron(50 3 * * ? *)"

  validation {
    condition     = can(regex("^cron\\(.+\\)$", var.spark_job_schedule))
    error_message = "spark_job_schedule must be cron(...), such as cron(50 3 * * ? *)."
  }
}

variable "spark_job_worker_type" {
  description = "What spark_job runs on. The price above is that of G.1X, which has 4 vCPU and 16 GB; G.2X is twice that."
  type        = string
  default     = "G.1X"

  validation {
    condition     = contains(["G.1X", "G.2X", "G.4X", "G.8X"], var.spark_job_worker_type)
    error_message = "spark_job_worker_type must be G.1X, G.2X, G.4X or G.8X."
  }
}

variable "spark_job_workers" {
  description = "How many of them there are, one of which directs the others. The price above is that of two."
  type        = number
  default     = 2

  validation {
    condition     = var.spark_job_workers >= 2 && var.spark_job_workers <= 50
    error_message = "spark_job_workers must be from 2 to 50."
  }
}

variable "pipeline" {
  description = "A state machine that calls the candles' functions in their order, in place of their own schedules: $0.51 a month for ten instruments each hour, its alarm included. Configure and deploy after the apply."
  type        = bool
  default     = false
}

variable "pipeline_schedule" {
  description = "When a run of pipeline begins, as EventBridge has it; candles close on the hour."
  type        = string
  default     = "cron(3 * * * ? *)"

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.pipeline_schedule))
    error_message = "pipeline_schedule must be rate(...) or cron(...), such as cron(3 * * * ? *)."
  }
}

variable "timestream" {
  description = "Amazon Timestream for LiveAnalytics with a copy of the time series, for Grafana: $0.03 a month for the hours of ten instruments loaded hourly; queries are paid by the time they take, see docs/market-data.md. Only for accounts that had Timestream before June 2025; see timestream_allowed."
  type        = bool
  default     = false
}

variable "timestream_allowed" {
  description = "That you have looked: aws timestream-write list-databases answers with a list in this account and region, however short. AWS has closed the service to new customers, and an apply would break off."
  type        = bool
  default     = false
}

variable "timestream_memory_hours" {
  description = "How long Timestream has a row in memory, by the row's own time. Memory is the dearest place: 0.036 dollars for each GB and hour."
  type        = number
  default     = 24

  validation {
    condition     = var.timestream_memory_hours >= 1 && var.timestream_memory_hours <= 8766
    error_message = "timestream_memory_hours must be from 1 to 8766."
  }
}

variable "timestream_days" {
  description = "How long Timestream keeps a row after that; what is older is refused. The lake and the table of DynamoDB keep everything."
  type        = number
  default     = 365

  validation {
    condition     = var.timestream_days >= 1 && var.timestream_days <= 73000
    error_message = "timestream_days must be from 1 to 73000."
  }
}

variable "database" {
  description = "MySQL on RDS for the rows of minute_summary, in a network of its own that the functions join which need it: $21.68 a month."
  type        = bool
  default     = false
}

variable "database_instance_class" {
  description = "ARM class of the database. The price above is that of db.t4g.micro, which has 1 GB."
  type        = string
  default     = "db.t4g.micro"
}

variable "kafka" {
  description = "Kafka for stream_worker: none; own, the brokers that kafka_brokers names; or serverless, Amazon's MSK Serverless for $556.26 a month and $0.10 per GB."
  type        = string
  default     = "none"

  validation {
    condition     = contains(["none", "own", "serverless"], var.kafka)
    error_message = "kafka must be none, own or serverless."
  }
}

variable "kafka_brokers" {
  description = "host:port,... of Kafka of your own, for kafka = \"own\". The worker calls them over the internet, on ports 9092 to 9098. Free."
  type        = string
  default     = ""
}

variable "kafka_options" {
  description = "KAFKA_OPTIONS for the same, such as { \"security.protocol\" = \"SASL_SSL\" }; no passwords, they stand in Terraform's state."
  type        = map(string)
  default     = {}
}

variable "kafka_secret" {
  description = "Name of a secret in Secrets Manager whose fields are options too, such as sasl.username and sasl.password; empty for none."
  type        = string
  default     = ""
}

variable "stream_worker" {
  description = "The stream of a venue's trades and their archive, in a task on Fargate with Kafka between them: $10.86 a month. Where host is on, host_workers = [\"stream\", \"archive\"] does it without Kafka for nothing."
  type        = bool
  default     = false
}

variable "stream_environment" {
  description = "More variables for the stream worker; without an entry, MARKETS and the venue are those of .chalice/config.json. No secrets."
  type        = map(string)
  default     = {}
}

# --- opt-ins of the bots, docs/bots.md -----------------------------------------------------------

variable "bot_functions" {
  description = "Functions of bots that get a log group with an end; without a word those that BOT_FUNCTIONS of crypto_bot/.chalice/config.json names. Free."
  type        = set(string)
  default     = null

  validation {
    condition     = alltrue([for name in coalesce(var.bot_functions, []) : can(regex("^[a-z_]+$", name))])
    error_message = "bot_functions holds a name that is none: docs/bots.md lists them."
  }
}

variable "key_functions" {
  description = "The function of keys, where it gets a log group with an end; without a word as KEY_FUNCTIONS of crypto_bot/.chalice/config.json has it. Free."
  type        = set(string)
  default     = null

  validation {
    condition     = alltrue([for name in coalesce(var.key_functions, []) : name == "tend_keys"])
    error_message = "key_functions is tend_keys, or empty: docs/secrets.md tells what it is for."
  }
}

variable "bot_alarms" {
  description = "Two alarms, for a run of the deployed bots that fails again and again, and for bots whose code finds no room to run: $0.20 a month."
  type        = bool
  default     = false
}

variable "bot_network" {
  description = "A network from which nothing leads anywhere, for the function in which the code of bots runs. Configure and deploy after the apply. Free."
  type        = bool
  default     = false
}

variable "sweeps" {
  description = "A state machine that tries combinations of a bot's parameters on many functions at once, for crypto-bot sweep --stage: $0.00 a month for ten sweeps of 1,000 combinations; docs/bots.md says what one takes. Configure and deploy after the apply."
  type        = bool
  default     = false
}

variable "sweeps_at_once" {
  description = "How many functions of a sweep run at once. Leave some of the account's for alerts and ticks: a new account runs ten in all."
  type        = number
  default     = 5

  validation {
    condition     = var.sweeps_at_once >= 1 && var.sweeps_at_once <= 1000 && floor(var.sweeps_at_once) == var.sweeps_at_once
    error_message = "sweeps_at_once must be a whole number from 1 to 1000."
  }
}

variable "any_workspace" {
  description = "Lets infra/tests plan both stages in one workspace. With a state of your own, leave it alone."
  type        = bool
  default     = false
}
