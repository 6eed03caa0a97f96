"""What a final model is made of, what it reached, what it cannot do."""
