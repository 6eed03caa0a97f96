"""What a user sets: config/config.yaml (one model per package folder) and the sheet of recordings."""
