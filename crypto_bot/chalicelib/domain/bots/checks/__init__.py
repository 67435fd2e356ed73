"""Whether a bot that did well on the past would have done the same live."""
