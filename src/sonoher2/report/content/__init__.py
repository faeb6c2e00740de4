"""What a report is made of: its parts, the view of a result, words, cells and style."""
