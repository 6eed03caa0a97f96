"""Table in, result table out: paired tests, LDA, t-SNE."""
