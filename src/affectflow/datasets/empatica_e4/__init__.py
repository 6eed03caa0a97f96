"""Sessions of an Empatica E4 wristband as the device exports them."""
