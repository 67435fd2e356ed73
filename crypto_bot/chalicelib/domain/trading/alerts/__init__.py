"""The raw webhook body: read strictly, translated, and turned into a signal or a sentence."""
