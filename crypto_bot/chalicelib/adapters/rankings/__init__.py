"""Lists of coins by market capitalisation, from whoever publishes one."""
