"""Networks that read a signal off the pictures of a face, one file each."""
