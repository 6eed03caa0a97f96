"""Windows to tensors, splits by person, training, evaluation."""
