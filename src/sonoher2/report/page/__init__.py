"""The report's page: parts, sections, words and the HTML file."""
