"""How the program shows itself: log lines, metrics for CloudWatch and for Prometheus."""
