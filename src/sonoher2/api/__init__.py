"""What `import sonoher2` offers beyond the rooms' own functions: the same work, called with a user's own values."""
