"""What serves all layers: errors, files, tables on disk, words, progress and the terminal."""
