output "address" {
  description = "What to allow at the exchange."
  value       = aws_eip.bot.public_ip
}

output "instance_id" {
  value = aws_instance.bot.id
}
