"""Fine-grained expressions from action units: scores, smoothing, labels and what lasts, as arrays."""
