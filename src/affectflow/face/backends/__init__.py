"""Face code extractors, one file each."""
