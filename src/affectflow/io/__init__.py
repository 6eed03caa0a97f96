"""Files: video, Parquet, logs. With `datasets` and `config`, the only folder that opens any."""
