"""What a trained model looks at, on people it never saw."""
