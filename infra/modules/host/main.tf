# One machine that runs `crypto-bot run` on a stage's stores, with a fixed address for the exchange.
# Nobody logs in from outside: no port is open, there is no key pair, and a shell comes through SSM.

locals {
  home  = "/opt/crypto-bot"
  logs  = "/var/log/crypto-bot"
  units = concat(["crypto-bot.service"], [for worker in var.workers : "crypto-bot-worker@${worker}.service"])
  parts = concat(["bot"], [for worker in var.workers : "worker-${worker}"])

  # Not from the machine itself: what trades is said here, once.
  environment = merge(var.environment, {
    CRYPTO_BOT_STAGE  = var.stage
    CRYPTO_BOT_REGION = module.network.region
    CRYPTO_BOT_HOME   = "/var/lib/crypto-bot"
    TABLE_NAME        = var.state_table_name
    SECRET_PREFIX     = var.secret_prefix
    PARAMETER_PREFIX  = var.parameter_prefix
    ALARM_TOPIC_ARN   = local.topic_arn
    LAKE_BUCKET       = var.lake_bucket_name
  })

  agent = {
    logs = {
      logs_collected = {
        files = {
          collect_list = [for part in local.parts : {
            file_path       = "${local.logs}/${part}.log"
            log_group_name  = aws_cloudwatch_log_group.bot.name
            log_stream_name = "{instance_id}/${part}"
          }]
        }
      }
    }
    metrics = {
      namespace         = local.namespace
      append_dimensions = { InstanceId = "$${aws:InstanceId}" }
      metrics_collected = {
        mem  = { measurement = ["mem_used_percent"] }
        disk = { measurement = ["disk_used_percent"], resources = ["/"], drop_device = true }
      }
    }
  }
  namespace = "crypto-bot/host"

  files = {
    "/etc/crypto-bot/environment" = join("", [for name, value in local.environment : "${name}=${value}\n"])
    "/etc/crypto-bot/agent.json"  = jsonencode(local.agent)
    "/etc/tmpfiles.d/crypto-bot.conf" = join("", [
      "d ${local.logs} 0750 crypto-bot crypto-bot\n",
      "d ${local.home} 0755 root root\n",
    ])
    "/etc/logrotate.d/crypto-bot" = templatefile("${path.module}/files/logrotate.conf", { logs = local.logs })
    "/etc/systemd/system/crypto-bot.service" = templatefile("${path.module}/files/crypto-bot.service", {
      stage = var.stage, home = local.home, logs = local.logs
    })
    "/etc/systemd/system/crypto-bot-worker@.service" = templatefile("${path.module}/files/crypto-bot-worker@.service", {
      stage = var.stage, home = local.home, logs = local.logs
    })
    "/etc/systemd/system/crypto-bot-install.service" = templatefile("${path.module}/files/crypto-bot-install.service", {
      home = local.home
    })
    "${local.home}/install" = templatefile("${path.module}/files/install.sh", {
      home = local.home, bucket = var.lake_bucket_name
    })
  }
}

module "network" {
  source = "../network"

  name = "${var.name}-host"
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
}

resource "aws_cloudwatch_log_group" "bot" {
  name              = "/crypto-bot/${var.stage}/host"
  retention_in_days = var.log_retention
}

resource "aws_network_interface" "bot" {
  subnet_id       = module.network.public_subnet_id
  security_groups = [module.network.https_out_id]

  tags = { Name = "${var.name}-host" }
}

resource "aws_eip" "bot" {
  domain            = "vpc"
  network_interface = aws_network_interface.bot.id

  tags = { Name = "${var.name}-host" }
}

resource "aws_instance" "bot" {
  ami                         = nonsensitive(data.aws_ssm_parameter.image.value)
  instance_type               = var.instance_type
  iam_instance_profile        = aws_iam_instance_profile.bot.name
  user_data_replace_on_change = true
  depends_on                  = [aws_eip.bot, aws_iam_role_policy.bot]

  # JSON is YAML, and a test can read it.
  user_data = "#cloud-config\n${jsonencode({
    packages = ["python3.12", "logrotate", "amazon-cloudwatch-agent"]
    users    = [{ name = "crypto-bot", system = true, shell = "/sbin/nologin", no_create_home = true }]
    write_files = [
      for path, content in local.files : {
        path        = path
        content     = content
        permissions = path == "${local.home}/install" ? "0755" : "0644"
      }
    ]
    runcmd = [
      ["systemd-tmpfiles", "--create"],
      ["systemctl", "daemon-reload"],
      concat(["systemctl", "enable", "--now", "--no-block", "crypto-bot-install.service"], local.units),
      ["/opt/aws/amazon-cloudwatch-agent/bin/amazon-cloudwatch-agent-ctl", "-a", "fetch-config", "-m", "ec2", "-s", "-c", "file:/etc/crypto-bot/agent.json"],
    ]
  })}\n"

  network_interface {
    device_index         = 0
    network_interface_id = aws_network_interface.bot.id
  }

  metadata_options {
    http_tokens                 = "required"
    http_put_response_hop_limit = 1
  }

  root_block_device {
    volume_size = 8
    volume_type = "gp3"
    encrypted   = true
  }

  lifecycle {
    ignore_changes = [ami] # a newer image is no reason to stop trading
  }

  tags = { Name = "${var.name}-host" }
}
