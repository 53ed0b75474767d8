"""What a browser shows over a narrow link that loses packets."""
