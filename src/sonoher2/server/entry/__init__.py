"""Coming in and going out: sign in, sign out, tokens for scripts."""
