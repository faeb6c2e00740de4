"""One offline HTML file, every figure as SVG, PNG and PDF, every table as CSV."""
