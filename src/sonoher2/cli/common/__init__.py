"""What all commands share: options, printing, hints on errors."""
