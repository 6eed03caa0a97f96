"""Rows of text and spreadsheets as cells, within bounded memory: CSV of any dialect, Excel."""
