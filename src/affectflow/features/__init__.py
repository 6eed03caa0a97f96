"""Per-frame tables: joined on time, cleaned, differentiated, windowed."""
