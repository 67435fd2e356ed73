"""Where exchange keys are kept: a file in the home folder, or AWS."""
