"""Who is for training, validation and test, what is trained on them, and what it is compared with."""
