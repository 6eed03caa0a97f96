"""Result tables to figures; frames and codes to overlay videos; mesh to picture."""
